"""Canonical order: the same packages stand in the same order in every chain.

Two images share work exactly as far as their chains share a prefix. So among the packages that
are ready, the one that most of the catalogue depends on comes first, whatever was asked for, and
the name decides between equals.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from jetson_containers.errors import BuilderError, Location
from jetson_containers.package.model import Package


class CycleError(BuilderError):
    """Packages that need each other; ``path`` starts and ends with the same name."""

    def __init__(self, path: Sequence[str], where: Location | None) -> None:
        self.path = tuple(path)
        super().__init__(
            f"the packages depend on each other in a circle: {' -> '.join(self.path)}",
            where=where,
            hint="drop one of these requirements, or move what both need into a third package",
        )


def dependants(edges: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """How many names need each name, directly or not, from ``name -> names it depends on``.

    Names in a circle count each other. Edges to names that are no key are ignored. Linear in the
    edges times the words of a bit set: no recursion.
    """
    names = sorted(edges)
    bit = {name: 1 << index for index, name in enumerate(names)}
    above: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        for need in edges[name]:
            if need in above:
                above[need].append(name)
    reach = dict.fromkeys(names, 0)
    pending = set(names)
    while pending:
        changed: set[str] = set()
        for name in sorted(pending):
            total = 0
            for user in above[name]:
                total |= reach[user] | bit[user]
            if total != reach[name]:
                reach[name] = total
                changed.update(need for need in edges[name] if need in above)
        pending = changed
    return {name: bin(reach[name] & ~bit[name]).count("1") for name in names}


def canonical_order(
    packages: Iterable[Package],
    needs: Mapping[str, Iterable[str]],
    weight: Mapping[str, int],
) -> tuple[Package, ...]:
    """Order ``packages`` topologically, most-depended-on first among what is ready, name last.

    ``needs`` maps a package's name to the names (of chosen packages) that it depends on;
    ``weight`` counts dependants over the whole catalogue, so that it is equal in every chain.
    Raises :class:`CycleError`.
    """
    by_name = {package.name: package for package in packages}
    waiting = {name: {need for need in needs.get(name, ()) if need in by_name} for name in by_name}
    users: dict[str, list[str]] = {name: [] for name in by_name}
    for name, missing in waiting.items():
        for need in missing:
            users[need].append(name)
    ready = [(-weight.get(name, 0), name) for name, missing in waiting.items() if not missing]
    heapq.heapify(ready)
    ordered: list[Package] = []
    while ready:
        _, name = heapq.heappop(ready)
        ordered.append(by_name[name])
        for user in users[name]:
            waiting[user].discard(name)
            if not waiting[user]:
                heapq.heappush(ready, (-weight.get(user, 0), user))
    if len(ordered) < len(by_name):
        done = {package.name for package in ordered}
        raise _cycle(by_name, {name: waiting[name] for name in by_name if name not in done})
    return tuple(ordered)


def _cycle(by_name: Mapping[str, Package], waiting: Mapping[str, set[str]]) -> CycleError:
    """Walk along unmet needs until a name comes back; some name must."""
    path = [min(waiting)]
    while path[-1] not in path[:-1]:
        path.append(min(need for need in waiting[path[-1]] if need in waiting))
    path = path[path.index(path[-1]) :]
    first, second = by_name[path[0]], path[1]
    where = next(
        (item.location for item in first.depends if item.name == second and item.location),
        first.location,
    )
    return CycleError(path, where)
