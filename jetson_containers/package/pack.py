"""The form in which loaded directories are kept: Python's own plain types, by :mod:`marshal`.

Texts that are equal are written once, requirements and places are tables. What was written is
checked by its digest before it is read: a torn or foreign file is no pack.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from jetson_containers.errors import Location
from jetson_containers.package.definition import Loaded
from jetson_containers.package.findings import Finding, Refusal
from jetson_containers.package.grammar import specifier_set
from jetson_containers.package.model import Package, Requirement, Source
from jetson_containers.package.scan import Directory
from jetson_containers.package.snapshot import Look, Snapshot

#: first bytes of a pack; the program that made it and a digest of the rest follow
MAGIC = b"jetson-containers pack 1\n"

_FIELDS = tuple(field.name for field in fields(Package))
_ROOT, _PATH, _LOCATION, _SOURCES = map(_FIELDS.index, ("root", "path", "location", "sources"))
_WISHES = tuple(map(_FIELDS.index, ("depends", "conflicts")))


@dataclass(frozen=True, slots=True)
class Entry:
    """A directory with what came of it, and the state of everything that was looked at."""

    directory: Directory
    loaded: Loaded
    states: Mapping[Look, str]


def pack(program: str, entries: Iterable[Entry]) -> bytes:
    """The entries as bytes, for :func:`unpack`; ``program`` is the digest of what made them."""
    writer = _Writer()
    rows = tuple(writer.entry(entry) for entry in entries)
    tables = (writer.looks, writer.places, writer.wishes)
    payload = marshal.dumps(_Shared().of((*(tuple(table) for table in tables), rows)))
    return _head(program, payload) + payload


def unpack(content: bytes, program: str) -> Unpacked | None:
    """The pack in ``content``, or ``None`` when it is torn or another program's."""
    size = len(_head(program, b""))
    payload = content[size:]
    if content[:size] != _head(program, payload):
        return None
    return Unpacked(*marshal.loads(payload))


def _head(program: str, payload: bytes) -> bytes:
    return MAGIC + program.encode() + hashlib.sha256(payload).digest()


class Unpacked:
    """Directories as they were when a pack was written."""

    def __init__(
        self,
        looks: Sequence[tuple[Any, str, str]],
        places: Sequence[tuple[str, int]],
        wishes: Sequence[tuple[str, str | None, str | None, int]],
        rows: Sequence[tuple[Any, ...]],
    ) -> None:
        self._looks = looks
        self._rows = {row[0][0]: row for row in rows}
        self._places = [Location(path, line) for path, line in places]
        self._wishes = [
            Requirement(
                name,
                exact,
                specifier_set(text) if text is not None else None,
                self._places[place] if place >= 0 else None,
            )
            for name, exact, text, place in wishes
        ]

    def __len__(self) -> int:
        return len(self._rows)

    def unchanged(self, directories: Iterable[Directory], snapshot: Snapshot) -> set[str]:
        """The paths of those directories whose every input is as it was."""
        fresh = [snapshot.state((how, path)) == state for how, path, state in self._looks]
        found = set()
        for directory in directories:
            key = _key(directory)
            row = self._rows.get(key[0])
            if row and row[0] == key and all(fresh[index] for index in row[1]):
                found.add(key[0])
        return found

    def loaded(self, directory: Directory, target: str) -> Loaded:
        """What came of a directory, for the target of that name."""
        _, _, packages, refused, findings = self._rows[str(directory.path)]
        places = self._places
        return Loaded(
            [self._package(row, directory) for row in packages],
            [Refusal(self._package(row, directory), reasons) for row, reasons in refused],
            [
                Finding(target, name, code, message, severity, places[place], hint)
                for name, code, message, severity, place, hint in findings
            ],
        )

    def entry(self, directory: Directory, target: str) -> Entry:
        """The same with the states of its inputs, to be written again."""
        indexes = self._rows[str(directory.path)][1]
        looks = (self._looks[index] for index in indexes)
        states = {(how, path): state for how, path, state in looks}
        return Entry(directory, self.loaded(directory, target), states)

    def _package(self, row: Sequence[Any], directory: Directory) -> Package:
        values = list(row)
        values[_ROOT], values[_PATH] = directory.root, directory.path
        values[_LOCATION] = self._places[values[_LOCATION]]
        values[_SOURCES] = tuple(Source(*source) for source in values[_SOURCES])
        for column in _WISHES:
            values[column] = tuple(self._wishes[index] for index in values[column])
        return Package(*values)


class _Writer:
    """Rows of plain values, and the tables that they point into by number."""

    def __init__(self) -> None:
        self.looks: dict[Hashable, int] = {}
        self.places: dict[Hashable, int] = {}
        self.wishes: dict[Hashable, int] = {}

    def entry(self, entry: Entry) -> tuple[Any, ...]:
        loaded = entry.loaded
        return (
            _key(entry.directory),
            tuple(_index(self.looks, (*look, state)) for look, state in entry.states.items()),
            tuple(self._package(package) for package in loaded.packages),
            tuple((self._package(item.package), item.reasons) for item in loaded.refused),
            tuple(self._finding(finding) for finding in loaded.findings),
        )

    def _package(self, package: Package) -> tuple[Any, ...]:
        values = [getattr(package, name) for name in _FIELDS]
        values[_ROOT] = values[_PATH] = None
        values[_LOCATION] = self._place(package.location)
        values[_SOURCES] = tuple(
            (item.kind, item.location, item.version, item.index) for item in package.sources
        )
        for column in _WISHES:
            values[column] = tuple(self._wish(wish) for wish in values[column])
        return tuple(values)

    def _finding(self, finding: Finding) -> tuple[Any, ...]:
        words = (finding.package, finding.code, finding.message, finding.severity)
        return (*words, self._place(finding.location), finding.hint)

    def _wish(self, wish: Requirement) -> int:
        specifier = str(wish.specifier) if wish.specifier is not None else None
        place = self._place(wish.location) if wish.location else -1
        return _index(self.wishes, (wish.name, wish.exact, specifier, place))

    def _place(self, location: Location) -> int:
        return _index(self.places, (location.path, location.line))


class _Shared:
    """Equal texts, and tuples of them, made the same object: it is written and held once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def of(self, value: Any) -> Any:
        kind = type(value)  # hundreds of thousands of values come by
        if kind is str:
            return sys.intern(value)
        if kind is tuple:
            of = self.of
            made = tuple([of(item) for item in value])
            return self._known.setdefault(made, made) if _is_text(made) else made
        if kind is list:
            return [self.of(item) for item in value]
        if kind is dict:
            return {self.of(key): self.of(item) for key, item in value.items()}
        return value


def _is_text(values: tuple[Any, ...]) -> bool:
    return {*map(type, values)} == {str}


def _index(table: dict[Hashable, int], row: Hashable) -> int:
    return table.setdefault(row, len(table))


def _key(directory: Directory) -> tuple[Any, ...]:
    """Everything that the walk saw of a directory, its path first."""
    return (
        os.fspath(directory.path),
        os.fspath(directory.root),
        os.fspath(directory.imports),
        directory.dockerfile,
        directory.tests,
        directory.data_files,
        directory.has_config_py,
        directory.inside,
    )
