"""The errors of requests without a solution: an explanation, and what is said first of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jetson_containers.errors import BuilderError, UsageError
from jetson_containers.package.model import Package, Requirement
from jetson_containers.resolve.explanation import Explanation, explanation_of
from jetson_containers.resolve.mend import Remedy
from jetson_containers.resolve.model import Because
from jetson_containers.resolve.numbered import Numbered
from jetson_containers.resolve.search import Demand, Failure
from jetson_containers.resolve.shelf import Shelf

#: packages that one hint names at most
MOST_KNOWN = 12
#: requirements that one error names at most
MOST_CAUSES = 40
#: packages that are named of those which the same reason keeps from a target
MOST_ALIKE = 3


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
    explanation = explanation_of(numbered, request, failure, remedies)
    missing = [
        because
        for because, demand in zip(explanation.causes, failure.demands, strict=True)
        if not demand.wish.accepted and not demand.forbids
    ]
    error: Unresolvable
    if len(missing) == 1 and not any(item.forbids for item in explanation.causes):
        error = _missing(numbered, explanation, missing[0])
    elif explanation.circles and not missing:
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


def _missing(numbered: Numbered, explanation: Explanation, because: Because) -> MissingPackage:
    """The error for one requirement that nothing satisfies, with what is known instead."""
    requirement, target = because.requirement, explanation.target
    path = _path(explanation.causes, because)
    via = f" (wanted by {_arrows(path)})" if path else ""
    known = [numbered.packages[at].reference for at in numbered.versions(requirement.name)]
    reasons: dict[tuple[str, ...], list[str]] = {}
    for item in numbered.catalogue.refusals(requirement.name):
        reasons.setdefault(item.reasons, []).append(item.reference)
    refused = [
        f"{_listed(references, MOST_ALIKE)}: {', '.join(why)}"
        for why, references in reasons.items()
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
        f"the packages depend on each other in a circle: {_arrows(path)}",
        where=where,
        hint=_hint(
            explanation.remedies,
            "drop one of these requirements, or move what both need into a third package",
        ),
    )
    error.path = path
    return error


def _conflict(explanation: Explanation) -> ConflictError:
    own = [item for item in explanation.causes if item.is_own]
    where = next((item.requirement.location for item in explanation.causes if item.parent), None)
    lines = []
    for because in sorted(explanation.causes, key=str):
        if because.parent is None and len(explanation.request) == 1:
            continue
        path = _path(explanation.causes, because)
        via = f", wanted by {_arrows(path)}" if len(path) > 1 else ""
        lines.append(f"  {because}{via}")
    if len(lines) > MOST_CAUSES:
        lines[MOST_CAUSES:] = [f"  and {len(lines) - MOST_CAUSES} more"]
    what = f"no choice of versions satisfies all of these on {explanation.target}:\n" + "\n".join(
        lines
    )
    if own and own[0].parent is not None:
        parent, wanted = own[0].parent, own[0].requirement
        path = _path(explanation.causes, own[0])
        via = f" (wanted by {_arrows(path)})" if len(path) > 1 else ""
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


def _listed(references: Sequence[str], most: int = MOST_KNOWN) -> str:
    """The first of them, and how many there are beside."""
    more = f" and {len(references) - most} more" if len(references) > most else ""
    return ", ".join(references[:most]) + more


def _arrows(path: Sequence[str]) -> str:
    """A way as it is read; of a long one the beginning and the end."""
    if len(path) > MOST_KNOWN:
        path = (*path[:5], f"({len(path) - 10} more)", *path[-5:])
    return " -> ".join(path)


def _hint(remedies: Sequence[Remedy], otherwise: str) -> str:
    """The best change, before what is known."""
    return "; ".join([*(item.text for item in remedies[:1]), otherwise])


def _path(causes: Iterable[Because], because: Because) -> tuple[str, ...]:
    """The way from the request to the package that states a cause, along the other causes."""
    stated: dict[str, list[Because]] = {}
    for item in causes:
        if not item.forbids and item.parent is not None:
            stated.setdefault(item.requirement.name, []).append(item)
    path: dict[str, None] = {}
    parent = because.parent
    while parent is not None and parent.reference not in path:
        path[parent.reference] = None
        names = (parent.name, *(alias.partition(":")[0] for alias in parent.aliases))
        parent = next(
            (
                item.parent
                for name in names
                for item in stated.get(name, ())
                if _means(item.requirement, parent)
            ),
            None,
        )
    return tuple(reversed(path))


def _means(requirement: Requirement, package: Package) -> bool:
    """Whether a requirement is one for that package, by its name or an alias."""
    if str(requirement) in package.aliases:
        return True
    return requirement.name in (
        package.name,
        *(alias.partition(":")[0] for alias in package.aliases),
    ) and (requirement.accepts(package.version))
