"""Why a request cannot be resolved: causes as data first, text last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jetson_containers.errors import BuilderError, Location, UsageError
from jetson_containers.package.model import Package, Requirement
from jetson_containers.resolve.mend import Remedy
from jetson_containers.resolve.model import Because
from jetson_containers.resolve.numbered import Numbered
from jetson_containers.resolve.search import Demand, Failure
from jetson_containers.resolve.shelf import Shelf

#: packages that one hint names at most
MOST_KNOWN = 12


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
            "causes": [_cause(item) for item in self.causes],
            "circles": [list(path) for path in self.circles],
            "alternatives": [
                {"package": item.reference, "reasons": list(item.reasons)}
                for item in self.alternatives
            ],
            "remedies": [item.to_dict() for item in self.remedies],
        }


class Unresolvable(BuilderError):
    """A request without a solution, with its ``explanation``."""

    explanation: Explanation

    @property
    def causes(self) -> tuple[Because, ...]:
        """The requirements that cannot hold together."""
        return self.explanation.causes


class MissingPackage(Unresolvable):
    """A requirement that no known package satisfies.

    ``path`` leads from the request to the package that asks.
    """

    requirement: Requirement
    path: tuple[str, ...]


class UnknownPackage(MissingPackage, UsageError):
    """A wish on the command line that nothing satisfies."""


class ConflictError(Unresolvable):
    """Requirements that no choice of versions satisfies together."""


class CycleError(Unresolvable):
    """Packages that need each other; ``path`` starts and ends with the same name."""

    path: tuple[str, ...]


def unresolvable(
    numbered: Numbered,
    request: Sequence[Requirement],
    failure: Failure,
    remedies: tuple[Remedy, ...] = (),
) -> Unresolvable:
    """The error for a request without a solution."""
    packages = numbered.packages
    causes = tuple(
        Because(
            demand.wish.requirement,
            None if demand.parent is None else packages[demand.parent],
            demand.forbids,
        )
        for demand in failure.demands
    )
    circles = tuple(_around(packages[at].reference for at in path) for path in failure.circles)
    names = sorted(
        {demand.wish.name for demand in failure.demands if _is_contested(demand.wish.name, failure)}
    )
    explanation = Explanation(
        numbered.catalogue.target.name,
        tuple(request),
        causes,
        circles,
        tuple(item for name in names for item in _alternatives(numbered, failure, name)),
        remedies,
    )
    missing = [
        because
        for because, demand in zip(causes, failure.demands, strict=True)
        if not demand.wish.accepted and not demand.forbids
    ]
    error: Unresolvable
    if len(missing) == 1 and not any(item.forbids for item in causes):
        error = _missing(numbered, explanation, missing[0])
    elif circles and not missing:
        error = _circle(numbered, explanation, failure)
    else:
        error = _conflict(explanation)
    error.explanation = explanation
    return error


def missing_error(catalogue: Shelf, because: Because) -> Unresolvable:
    """The error for one requirement of the request that nothing satisfies."""
    numbered = Numbered(catalogue)
    demand = Demand(None, numbered.wish(because.requirement))
    return unresolvable(numbered, (because.requirement,), Failure((demand,), ()))


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
            str(
                Because(
                    demand.wish.requirement,
                    None if demand.parent is None else numbered.packages[demand.parent],
                    demand.forbids,
                )
            )
            for demand in demands
            if (at in demand.wish.accepted) == demand.forbids
        ]
        own = [
            str(Because(demand.wish.requirement, numbered.packages[at], demand.forbids))
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


def _missing(numbered: Numbered, explanation: Explanation, because: Because) -> MissingPackage:
    """The error for one requirement that nothing satisfies, with what is known instead."""
    requirement, target = because.requirement, explanation.target
    path = _path(explanation.causes, because)
    via = f" (wanted by {' -> '.join(path)})" if path else ""
    known = [numbered.packages[at].reference for at in numbered.versions(requirement.name)]
    refused = [
        f"{item.reference}: {', '.join(item.reasons)}"
        for item in numbered.catalogue.refusals(requirement.name)
    ]
    if known:
        what = f"no version of {requirement.name} satisfies {requirement} on {target}{via}"
        hint = "; ".join([f"known here: {_listed(sorted(known))}", *refused[:MOST_KNOWN]])
    elif refused:
        what = f"{requirement.name} is not for target {target}{via}"
        hint = "; ".join(refused[:MOST_KNOWN])
    else:
        what = f"unknown package {requirement}{via}"
        near = numbered.catalogue.nearest(requirement.name)
        hint = f"did you mean {', '.join(near)}?" if near else "`jetson-containers list` shows all"
    kind = MissingPackage if because.parent else UnknownPackage
    error = kind(what, where=requirement.location, hint=_hint(explanation.remedies, hint))
    error.requirement, error.path = requirement, path
    return error


def _circle(numbered: Numbered, explanation: Explanation, failure: Failure) -> CycleError:
    path = explanation.circles[0]
    first = numbered.packages[failure.circles[0][0]]
    following = failure.circles[0][1 % len(failure.circles[0])]
    where = next(
        (
            wish.requirement.location
            for wish in numbered.needs(failure.circles[0][0])
            if wish.name == numbered.packages[following].name and wish.requirement.location
        ),
        first.location,
    )
    error = CycleError(
        f"the packages depend on each other in a circle: {' -> '.join(path)}",
        where=where,
        hint=_hint(
            explanation.remedies,
            "drop one of these requirements, or move what both need into a third package",
        ),
    )
    error.path = path
    return error


def _conflict(explanation: Explanation) -> ConflictError:
    own = [item for item in explanation.causes if _is_own(item)]
    where = next((item.requirement.location for item in explanation.causes if item.parent), None)
    lines = []
    for because in explanation.causes:
        if because.parent is None and len(explanation.request) == 1:
            continue
        path = _path(explanation.causes, because)
        via = f", wanted by {' -> '.join(path)}" if len(path) > 1 else ""
        lines.append(f"  {because}{via}")
    what = f"no choice of versions satisfies all of these on {explanation.target}:\n" + "\n".join(
        sorted(lines)
    )
    if own and own[0].parent is not None:
        parent, wanted = own[0].parent, own[0].requirement
        path = _path(explanation.causes, own[0])
        via = f" (wanted by {' -> '.join(path)})" if len(path) > 1 else ""
        return ConflictError(
            f"{parent.reference} requires {wanted}, another version of itself{via}",
            where=wanted.location,
            hint=f"one version per name stands in an image: give {parent.reference} a name of "
            f"its own, or let it require what {wanted} requires",
        )
    known = _listed([item.reference for item in explanation.alternatives])
    return ConflictError(
        what,
        where=where,
        hint=_hint(
            explanation.remedies,
            f"one version per name stands in an image; known here: {known}",
        ),
    )


def _listed(references: Sequence[str]) -> str:
    """The first of them, and how many there are beside."""
    more = f" and {len(references) - MOST_KNOWN} more" if len(references) > MOST_KNOWN else ""
    return ", ".join(references[:MOST_KNOWN]) + more


def _is_own(because: Because) -> bool:
    """Whether a package asks for another version of its own name."""
    parent = because.parent
    return (
        parent is not None
        and because.requirement.name == parent.name
        and not because.requirement.accepts(parent.version)
    )


def _hint(remedies: Sequence[Remedy], otherwise: str) -> str:
    """The best change, before what is known."""
    return "; ".join([*(item.text for item in remedies[:1]), otherwise])


def _path(causes: Iterable[Because], because: Because) -> tuple[str, ...]:
    """The way from the request to the package that states a cause, along the other causes."""
    path: list[Package] = []
    parent = because.parent
    known = tuple(causes)
    while parent is not None and parent not in path:
        path.append(parent)
        parent = next(
            (
                item.parent
                for item in known
                if not item.forbids
                and item.parent is not None
                and _means(item.requirement, path[-1])
            ),
            None,
        )
    return tuple(package.reference for package in reversed(path))


def _means(requirement: Requirement, package: Package) -> bool:
    """Whether a requirement is one for that package, by its name or an alias."""
    if str(requirement) in package.aliases:
        return True
    return requirement.name in (
        package.name,
        *(alias.partition(":")[0] for alias in package.aliases),
    ) and (requirement.accepts(package.version))


def _around(path: Iterable[str]) -> tuple[str, ...]:
    """A circle as it is read: from its smallest name back to it."""
    names = list(path)
    start = names.index(min(names))
    return (*names[start:], *names[:start], names[start])


def _cause(because: Because) -> dict[str, Any]:
    place: Location | None = because.requirement.location
    return {
        "package": because.parent.reference if because.parent else None,
        "requirement": str(because.requirement),
        "forbids": because.forbids,
        "file": place.path if place else None,
        "line": place.line if place else 0,
    }
