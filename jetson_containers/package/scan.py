"""Which directories under a search path may define packages."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: files that may hold definitions as data, and those called so for it
SUFFIXES = (".json", ".yaml", ".yml")
NAMES = tuple(f"config{suffix}" for suffix in SUFFIXES)

#: tests that are found by their name alone, as in the ecosystem
TEST_NAMES = ("test.py", "test.sh")

#: names under which nothing but a file is meant
_OURS = frozenset(("Dockerfile", "config.py", *NAMES))


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory with files that may define packages.

    ``root`` is the search path it was found under. ``imports`` is the directory that the module
    name ``packages`` stands for in its files. ``data_files`` are YAML and JSON files that may be
    definitions, ``dockerfile`` the file called so in any case. ``inside`` tells that a directory
    above it, below the search path, may define packages too.
    """

    root: Path
    imports: Path
    path: Path
    dockerfile: str | None
    tests: tuple[str, ...]
    data_files: tuple[str, ...]
    has_config_py: bool
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A path that was not looked into, or is not what its name says: a finding's code and words."""

    path: Path
    code: str
    problem: str
    hint: str


def search_path(entry: Path) -> Path:
    """A search path as a directory: the ecosystem writes ``packages/*`` for a recursive search.

    Every search is recursive here, so both forms mean the same.
    """
    directory = entry.parent if entry.name == "*" else entry
    return Path(os.path.normpath(directory.absolute()))


def import_root(root: Path) -> Path:
    """The directory that ``packages`` means in the imports of a tree.

    It is the nearest directory of that name at or above the search path, else the path itself.
    """
    for candidate in (root, *root.parents):
        if candidate.name == "packages":
            return candidate
    return root


def scan(entries: Sequence[Path]) -> tuple[tuple[Directory, ...], tuple[Skipped, ...]]:
    """The directories below ``entries`` in a stable order, and what could not be looked at.

    Order: search path by search path as given, inside each by path. A directory below two search
    paths belongs to the later one. Names that start with ``__`` or ``.`` are skipped, links are
    followed, and a link to a directory above itself is not followed again.
    """
    found: dict[Path, Directory] = {}
    skipped: dict[Skipped, None] = {}
    for entry in entries:
        root = search_path(entry)
        if not root.is_dir():
            hint = "create it, or leave it out of --package-dirs"
            problem = "the search path does not exist"
            skipped[Skipped(root, "missing-search-path", problem, hint)] = None
            continue
        for item in _walk(root, root, import_root(root), (), False):
            if isinstance(item, Skipped):
                skipped[item] = None
            else:
                found.pop(item.path, None)
                found[item.path] = item
    return tuple(found.values()), tuple(skipped)


def _walk(
    path: Path, root: Path, imports: Path, above: tuple[tuple[int, int], ...], inside: bool
) -> Iterator[Directory | Skipped]:
    try:
        status = path.stat()
        with os.scandir(path) as listing:
            entries = sorted(listing, key=lambda item: item.name)
    except OSError as error:
        problem = f"the directory cannot be read: {error.strerror}"
        yield Skipped(path, "unreadable-directory", problem, "mend its permissions")
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        return
    names: list[str] = []
    below: list[str] = []
    for entry in entries:
        if entry.name.startswith(("__", ".")):
            continue
        is_file = False
        with suppress(OSError):  # a link to itself is neither
            is_file = entry.is_file()
            if entry.is_dir():
                below.append(entry.name)
            elif is_file:
                names.append(entry.name)
        if not is_file and entry.name in _OURS:
            problem, hint = f"{entry.name} is not a file", "replace or remove it"
            yield Skipped(path / entry.name, "not-a-file", problem, hint)
    directory = _directory(path, root, imports, names, inside)
    if directory:
        yield directory
    for name in below:
        yield from _walk(path / name, root, imports, (*above, identity), inside or bool(directory))


def _directory(
    path: Path, root: Path, imports: Path, names: Sequence[str], inside: bool
) -> Directory | None:
    dockerfiles = [name for name in names if name.lower() == "dockerfile"]
    data_files = tuple(name for name in names if name.endswith(SUFFIXES))
    has_config_py = "config.py" in names
    if not (dockerfiles or data_files or has_config_py):
        return None
    return Directory(
        root=root,
        imports=imports,
        path=path,
        dockerfile=dockerfiles[0] if dockerfiles else None,
        tests=tuple(name for name in names if name in TEST_NAMES),
        data_files=tuple(sorted(data_files, key=lambda name: (name not in NAMES, name))),
        has_config_py=has_config_py,
        inside=inside,
    )
