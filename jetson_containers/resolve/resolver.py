"""Choose one version for every name that a request needs.

The search is resolvelib's; this module gives it the catalogue. ``conflicts`` are requirements
that forbid: they are satisfied by the pseudo-candidate "not in this image".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from packaging.version import InvalidVersion, Version
from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, Resolver

from jetson_containers.errors import raise_all
from jetson_containers.package.model import Package, Requirement
from jetson_containers.platform.target import Target
from jetson_containers.resolve.explain import MissingPackage, conflict_error, missing_error
from jetson_containers.resolve.model import Because, Resolution, Resolved
from jetson_containers.resolve.order import canonical_order, dependants

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation


class Shelf(Protocol):
    """What the resolver needs of a catalogue."""

    @property
    def target(self) -> Target: ...
    @property
    def packages(self) -> tuple[Package, ...]: ...
    def lookup(self, requirement: Requirement) -> tuple[str, tuple[Package, ...]] | None:
        """The canonical name behind a requirement and the packages that satisfy it.

        ``None`` when no package of that name or alias is known for the target.
        """
    def refusals(self, name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Packages of that name that are not for this target: ``(reference, reasons)``."""
    def nearest(self, name: str) -> tuple[str, ...]:
        """Known names that look like ``name``."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A requirement as the search sees it: under its canonical name, wanted or forbidden."""

    name: str
    requirement: Requirement
    accepted: frozenset[str]
    forbids: bool = False
    choosy: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """The candidate that says: no package of this name is in the image."""

    name: str


Candidate: TypeAlias = Package | Absent


def resolve(catalogue: Shelf, request: Sequence[Requirement]) -> Resolution:
    """One package per name for ``request``, in canonical order.

    Raises :class:`MissingPackage`, :class:`~.explain.ConflictError` or
    :class:`~.order.CycleError`; all unknown names of the request are reported together.
    """
    raise_all(
        missing_error(catalogue, Because(item)) for item in request if not _known(catalogue, item)
    )
    provider = _Provider(catalogue)
    wishes = [provider.wish(item) for item in request]
    rounds = 20 * len(catalogue.packages) + 1000
    try:
        reporter: BaseReporter[Wish, Candidate, str] = BaseReporter()
        result = Resolver(provider, reporter).resolve(wishes, max_rounds=rounds)
    except ResolutionImpossible as stop:
        raise conflict_error(catalogue, request, _causes(stop.causes)) from None
    chosen = {
        name: candidate
        for name, candidate in result.mapping.items()
        if isinstance(candidate, Package)
    }
    because = {
        name: tuple(sorted(_because(result.criteria[name].information), key=str))
        for name in chosen
    }
    chosen = _reachable(provider, wishes, chosen)
    needs = {
        name: {provider.wish(item).name for item in package.depends}
        for name, package in chosen.items()
    }
    ordered = canonical_order(chosen.values(), needs, catalogue_weight(catalogue))
    return Resolution(
        target=catalogue.target,
        request=tuple(request),
        chosen=tuple(Resolved(package, because[package.name]) for package in ordered),
    )


def catalogue_weight(catalogue: Shelf) -> dict[str, int]:
    """For each name of the catalogue, how many other names need it in some version."""
    edges: dict[str, set[str]] = {}
    for package in catalogue.packages:
        wanted = edges.setdefault(package.name, set())
        for item in package.depends:
            found = catalogue.lookup(item)
            wanted.add(found[0] if found else item.name)
    return dependants(edges)


def preference(packages: Iterable[Package]) -> tuple[Package, ...]:
    """Default first, then PEP 440 versions from the newest, then other texts, builders last."""

    def key(package: Package) -> tuple[bool, bool, bool, Any, str]:
        text = package.version or ""
        try:
            parsed: Version | None = Version(text)
        except InvalidVersion:
            parsed = None
        return (
            package.is_default,
            not text.endswith("builder"),
            parsed is not None,
            parsed or Version("0"),
            text,
        )

    return tuple(sorted(packages, key=key, reverse=True))


def _known(catalogue: Shelf, requirement: Requirement) -> bool:
    found = catalogue.lookup(requirement)
    return found is not None and bool(found[1])


