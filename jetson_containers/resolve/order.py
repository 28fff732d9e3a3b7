"""Canonical order: the same packages stand in the same order in every chain.

Two images share work exactly as far as their chains share a prefix. So among the packages that
are ready, the one that most of the catalogue depends on comes first, whatever was asked for, and
the name decides between equals.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from jetson_containers.package.model import Package


def dependants(edges: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """How many names need each name, directly or not, from ``name -> names it depends on``.

    Names in a circle count each other. Edges to names that are no key are ignored. Each edge is
    looked at twice, times the words of a bit set: no recursion.
    """
    names = sorted(edges)
    bit = {name: 1 << at for at, name in enumerate(names)}
    needs = {name: [need for need in edges[name] if need in bit] for name in names}
    above = dict.fromkeys(names, 0)
    counted: dict[str, int] = {}
    # a component comes after all that it needs: reversed, after all that need it
    for component in reversed(_components(names, needs)):
        members = total = 0
        for name in component:
            members |= bit[name]
            total |= above[name]
        for name in component:
            counted[name] = ((total | members) & ~bit[name]).bit_count()
            for need in needs[name]:
                above[need] |= total | members
    return counted


def _components(names: Iterable[str], needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Names that need each other, each component after those that it needs (Tarjan, 1972)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    waiting: list[str] = []
    open_: set[str] = set()
    found: list[list[str]] = []
    for start in names:
        if start in index:
            continue
        path = [(start, iter(needs[start]))]
        index[start] = lowest[start] = len(index)
        waiting.append(start)
        open_.add(start)
        while path:
            name, rest = path[-1]
            for need in rest:
                if need not in index:
                    index[need] = lowest[need] = len(index)
                    waiting.append(need)
                    open_.add(need)
                    path.append((need, iter(needs[need])))
                    break
                if need in open_:
                    lowest[name] = min(lowest[name], index[need])
            else:
                path.pop()
                if path:
                    user = path[-1][0]
                    lowest[user] = min(lowest[user], lowest[name])
                if lowest[name] == index[name]:
                    place = waiting.index(name) if waiting[-1] != name else len(waiting) - 1
                    found.append(waiting[place:])
                    open_.difference_update(waiting[place:])
                    del waiting[place:]
    return found


def canonical_order(
    packages: Iterable[Package],
    needs: Mapping[str, Iterable[str]],
    weight: Mapping[str, int],
) -> tuple[Package, ...]:
    """Order ``packages`` topologically, most-depended-on first among what is ready, name last.

    ``needs`` maps a package's name to the names (of chosen packages) that it depends on, without
    circles; ``weight`` counts dependants over the whole catalogue, so that it is equal in every
    chain. What a package needs has more dependants than the package, unless versions of both need
    each other: so sorting alone is the answer nearly always.
    """
    ordered = sorted(packages, key=lambda package: (-weight.get(package.name, 0), package.name))
    place = {package.name: at for at, package in enumerate(ordered)}
    if all(
        place[need] < at
        for at, package in enumerate(ordered)
        for need in needs.get(package.name, ())
        if need in place
    ):
        return tuple(ordered)
    waiting = {
        package.name: {need for need in needs.get(package.name, ()) if need in place}
        for package in ordered
    }
    users: dict[str, list[str]] = {name: [] for name in place}
    for name, missing in waiting.items():
        for need in missing:
            users[need].append(name)
    ready = [place[name] for name, missing in waiting.items() if not missing]
    heapq.heapify(ready)
    found: list[Package] = []
    while ready:
        package = ordered[heapq.heappop(ready)]
        found.append(package)
        for user in users[package.name]:
            waiting[user].discard(package.name)
            if not waiting[user]:
                heapq.heappush(ready, place[user])
    return tuple(found)
