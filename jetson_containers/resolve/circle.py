"""Finding a circle in a graph, without recursion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def circle(edges: Mapping[int, Iterable[int]]) -> tuple[int, ...] | None:
    """The nodes of one circle in the order of its edges, or ``None`` if there is none.

    Laws: of a graph without circles nothing is found; the answer depends on the graph alone, not
    on the order in which it was written. Targets that are no node are ignored.
    """
    waiting = {node: {need for need in needs if need in edges} for node, needs in edges.items()}
    users: dict[int, list[int]] = {node: [] for node in waiting}
    for node, needs in waiting.items():
        for need in needs:
            users[need].append(node)
    ready = [node for node, needs in waiting.items() if not needs]
    while ready:
        node = ready.pop()
        del waiting[node]
        for user in users[node]:
            waiting[user].discard(node)
            if not waiting[user]:
                ready.append(user)
    if not waiting:
        return None
    path = [min(waiting)]
    seen = {path[0]: 0}
    while True:
        following = min(waiting[path[-1]])
        if following in seen:
            return tuple(path[seen[following] :])
        seen[following] = len(path)
        path.append(following)
