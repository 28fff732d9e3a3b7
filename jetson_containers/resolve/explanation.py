"""Why a request cannot be resolved, as data: causes, circles, alternatives, remedies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jetson_containers.package.model import Requirement
from jetson_containers.resolve.mend import Remedy
from jetson_containers.resolve.model import Because
from jetson_containers.resolve.numbered import Numbered
from jetson_containers.resolve.search import Demand, Failure


@dataclass(frozen=True, slots=True)
class Alternative:
    """A package that could have stood in the image, and each rule that keeps it out."""

    reference: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why ``request`` has no solution on a target.

    ``causes`` are requirements that cannot hold together, and none of them can be left out;
    ``circles`` are packages that would need themselves, first and last the same. ``alternatives``
    are all packages of the names in question; ``remedies`` the smallest changes, best first.
    """

    target: str
    request: tuple[Requirement, ...]
    causes: tuple[Because, ...]
    circles: tuple[tuple[str, ...], ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    remedies: tuple[Remedy, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form (``why-not --json``)."""
        return {
            "target": self.target,
            "request": [str(item) for item in self.request],
            "causes": [{**item.to_dict(), "forbids": item.forbids} for item in self.causes],
            "circles": [list(path) for path in self.circles],
            "alternatives": [
                {"package": item.reference, "reasons": list(item.reasons)}
                for item in self.alternatives
            ],
            "remedies": [item.to_dict() for item in self.remedies],
        }


def explanation_of(
    numbered: Numbered,
    request: Sequence[Requirement],
    failure: Failure,
    remedies: tuple[Remedy, ...] = (),
) -> Explanation:
    """A failed search in the words of the catalogue."""
    names = sorted(
        {demand.wish.name for demand in failure.demands if _is_contested(demand.wish.name, failure)}
    )
    return Explanation(
        numbered.catalogue.target.name,
        tuple(request),
        tuple(_stated(numbered, demand) for demand in failure.demands),
        tuple(
            _around(numbered.packages[at].reference for at in path) for path in failure.circles
        ),
        tuple(item for name in names for item in _alternatives(numbered, failure, name)),
        remedies,
    )


def _stated(numbered: Numbered, demand: Demand) -> Because:
    parent = None if demand.parent is None else numbered.packages[demand.parent]
    return Because(demand.wish.requirement, parent, demand.forbids)


def _is_contested(name: str, failure: Failure) -> bool:
    """Whether the choice of a version of this name decides anything in the failure."""
    wishes = [demand for demand in failure.demands if demand.wish.name == name]
    return len(wishes) > 1 or any(not demand.wish.accepted for demand in wishes)


def _alternatives(numbered: Numbered, failure: Failure, name: str) -> list[Alternative]:
    """Every package of a name, defined for the target or not, with what keeps it out."""
    found = []
    demands = [demand for demand in failure.demands if demand.wish.name == name]
    default = numbered.versions(name)[:1]
    for at in numbered.versions(name):
        reasons = [
            str(_stated(numbered, demand))
            for demand in demands
            if (at in demand.wish.accepted) == demand.forbids
        ]
        own = [
            str(_stated(numbered, demand))
            for demand in failure.demands
            if demand.parent == at
        ]
        if any(at in path for path in failure.circles):
            own.append("it would need itself")
        if not reasons and not own:
            reasons = [
                "the other requirements leave no way to have it"
                if (at,) == default
                else "nothing asks for another version than the default"
            ]
        found.append(Alternative(numbered.packages[at].reference, tuple(reasons or own)))
    return found + [
        Alternative(refusal.reference, refusal.reasons)
        for refusal in numbered.catalogue.refusals(name)
    ]


def _around(path: Iterable[str]) -> tuple[str, ...]:
    """A circle as it is read: from its smallest name back to it."""
    names = list(path)
    start = names.index(min(names))
    return (*names[start:], *names[:start], names[start])
