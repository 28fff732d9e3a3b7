"""What a package is over several targets: each fact with the versions and targets it holds for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from packaging.version import InvalidVersion, Version

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import matches_target
from jetson_containers.package.model import Package
from jetson_containers.platform.target import Target

Fact = TypeVar("Fact", bound=Hashable)

#: a version (empty where a package has none) on a target, by its name
Cell = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sight:
    """A package as one target's catalogue has it."""

    target: Target
    package: Package

    @property
    def cell(self) -> Cell:
        return self.package.version or "", self.target.name


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in one directory, over all targets; the newest version first, targets in order.

    ``needs`` maps the name of each package it depends on to the requirements as written, each
    with the cells that state it; a name that no catalogue knows maps in the same way.
    ``users`` are the names that depend on it, each with their requirements as written.
    ``refused`` are the ``requires`` of versions that are not for a target, with those cells; empty
    text stands for what its config.py does not define there.
    """

    name: str
    path: Path
    sights: tuple[Sight, ...]
    needs: Mapping[str, Mapping[str, frozenset[Cell]]]
    users: Mapping[str, frozenset[str]]
    refused: Mapping[str, frozenset[Cell]]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every version on every target that has it."""
        return tuple(sight.cell for sight in self.sights)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions, newest first; those that are refused everywhere are in it too.

        A package that is refused before it has versions adds none.
        """
        refused = {version for cells in self.refused.values() for version, _ in cells}
        found = {*(cell[0] for cell in self.cells), *refused}
        return tuple(sorted({*filter(None, found)} or found, key=_age, reverse=True))

    @property
    def newest(self) -> Package | None:
        """The newest version that any target has: what is said of the name is read off it."""
        return self.sights[0].package if self.sights else None

    def stated(self, of: Callable[[Sight], Iterable[Fact]]) -> dict[Fact, frozenset[Cell]]:
        """Each fact that ``of`` reads off some sight, with the cells it holds for."""
        found: dict[Fact, set[Cell]] = {}
        for sight in self.sights:
            for fact in of(sight):
                found.setdefault(fact, set()).add(sight.cell)
        return {fact: frozenset(cells) for fact, cells in found.items()}


def collect(catalogues: Sequence[Catalogue], root: Path) -> tuple[Entry, ...]:
    """Every name that the tree ``root`` defines for a target, by directory and name.

    Law: the same catalogues in the same order give the same entries.
    """
    sights: dict[tuple[Path, str], list[Sight]] = {}
    refused: dict[tuple[Path, str], dict[str, set[Cell]]] = {}
    needs: dict[tuple[Path, str], dict[str, dict[str, set[Cell]]]] = {}
    users: dict[str, dict[str, set[str]]] = {}
    for catalogue in catalogues:
        for package in catalogue.packages:
            key = package.path, package.name
            sight = Sight(catalogue.target, package)
            if package.root == root:
                sights.setdefault(key, []).append(sight)
            for requirement in package.depends:
                known = catalogue.versions(requirement.name)
                name = known[0].name if known else requirement.name
                text = str(requirement)
                stated = needs.setdefault(key, {}).setdefault(name, {})
                stated.setdefault(text, set()).add(sight.cell)
                users.setdefault(name, {}).setdefault(package.name, set()).add(text)
        for refusal in catalogue.refused:
            package = refusal.package
            if package.root == root:
                reasons = refused.setdefault((package.path, package.name), {})
                cell = package.version or "", catalogue.target.name
                unmet = not all(
                    matches_target(text, catalogue.target) for text in package.requires
                )
                text = ", ".join(package.requires) if unmet else ""
                reasons.setdefault(text, set()).add(cell)
    entries = []
    for path, name in sorted({*sights, *refused}):
        key = path, name
        seen = sorted(sights.get(key, ()), key=lambda item: _age(item.cell[0]), reverse=True)
        entries.append(
            Entry(
                name=name,
                path=path,
                sights=tuple(seen),
                needs={
                    need: {text: frozenset(cells) for text, cells in sorted(texts.items())}
                    for need, texts in sorted(needs.get(key, {}).items())
                },
                users={
                    user: frozenset(texts)
                    for user, texts in sorted(users.get(name, {}).items())
                    if user != name
                },
                refused={
                    reason: frozenset(cells)
                    for reason, cells in sorted(refused.get(key, {}).items())
                },
            )
        )
    return tuple(entries)


def where(
    cells: frozenset[Cell], every: Sequence[Cell], quote: Callable[[str], str] = str
) -> str:
    """Which of ``every`` cell ``cells`` are, in words: empty for all of them.

    ``5.19.0, 5.12.1``, ``on orin-jp62``, ``5.3.0 on all but nano-jp46``. Versions and targets are
    named in the order of ``every``.
    """
    if cells >= set(every):
        return ""
    targets_of: dict[str, list[str]] = {}
    for version, target in every:
        targets_of.setdefault(version, []).append(target)
    groups: dict[str, list[str]] = {}
    for version, targets in targets_of.items():
        held = [target for target in targets if (version, target) in cells]
        if held:
            groups.setdefault(_targets(held, targets, quote), []).append(version)
    parts = []
    for place, versions in groups.items():
        named = [] if len(versions) == len(targets_of) else [", ".join(filter(None, versions))]
        parts.append(" ".join(filter(None, [*named, place])))
    return "; ".join(parts)


def _targets(held: Sequence[str], targets: Sequence[str], quote: Callable[[str], str]) -> str:
    if len(held) == len(targets):
        return ""
    missing = [target for target in targets if target not in held]
    if len(missing) < len(held):
        return f"on all but {', '.join(map(quote, missing))}"
    return f"on {', '.join(map(quote, held))}"


def _age(version: str) -> tuple[bool, Version, str]:
    """Sort key, oldest first; what is no PEP 440 version is older than all that are."""
    try:
        return True, Version(version), version
    except InvalidVersion:
        return False, Version("0"), version
