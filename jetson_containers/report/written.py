"""Generated files on disk: what differs from what should be there, and writing all of it or none.

A file is generated when it begins with the mark; one of the same name without it was written by
hand and is never touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from jetson_containers.errors import BuilderError, Location
from jetson_containers.files import stage


@dataclass(frozen=True, slots=True)
class Differences:
    """Paths below ``root``, each list sorted.

    ``missing`` are not there, ``stale`` say something else, ``left_over`` are generated and
    belong to nothing any more, ``by_hand`` stand in the way of a generated file.
    """

    root: Path
    missing: tuple[PurePosixPath, ...]
    stale: tuple[PurePosixPath, ...]
    left_over: tuple[PurePosixPath, ...]
    by_hand: tuple[PurePosixPath, ...]

    @property
    def changes(self) -> int:
        """How many files :func:`write` would change."""
        return len(self.missing) + len(self.stale) + len(self.left_over)


def compare(root: Path, wanted: Mapping[PurePosixPath, str], mark: str) -> Differences:
    """What differs below ``root`` from the ``wanted`` texts; all of their names are looked for."""
    missing, stale, by_hand = [], [], []
    for path, text in wanted.items():
        held = _read(root / path)
        if held is None:
            missing.append(path)
        elif not held.startswith(mark.encode()):
            by_hand.append(path)
        elif held != text.encode():
            stale.append(path)
    names = {path.name for path in wanted}
    left_over = [
        path
        for found in root.rglob("*")
        if found.name in names and (path := PurePosixPath(found.relative_to(root))) not in wanted
        and (_read(found) or b"").startswith(mark.encode())
    ]
    return Differences(
        root, *(tuple(sorted(item)) for item in (missing, stale, left_over, by_hand))
    )


def write(differences: Differences, wanted: Mapping[PurePosixPath, str]) -> None:
    """Make the files what they should be: every one, or none when one cannot be written."""
    root = differences.root
    new: dict[Path, Path] = {}
    before: dict[Path, bytes | None] = {}
    place = root
    try:
        for path in (*differences.missing, *differences.stale):
            place = root / path
            new[place] = stage(place, wanted[path].encode(), mode=0o644)
        for place in (*new, *(root / path for path in differences.left_over)):
            before[place] = _read(place)
            if place in new:
                new[place].replace(place)
            else:
                place.unlink()
    except OSError as error:
        _undo(new, before)
        raise BuilderError(
            f"the file cannot be written: {error.strerror or error}; nothing was changed",
            where=Location(str(place)),
            hint="mend the permissions of the directory, then run the command again",
        ) from None


def _undo(new: Mapping[Path, Path], before: Mapping[Path, bytes | None]) -> None:
    for path, content in before.items():
        with suppress(OSError):
            if content is None:
                path.unlink(missing_ok=True)
            elif _read(path) != content:
                path.write_bytes(content)
    for path in new.values():
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
