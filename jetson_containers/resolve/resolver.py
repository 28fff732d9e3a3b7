"""Choose one version for every name that a request needs.

First the plain reading, then the exact search: the answer is the same in whatever order was asked
or defined, and there is one whenever the rules allow one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from jetson_containers.errors import raise_all
from jetson_containers.package.model import Package, Requirement
from jetson_containers.resolve.explain import Unresolvable, unresolvable
from jetson_containers.resolve.mend import Known, Remedy, remedies
from jetson_containers.resolve.model import Because, Resolution, Resolved
from jetson_containers.resolve.numbered import Numbered, Wish
from jetson_containers.resolve.order import canonical_order, dependants
from jetson_containers.resolve.plain import PlainReading
from jetson_containers.resolve.search import Demand, Failure, Search
from jetson_containers.resolve.shelf import Shelf


class CatalogueResolver:
    """Resolves many requests against one catalogue, and shares what they have in common.

    An error tells up to ``remedies`` changes that would mend the request.
    """

    def __init__(self, catalogue: Shelf, remedies: int = 1) -> None:
        self.catalogue = catalogue
        self._remedies = remedies
        self._known: Known = {}
        self._numbered = Numbered(catalogue)
        self._plain = PlainReading(self._numbered)

    def resolve(self, request: Sequence[Requirement]) -> Resolution:
        """One package per name for ``request``, in canonical order, with the reasons.

        Raises :class:`~.explain.Unresolvable`, or all unknown names of the request together.
        """
        wishes = self._numbered.wishes(request)
        picks = self._picks(request, wishes)
        return Resolution(
            target=self.catalogue.target,
            request=tuple(request),
            chosen=tuple(
                Resolved(package, because)
                for package, because in self._with_reasons(wishes, picks)
            ),
        )

    def chain(self, request: Sequence[Requirement]) -> tuple[Package, ...]:
        """The packages that :meth:`resolve` gives, in canonical order, without the reasons."""
        return self._ordered(self._picks(request, self._numbered.wishes(request)))

    def _picks(self, request: Sequence[Requirement], wishes: Sequence[Wish]) -> dict[str, int]:
        raise_all(
            self._error(request, wishes, Failure((Demand(None, wish),), ()))
            for wish in wishes
            if not wish.accepted
        )
        picks = self._plain.read(wishes)
        if picks is None:
            own = self._own_version(wishes)
            if own is not None:
                raise self._error(request, wishes, own)
            search = Search(self._numbered, wishes)
            picks = search.answer()
            if picks is None:
                raise self._error(request, wishes, search.failure())
        return picks

    def _error(
        self, request: Sequence[Requirement], wishes: Sequence[Wish], failure: Failure
    ) -> Unresolvable:
        mended: tuple[Remedy, ...] = ()
        if not any(self._is_own(demand) for demand in failure.demands):
            mended = remedies(self._numbered, wishes, failure, self._remedies, self._known)
        return unresolvable(self._numbered, request, failure, mended)

    def _own_version(self, wishes: Sequence[Wish]) -> Failure | None:
        """The commonest failure of foreign trees, found without a search.

        What is asked for can be one package only, and that needs another version of itself.
        """
        for wish in sorted(wishes, key=lambda wish: str(wish.requirement)):
            if len(wish.accepted) == 1:
                for need in self._numbered.needs(wish.best):
                    demand = Demand(wish.best, need)
                    if need.accepted and self._is_own(demand):
                        return Failure((Demand(None, wish), demand), ())
        return None

    def _is_own(self, demand: Demand) -> bool:
        """Whether a package asks for another version of itself: no other request mends that."""
        parent = demand.parent
        return (
            parent is not None
            and demand.wish.name == self._numbered.packages[parent].name
            and parent not in demand.wish.accepted
            and not demand.forbids
        )

    def _ordered(self, picks: Mapping[str, int]) -> tuple[Package, ...]:
        packages = self._numbered.packages
        needs = {
            name: [wish.name for wish in self._numbered.needs(at)] for name, at in picks.items()
        }
        return canonical_order((packages[at] for at in picks.values()), needs, self.weight)

    def _with_reasons(
        self, wishes: Sequence[Wish], picks: Mapping[str, int]
    ) -> list[tuple[Package, tuple[Because, ...]]]:
        reasons: dict[str, list[Because]] = {name: [] for name in picks}
        for wish in wishes:
            reasons[wish.name].append(Because(wish.requirement))
        for at in picks.values():
            for wish in self._numbered.needs(at):
                because = Because(wish.requirement, self._numbered.packages[at])
                reasons[wish.name].append(because)
        return [
            (package, tuple(sorted(dict.fromkeys(reasons[package.name]), key=str)))
            for package in self._ordered(picks)
        ]

    @cached_property
    def weight(self) -> dict[str, int]:
        """For each name of the catalogue, how many other names need it in some version."""
        edges: dict[str, set[str]] = {}
        for at, package in enumerate(self._numbered.packages):
            wanted = edges.setdefault(package.name, set())
            wanted.update(wish.name for wish in self._numbered.needs(at))
        return dependants(edges)


def resolve(catalogue: Shelf, request: Sequence[Requirement]) -> Resolution:
    """As :meth:`CatalogueResolver.resolve`, for one request."""
    return CatalogueResolver(catalogue).resolve(request)
