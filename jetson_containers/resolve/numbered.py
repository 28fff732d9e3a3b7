"""A catalogue as numbers: every package one, every requirement the numbers it accepts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jetson_containers.package.model import Requirement
from jetson_containers.resolve.shelf import Shelf, lookup


@dataclass(frozen=True, slots=True)
class Wish:
    """A requirement on a catalogue.

    ``name`` is the canonical name behind it, ``accepted`` the packages that satisfy it, best
    first. ``choosy`` says that it asks for versions; a bare name means the default, unless
    something choosy asks for another version.
    """

    requirement: Requirement
    name: str
    accepted: tuple[int, ...]
    choosy: bool

    @property
    def best(self) -> int:
        """What it means by itself; only where something is accepted."""
        return self.accepted[0]

    @property
    def brings(self) -> tuple[int, ...]:
        """The packages that it is reason enough for: the default alone, if it is not choosy."""
        return self.accepted if self.choosy else self.accepted[:1]


class Numbered:
    """``packages`` are numbered by their place in the catalogue; requirements are looked up once.

    Law: what is looked up depends on the catalogue alone.
    """

    def __init__(self, catalogue: Shelf) -> None:
        self.catalogue = catalogue
        self.packages = catalogue.packages
        self.number = {package.reference: at for at, package in enumerate(self.packages)}
        self._wishes: dict[tuple[str, str | None, str], Wish] = {}
        self._versions: dict[str, tuple[int, ...]] = {}
        self._needs: dict[int, tuple[Wish, ...]] = {}
        self._bars: dict[int, tuple[Wish, ...]] = {}

    def wish(self, requirement: Requirement) -> Wish:
        """The requirement with what satisfies it here."""
        specifier = requirement.specifier
        key = (requirement.name, requirement.exact, "" if specifier is None else str(specifier))
        known = self._wishes.get(key)
        if known is None:
            known = self._wishes[key] = self._looked_up(requirement)
        if known.requirement.location == requirement.location:
            return known
        return Wish(requirement, known.name, known.accepted, known.choosy)

    def _looked_up(self, requirement: Requirement) -> Wish:
        found = lookup(self.catalogue, requirement)
        if found is None:
            return Wish(requirement, requirement.name, (), True)
        name, accepted = found
        choosy = requirement.exact is not None or requirement.specifier is not None
        alias = requirement.name
        if not choosy and name != alias and alias not in self.packages[self.default(name)].aliases:
            # an alias that the default does not carry names a version
            choosy, accepted = True, tuple(item for item in accepted if alias in item.aliases)
        numbers = {self.number[package.reference] for package in accepted}
        return Wish(
            requirement, name, tuple(at for at in self.versions(name) if at in numbers), choosy
        )

    def versions(self, name: str) -> tuple[int, ...]:
        """The versions of a canonical name: the default first, then as people prefer them."""
        known = self._versions.get(name)
        if known is None:
            found = self.catalogue.versions(name)
            known = self._versions[name] = tuple(self.number[item.reference] for item in found)
        return known

    def default(self, name: str) -> int:
        """The version that the bare canonical name means."""
        return self.versions(name)[0]

    def wishes(self, requirements: Iterable[Requirement]) -> tuple[Wish, ...]:
        """Each requirement with what satisfies it, in order."""
        return tuple(self.wish(item) for item in requirements)

    def needs(self, at: int) -> tuple[Wish, ...]:
        """What a package depends on."""
        if at not in self._needs:
            self._needs[at] = self.wishes(self.packages[at].depends)
        return self._needs[at]

    def bars(self, at: int) -> tuple[Wish, ...]:
        """What a package conflicts with. No package keeps itself out."""
        if at not in self._bars:
            self._bars[at] = tuple(
                Wish(wish.requirement, wish.name, others, wish.choosy)
                for wish in self.wishes(self.packages[at].conflicts)
                if (others := tuple(other for other in wish.accepted if other != at))
            )
        return self._bars[at]


class Amended(Numbered):
    """A catalogue in which one package asks for something else: to try out a change.

    ``requirements`` replace what package ``at`` depends on, or with ``bars`` conflicts with.
    """

    def __init__(
        self, numbered: Numbered, at: int, requirements: Sequence[Requirement], bars: bool
    ) -> None:
        self.catalogue = numbered.catalogue
        self.packages = numbered.packages
        self.number = numbered.number
        self._wishes = numbered._wishes
        self._versions = numbered._versions
        self._needs = dict(numbered._needs)
        self._bars = dict(numbered._bars)
        (self._bars if bars else self._needs)[at] = self.wishes(requirements)
