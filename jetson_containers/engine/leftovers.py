"""What runs leave behind in the user's cache, beside images: records, logs, kept answers, wheels.

Everything here is found by its form, so that a file that somebody put there stays.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jetson_containers.engine.journal import list_runs, read_run
from jetson_containers.errors import BuilderError

#: directories of the cache whose contents are made again when they are missed
CACHES = ("catalogues", "listings")
_LOG = re.compile(r"\d{2,}-[^/]+\.log")
_KEY = re.compile(r"[0-9a-f]{16,}")


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that may be removed: ``paths`` are files and, behind them, their directories.

    ``size`` is what the files take on disk, in bytes; ``used`` when it was last written, in
    seconds since 1970.
    """

    name: str
    paths: tuple[Path, ...]
    size: int
    used: float


@dataclass(frozen=True, slots=True)
class RunFiles:
    """A run's record with its logs; ``fingerprints`` are those that it planned."""

    files: Leftover
    fingerprints: frozenset[str]
    running: bool


def runs(directory: Path) -> tuple[RunFiles, ...]:
    """The runs below ``directory``, oldest first; what is no record of a run is left out.

    A record that cannot be read counts as one that planned nothing.
    """
    return tuple(_runs(directory))


def _runs(directory: Path) -> Iterator[RunFiles]:
    for folder in list_runs(directory):
        logs = ""
        planned: frozenset[str] = frozenset()
        running = False
        with contextlib.suppress(BuilderError):
            run = read_run(folder)
            logs, running = run.header.logs, run.alive
            planned = frozenset(
                str(stage.get("fingerprint"))
                for plan in run.plans()
                for stage in plan.get("stages", ())
            )
        paths = [folder / "plan.json", folder / "journal.jsonl", folder]
        paths += _logs(Path(logs)) if logs else []
        yield RunFiles(_leftover(folder.name, tuple(paths)), planned, running)


def _logs(folder: Path) -> list[Path]:
    """The logs in a directory, and the directory."""
    found = [item for item in _files(folder) if _LOG.fullmatch(item.name)]
    return [*found, folder] if found else []


def caches(cache: Path) -> tuple[Leftover, ...]:
    """The answers and definitions that are kept to save time."""
    found = []
    for name in CACHES:
        folder = cache / name
        paths = [Path(at) / item for at, _, items in os.walk(folder) for item in items]
        if paths:
            found.append(_leftover(name, tuple(paths)))
    return tuple(found)


def wheels(store: Path) -> tuple[Leftover, ...]:
    """The entries of a wheel store that is a directory: ``<first two of the key>/<key>/``."""
    return tuple(
        _leftover(folder.name, tuple(_whole(folder)))
        for start in _folders(store)
        for folder in _folders(start)
        if _KEY.fullmatch(folder.name) and folder.name.startswith(start.name)
    )


def _whole(entry: Path) -> Iterator[Path]:
    """Everything of an entry: its index, without which it is none, then files and directories."""
    yield entry / "index.json"
    for at, _, items in os.walk(entry, topdown=False):
        yield from (Path(at) / item for item in items if item != "index.json")
        yield Path(at)


def chosen(
    found: Sequence[Leftover], *, keep_last: int, before: float | None
) -> tuple[Leftover, ...]:
    """Of what is found, oldest first, all but the last ``keep_last`` and what is younger."""
    old = found[: max(0, len(found) - keep_last)]
    return tuple(item for item in old if before is None or item.used < before)


def remove(item: Leftover) -> None:
    """Remove files, and directories that are empty then; what is gone already is no error.

    Raises ``OSError`` where a file may not be removed.
    """
    for path in item.paths:
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):  # somebody keeps something else in it
                path.rmdir()
        else:
            path.unlink(missing_ok=True)


def free_bytes(path: Path) -> int:
    """What the file system that holds ``path`` has left."""
    return shutil.disk_usage(path).free


def _leftover(name: str, paths: tuple[Path, ...]) -> Leftover:
    """Sizes are of blocks on disk, so holes in files count nothing."""
    size, used = 0, 0.0
    for path in paths:
        with contextlib.suppress(OSError):
            told = path.lstat()
            if not path.is_dir():
                size += told.st_blocks * 512
                used = max(used, told.st_mtime)
    return Leftover(name, paths, size, used)


def _folders(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.is_dir())
    except OSError:
        return []


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.is_file())
    except OSError:
        return []