def _because(information: Iterable[RequirementInformation[Wish, Candidate]]) -> Iterator[Because]:
    for item in information:
        if not item.requirement.forbids:
            parent = item.parent if isinstance(item.parent, Package) else None
            yield Because(item.requirement.requirement, parent)


def _causes(
    causes: Iterable[RequirementInformation[Wish, Candidate]],
) -> tuple[tuple[Because, bool], ...]:
    """Each requirement that stood in the way, with whether it forbids."""
    found: dict[tuple[Because, bool], None] = {}
    for item in causes:
        parent = item.parent if isinstance(item.parent, Package) else None
        found[(Because(item.requirement.requirement, parent), item.requirement.forbids)] = None
    return tuple(found)


def _reachable(
    provider: _Provider, wishes: Sequence[Wish], chosen: Mapping[str, Package]
) -> dict[str, Package]:
    """Keep what the request really needs (the search may leave pins of abandoned branches)."""
    kept: dict[str, Package] = {}
    todo = [wish.name for wish in wishes]
    while todo:
        name = todo.pop()
        if name not in kept and name in chosen:
            kept[name] = chosen[name]
            todo.extend(provider.wish(item).name for item in chosen[name].depends)
    return kept


class _Provider(AbstractProvider[Wish, Candidate, str]):
    """resolvelib's port."""

    def __init__(self, catalogue: Shelf) -> None:
        self._catalogue = catalogue
        self._wishes: dict[tuple[Requirement, bool], Wish] = {}
        self._by_name: dict[str, list[Package]] = {}
        for package in catalogue.packages:
            self._by_name.setdefault(package.name, []).append(package)

    def wish(self, requirement: Requirement, forbids: bool = False) -> Wish:
        key = (requirement, forbids)
        if key not in self._wishes:
            found = self._catalogue.lookup(requirement)
            name, accepted = found if found else (requirement.name, ())
            versions = self._by_name.get(name, ())
            self._wishes[key] = Wish(
                name,
                requirement,
                frozenset(package.reference for package in accepted),
                forbids,
                choosy=len(accepted) < len(versions),
            )
        return self._wishes[key]

    def identify(self, requirement_or_candidate: Wish | Candidate) -> str:
        return requirement_or_candidate.name

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[RequirementInformation[Wish, Candidate]]],
        backtrack_causes: Sequence[RequirementInformation[Wish, Candidate]],
    ) -> tuple[bool, bool, str]:
        """Names that requirements narrow come first: what is decided for us is decided early."""
        causes = {self.identify(cause.requirement) for cause in backtrack_causes}
        narrowed = any(item.requirement.choosy for item in information[identifier])
        return identifier not in causes, not narrowed, identifier

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[str],
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[RequirementInformation[Wish, Candidate]]],
        backtrack_causes: Sequence[RequirementInformation[Wish, Candidate]],
    ) -> Iterable[str]:
        return identifiers

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Wish]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> tuple[Candidate, ...]:
        wishes = tuple(requirements[identifier])
        barred = set(incompatibilities[identifier])
        wanted = [wish for wish in wishes if not wish.forbids]
        forbidden = frozenset().union(*(wish.accepted for wish in wishes if wish.forbids))
        if not wanted:
            absent = Absent(identifier)
            return () if absent in barred else (absent,)
        versions = self._by_name.get(identifier, [])
        if not any(wish.choosy for wish in wanted):
            versions = [package for package in versions if package.is_default] or versions
        return preference(
            package
            for package in versions
            if package not in barred
            and package.reference not in forbidden
            and all(package.reference in wish.accepted for wish in wanted)
        )

    def is_satisfied_by(self, requirement: Wish, candidate: Candidate) -> bool:
        if isinstance(candidate, Absent):
            return requirement.forbids
        return (candidate.reference in requirement.accepted) != requirement.forbids

    def get_dependencies(self, candidate: Candidate) -> tuple[Wish, ...]:
        if isinstance(candidate, Absent):
            return ()
        return tuple(self.wish(item) for item in candidate.depends) + tuple(
            self.wish(item, forbids=True) for item in candidate.conflicts
        )


__all__ = ["MissingPackage", "Shelf", "catalogue_weight", "preference", "resolve"]
