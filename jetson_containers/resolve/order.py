"""Canonical order: the same packages stand in the same order in every chain.

Two images share work exactly as far as their chains share a prefix. So among the packages that
are ready, the one that most of the catalogue depends on comes first, whatever was asked for, and
the name decides between equals.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

from jetson_containers.package.model import Package


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
