"""Choose one version for every name that a request needs.

The search is resolvelib's; this module gives it the catalogue. ``conflicts`` are requirements
that forbid: they are satisfied by the pseudo-candidate "not in this image".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, Resolver

from jetson_containers.errors import raise_all
from jetson_containers.package.model import Package, Requirement
from jetson_containers.resolve.explain import conflict_error, missing_error
from jetson_containers.resolve.model import Because, Resolution, Resolved
from jetson_containers.resolve.order import canonical_order, dependants
from jetson_containers.resolve.shelf import Shelf, lookup

if TYPE_CHECKING:
    from resolvelib.structs import RequirementInformation

#: searches after which a request counts as unsolvable
_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """A requirement as the search sees it: under its canonical name, wanted or forbidden.

    ``choosy`` says that it asks for versions; a bare name means the default and no other.
    """

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


class CatalogueResolver:
    """Resolves many requests against one catalogue, and shares what they have in common."""

    def __init__(self, catalogue: Shelf) -> None:
        self.catalogue = catalogue

    def resolve(self, request: Sequence[Requirement]) -> Resolution:
        """As :func:`resolve`."""
        return resolve(self.catalogue, request)


def resolve(catalogue: Shelf, request: Sequence[Requirement]) -> Resolution:
    """One package per name for ``request``, in canonical order.

    Raises :class:`~.explain.MissingPackage`, :class:`~.explain.ConflictError` or
    :class:`~.order.CycleError`; all unknown names of the request are reported together.
    """
    raise_all(
        missing_error(catalogue, Because(item)) for item in request if not _known(catalogue, item)
    )
    chosen, because = _settle(catalogue, request)
    provider = _Provider(catalogue)
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


Choice: TypeAlias = tuple[dict[str, Package], dict[str, tuple[Because, ...]]]


def _settle(catalogue: Shelf, request: Sequence[Requirement]) -> Choice:
    """A solution in which a package is its default unless a version of it is asked for.

    A bare name may become another version once something asks for one. So the first search can
    leave a branch too early, or keep a version after the package that asked for it was given up.
    The further ones take every version, and begin with what the one before them found.
    """
    stopped: ResolutionImpossible[Wish, Candidate] | None = None
    strays: frozenset[str] = frozenset()
    provider = _Provider(catalogue)
    for _ in range(_ROUNDS):
        try:
            chosen, because = _search(provider, catalogue, request)
        except ResolutionImpossible as error:
            stopped = stopped or error
            if provider.free:
                break
            provider = _Provider(catalogue, free=True, bound=strays)
            continue
        found = _strays(chosen, because)
        if not found:
            return chosen, because
        strays |= found
        hints = {name: item.reference for name, item in chosen.items() if name not in strays}
        provider = _Provider(catalogue, free=True, bound=strays, hints=hints)
    causes = (
        _causes(stopped.causes)
        if stopped
        else tuple((item, False) for name in sorted(found) for item in because[name])
    )
    raise conflict_error(catalogue, request, causes)


def _search(provider: _Provider, catalogue: Shelf, request: Sequence[Requirement]) -> Choice:
    """The chosen packages by name, and the requirements that hold each of them.

    Raises resolvelib's ``ResolutionImpossible``.
    """
    wishes = [provider.wish(item) for item in request]
    reporter: BaseReporter[Wish, Candidate, str] = BaseReporter()
    rounds = 20 * len(catalogue.packages) + 1000
    result = Resolver(provider, reporter).resolve(wishes, max_rounds=rounds)
    chosen = {
        name: candidate
        for name, candidate in result.mapping.items()
        if isinstance(candidate, Package)
    }
    kept = _reachable(provider, wishes, chosen)
    members = set(kept.values())
    because = {
        name: tuple(
            item
            for item in sorted(_because(result.criteria[name].information), key=str)
            if item.parent is None or item.parent in members
        )
        for name in kept
    }
    return kept, because


def _strays(
    chosen: Mapping[str, Package], because: Mapping[str, tuple[Because, ...]]
) -> frozenset[str]:
    """The names that are no default although nothing asks for a version of them."""
    return frozenset(
        name
        for name, package in chosen.items()
        if not package.is_default and not any(_choosy(item.requirement) for item in because[name])
    )


def _choosy(requirement: Requirement) -> bool:
    return requirement.exact is not None or requirement.specifier is not None


def catalogue_weight(catalogue: Shelf) -> dict[str, int]:
    """For each name of the catalogue, how many other names need it in some version."""
    edges: dict[str, set[str]] = {}
    for package in catalogue.packages:
        wanted = edges.setdefault(package.name, set())
        for item in package.depends:
            found = lookup(catalogue, item)
            wanted.add(found[0] if found else item.name)
    return dependants(edges)


def _known(catalogue: Shelf, requirement: Requirement) -> bool:
    found = lookup(catalogue, requirement)
    return found is not None and bool(found[1])


def _because(information: Iterable[RequirementInformation[Wish, Candidate]]) -> Iterator[Because]:
    for item in information:
        if not item.requirement.forbids:
            yield _stated(item)


def _stated(item: RequirementInformation[Wish, Candidate]) -> Because:
    """A requirement as its own parent wrote it: equal ones of others stand elsewhere."""
    wanted = item.requirement.requirement
    if not isinstance(item.parent, Package):
        return Because(wanted)
    own = item.parent.conflicts if item.requirement.forbids else item.parent.depends
    return Because(next((own_item for own_item in own if own_item == wanted), wanted), item.parent)


def _causes(
    causes: Iterable[RequirementInformation[Wish, Candidate]],
) -> tuple[tuple[Because, bool], ...]:
    """Each requirement that stood in the way, with whether it forbids."""
    found: dict[tuple[Because, bool], None] = {}
    for item in causes:
        found[(_stated(item), item.requirement.forbids)] = None
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
    """resolvelib's port.

    Bare names mean their default; with ``free`` only those in ``bound`` do, and other names take
    any version. ``hints`` are references to try first.
    """

    def __init__(
        self,
        catalogue: Shelf,
        free: bool = False,
        bound: frozenset[str] = frozenset(),
        hints: Mapping[str, str] | None = None,
    ) -> None:
        self.free = free
        self._bound = bound
        self._catalogue = catalogue
        self._hints = hints or {}
        self._wishes: dict[tuple[Requirement, bool], Wish] = {}
        self._by_name = {
            name: catalogue.versions(name)
            for name in {package.name for package in catalogue.packages}
        }

    def wish(self, requirement: Requirement, forbids: bool = False) -> Wish:
        key = (requirement, forbids)
        if key not in self._wishes:
            found = lookup(self._catalogue, requirement)
            name, accepted = found if found else (requirement.name, ())
            self._wishes[key] = Wish(
                name,
                requirement,
                frozenset(package.reference for package in accepted),
                forbids,
                choosy=_choosy(requirement),
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
        versions = self._by_name.get(identifier, ())
        bare = not any(wish.choosy for wish in wanted)
        if bare and (not self.free or identifier in self._bound):
            versions = tuple(item for item in versions if item.is_default) or versions
        hint = self._hints.get(identifier)
        versions = tuple(sorted(versions, key=lambda item: item.reference != hint))
        return tuple(
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

