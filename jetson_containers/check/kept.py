"""Reports of targets kept on disk, for as long as nothing that they tell of is another.

What a report depends on: the catalogue as a value, this program, and the state of every file and
directory that the rules look at. A file that is torn, foreign or of another state is no report.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from jetson_containers.check import rules
from jetson_containers.check.model import TargetReport
from jetson_containers.check.reader import Reader
from jetson_containers.files import write_whole
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.kept import tidy
from jetson_containers.package.program import program_digest
from jetson_containers.package.snapshot import Look

_MAGIC = b"jetson-containers check 1\n"
#: what of the program finds faults, beside what reads definitions
_PARTS = ("check", "resolve", "plan", "image")


class KeptReports:
    """The reports below ``folder``; ``words`` is what was asked for beside the target.

    Law: :meth:`report` gives what ``make`` would give.
    """

    def __init__(self, folder: Path, words: Sequence[str], reader: Reader) -> None:
        self._folder = folder
        self._words = repr(tuple(words))
        self._reader = reader

    def report(self, catalogue: Catalogue, make: Callable[[], TargetReport]) -> TargetReport:
        """The report on ``catalogue``: the one that is kept, if it holds, else a new one."""
        made_of = digest(catalogue)
        found = self._kept(catalogue, made_of)
        if found is not None:
            return found
        state = self._reader.snapshot.state
        # the states come first: what changes while it is read has another one at the next look
        looks = [(*look, state(look)) for look in sorted(_looks(catalogue, self._reader))]
        report = make()
        payload = marshal.dumps((made_of, looks, report.to_plain()))
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(catalogue), _head(payload) + payload)
            tidy(self._folder)
        return report

    def _kept(self, catalogue: Catalogue, made_of: str) -> TargetReport | None:
        try:
            content = self._path(catalogue).read_bytes()
        except OSError:
            return None
        size = len(_head(b""))
        payload = content[size:]
        if content[:size] != _head(payload):
            return None
        known_of, looks, plain = marshal.loads(payload)
        state = self._reader.snapshot.state
        if known_of != made_of or any(state((how, path)) != known for how, path, known in looks):
            return None
        return TargetReport.from_plain(plain)

    def _path(self, catalogue: Catalogue) -> Path:
        name = hashlib.sha256(self._words.encode()).hexdigest()[:32]
        return self._folder / f"{catalogue.target.name}-{name}.check"


def _head(payload: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(payload).digest()


def _looks(catalogue: Catalogue, reader: Reader) -> set[Look]:
    found: set[Look] = set()
    for package in catalogue.packages:
        read = reader.read(package)
        found |= read.looks
        found.update(("stat", str(path)) for path in rules.named_files(package, read.recipe))
    return found


def digest(catalogue: Catalogue) -> str:
    """A digest of the catalogue as a value and of the program that looks at it."""
    total = hashlib.sha256(_program().encode())
    for part in (catalogue.target, catalogue.packages, catalogue.refused, catalogue.findings):
        total.update(repr(part).encode(errors="surrogateescape"))
    return total.hexdigest()


@cache
def _program() -> str:
    total = hashlib.sha256(program_digest().encode())
    root = Path(__file__).parents[1]
    for part in _PARTS:
        for path in sorted((root / part).glob("*.py")):
            content = path.read_bytes()
            total.update(f"{path}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()
