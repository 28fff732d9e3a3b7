"""Why a package stands in a chain: the requirements that lead to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from jetson_containers.package.model import Package
from jetson_containers.resolve.explanation import Alternative
from jetson_containers.resolve.model import Because, Resolution, Resolved
from jetson_containers.resolve.numbered import Numbered
from jetson_containers.resolve.shelf import Shelf


def leading_to(resolution: Resolution, package: Package) -> tuple[Because, ...]:
    """The shortest way from the request to a package of the resolution.

    The first step is a wish of the request, the last one the requirement that asks for
    ``package``. Of ways of one length the one that comes first by name.
    """
    members = {item.package.reference: item for item in resolution.chosen}
    came: dict[str, tuple[str | None, Because]] = {}
    queue: deque[str] = deque()
    for item in sorted(resolution.chosen, key=lambda item: item.package.reference):
        for because in item.because:
            if because.parent is None and item.package.reference not in came:
                came[item.package.reference] = None, because
                queue.append(item.package.reference)
    steps = _steps(resolution)
    while queue:
        name = queue.popleft()
        for need, because in steps.get(name, ()):
            if need not in came:
                came[need] = name, because
                queue.append(need)
    path: list[Because] = []
    step: str | None = package.reference
    while step is not None and step in members:
        step, because = came[step]
        path.append(because)
    return tuple(reversed(path))


def _steps(resolution: Resolution) -> dict[str, list[tuple[str, Because]]]:
    """For each package, what its requirements brought in."""
    found: dict[str, list[tuple[str, Because]]] = {}
    for item in sorted(resolution.chosen, key=lambda item: item.package.reference):
        for because in item.because:
            if because.parent is not None:
                found.setdefault(because.parent.reference, []).append(
                    (item.package.reference, because)
                )
    return found


def others(catalogue: Shelf, chosen: Resolved) -> tuple[Alternative, ...]:
    """The other packages of a chosen one's name, and why each does not stand in its place."""
    numbered = Numbered(catalogue)
    package = chosen.package
    wishes = [(numbered.wish(because.requirement), because) for because in chosen.because]
    found = []
    for at in numbered.versions(package.name):
        other = numbered.packages[at]
        if other.reference == package.reference:
            continue
        reasons = [str(because) for wish, because in wishes if at not in wish.accepted]
        if not reasons:
            reasons = [_preferred(package, [because for wish, because in wishes if wish.choosy])]
        found.append(Alternative(other.reference, tuple(reasons)))
    refused = [
        Alternative(refusal.reference, refusal.reasons)
        for refusal in catalogue.refusals(package.name)
    ]
    return (*found, *refused)


def _preferred(package: Package, choosy: Sequence[Because]) -> str:
    if package.is_default:
        return f"{package.reference} is the default"
    wanted = ", ".join(str(because.requirement) for because in choosy)
    return f"{package.reference} comes first among what {wanted} accepts here"
