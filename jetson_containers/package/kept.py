"""Results of evaluations kept on disk, so that a second start evaluates nothing.

One file holds a tree's results for one target and one set of settings. It is replaced as a whole,
so two programs at once are both right and the later one's file stays. A cache that cannot be read
or written is no error: the results are evaluated, that is all.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from jetson_containers.files import write_whole
from jetson_containers.package.definition import Loaded
from jetson_containers.package.evaluated import Settings
from jetson_containers.package.pack import Entry, Unpacked, pack, unpack
from jetson_containers.package.program import program_digest
from jetson_containers.package.scan import Directory
from jetson_containers.package.snapshot import Snapshot
from jetson_containers.platform.target import Target

#: the cache keeps the newest packs: this many, and bytes of them together
MOST_PACKS = 256
MOST_BYTES = 256_000_000
#: seconds after which a pack that is used is marked as used again
_DAY = 86_400


@dataclass(slots=True)
class Kept:
    """What the cache directory holds for one target of some search paths.

    Law: :meth:`known` gives what evaluation would give now.
    """

    path: Path
    target: Target
    snapshot: Snapshot
    _unpacked: Unpacked | None = field(default=None)

    @classmethod
    def below(
        cls,
        cache: Path,
        roots: Sequence[Path],
        target: Target,
        settings: Settings,
        snapshot: Snapshot,
    ) -> Kept:
        """The place for the search paths ``roots`` with all that decides what they define."""
        words = (
            [str(root) for root in roots],
            [str(root) for root in settings.roots],
            [str(root) for root in settings.strict],
            target.to_dict(),
            sorted(settings.environment.items()),
            sorted(settings.answers.items()),
        )
        name = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:32]
        return cls(Path(cache) / f"{target.name}-{name}.pack", target, snapshot)

    def known(self, directories: Sequence[Directory]) -> dict[str, Loaded]:
        """What came of those directories whose inputs are as they were, by path."""
        content = self._content()
        with _no_collection():
            unpacked = self._unpacked = unpack(content, program_digest())
            same = unpacked.unchanged(directories, self.snapshot) if unpacked else set()
            for directory in directories:
                if str(directory.path) not in same:
                    self._note(directory)
            if unpacked is None:
                return {}
            return {
                path: unpacked.loaded(directory, self.target.name)
                for directory in directories
                if (path := str(directory.path)) in same
            }

    def _content(self) -> bytes:
        """The pack, marked as used; nothing if there is none, or something that is no file."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
                    return b""
                content = file.read()
            if time.time() - status.st_mtime > _DAY:
                os.utime(self.path)
        except OSError:
            return b""
        return content

    def _note(self, directory: Directory) -> None:
        """Look at its files before they are evaluated: an edit meanwhile shows on any clock."""
        names = [*directory.data_files, *(["config.py"] if directory.has_config_py else ())]
        for name in (*names, *([directory.dockerfile] if directory.dockerfile else ())):
            self.snapshot.state(("read", str(directory.path / name)))

    def write(
        self,
        directories: Sequence[Directory],
        known: Iterable[str],
        made: Mapping[str, Loaded],
    ) -> None:
        """Keep ``made``, by path, beside those ``known`` before.

        What cannot last, or whose inputs changed meanwhile, counts for this run alone: for the
        processes that share its snapshot.
        """
        before = set(known)
        entries = []
        for directory in directories:
            path = str(directory.path)
            if path in before and self._unpacked:
                entries.append(self._unpacked.entry(directory, self.target.name))
            elif path in made:
                looks = list(made[path].seen)
                if not self._lasts(made[path]):
                    looks.append(self.snapshot.run)
                states = {look: self.snapshot.state(look) for look in looks}
                entries.append(Entry(directory, made[path], states))
        if made or (self._unpacked and len(entries) < len(self._unpacked)):
            with suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(self.path, pack(program_digest(), entries))
                tidy(self.path.parent)

    def _lasts(self, loaded: Loaded) -> bool:
        return loaded.lasting and all(self.snapshot.settled(look) for look in loaded.seen)


def tidy(folder: Path) -> None:
    """Remove the packs that were not used for longest, when there are too many."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                status = entry.stat()
                found.append((status.st_mtime, status.st_size, entry.path))
    total = 0
    for count, (_, size, path) in enumerate(sorted(found, reverse=True)):
        total += size
        if count >= MOST_PACKS or total > MOST_BYTES:
            with suppress(OSError):
                Path(path).unlink()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Many small objects are made here and none is garbage: looking for it takes longer."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
