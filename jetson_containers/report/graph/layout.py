"""Places for the nodes of a directed graph: columns by longest path, rows by their neighbours.

The method is Sugiyama's (IEEE SMC-11, 1981): ranks, bends where an edge passes a column, an order
within each column that follows the barycentres of the neighbours, then coordinates. Edges to one
node share their bends, so that a node which everything needs is one line through the drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: sweeps over all columns, there and back
_SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """The middle of each node as (column, y), and for each edge the points that it passes.

    ``y`` counts from 0, in the unit of the heights.
    """

    columns: Mapping[str, int]
    y: Mapping[str, float]
    bends: Mapping[tuple[str, str], tuple[tuple[int, float], ...]]
    height: float


Bend = tuple[str, int]


def lay_out(
    order: Sequence[str],
    edges: Iterable[tuple[str, str]],
    height: float,
    gap: float,
) -> Layout:
    """Lay out ``order`` (what is needed first) with ``edges`` from user to need.

    Nodes are ``height`` high and ``gap`` apart, bends ``gap`` apart. Edges against the order, as
    in a circle, do not count for the columns. Law: nodes of a column do not overlap.
    """
    position = {name: index for index, name in enumerate(order)}
    links = sorted({(user, need) for user, need in edges if position[need] < position[user]})
    rank = _ranks(order, links)
    columns, neighbours = _columns(order, links, rank)
    size = {item: height if item[1] < 0 else 0.0 for column in columns for item in column}
    y: dict[Bend, float] = {}
    for column in columns:
        _place(column, {item: float(index) for index, item in enumerate(column)}, size, gap, y)
    for sweep in range(_SWEEPS):
        towards = columns if sweep % 2 == 0 else columns[::-1]
        for column in towards:
            wanted = {item: _middle(item, neighbours, y) for item in column}
            if sweep < _SWEEPS - 2:
                column.sort(key=lambda item, wanted=wanted: wanted[item])  # type: ignore[misc]
            _place(column, wanted, size, gap, y)
    top = min((y[item] - size[item] / 2 for item in y), default=0.0)
    bottom = max((y[item] + size[item] / 2 for item in y), default=0.0)
    return Layout(
        columns=rank,
        y={name: y[name, -1] - top for name in order},
        bends={
            (user, need): tuple(
                (column, y[need, column] - top) for column in range(rank[user] - 1, rank[need], -1)
            )
            for user, need in links
        },
        height=bottom - top,
    )


def _ranks(order: Sequence[str], links: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The length of the longest way from each node to one that needs nothing."""
    needs: dict[str, list[str]] = {name: [] for name in order}
    for user, need in links:
        needs[user].append(need)
    rank: dict[str, int] = {}
    for name in order:
        rank[name] = max((rank[need] + 1 for need in needs[name]), default=0)
    return rank


def _columns(
    order: Sequence[str], links: Iterable[tuple[str, str]], rank: Mapping[str, int]
) -> tuple[list[list[Bend]], dict[Bend, list[Bend]]]:
    """Nodes (numbered -1) and bends (numbered by column) of each column; what is joined to what."""
    columns: list[list[Bend]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    neighbours: dict[Bend, list[Bend]] = {}
    for name in order:
        columns[rank[name]].append((name, -1))
        neighbours[name, -1] = []
    for user, need in links:
        last: Bend = (need, -1)
        for column in range(rank[need] + 1, rank[user]):
            bend = (need, column)
            if bend not in neighbours:
                neighbours[bend] = [last]
                neighbours[last].append(bend)
                columns[column].append(bend)
            last = bend
        neighbours[last].append((user, -1))
        neighbours[user, -1].append(last)
    return columns, neighbours


def _middle(
    item: Bend, neighbours: Mapping[Bend, Sequence[Bend]], y: Mapping[Bend, float]
) -> float:
    near = neighbours[item]
    return sum(y[other] for other in near) / len(near) if near else y[item]


def _place(
    column: Sequence[Bend],
    wanted: Mapping[Bend, float],
    size: Mapping[Bend, float],
    gap: float,
    y: dict[Bend, float],
) -> None:
    """Put a column's items, in their order, as near as can be to where they want to be.

    Distances are kept by subtracting them: what is left to do is isotonic regression, by pooling
    neighbours that stand in the wrong order.
    """
    offsets: list[float] = []
    for index, item in enumerate(column):
        before = column[index - 1]
        step = (size[before] + size[item]) / 2 + gap if index else 0.0
        offsets.append(offsets[-1] + step if index else 0.0)
    pools: list[tuple[float, int]] = []
    for item, offset in zip(column, offsets, strict=True):
        total, count = wanted[item] - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            more, others = pools.pop()
            total, count = total + more, count + others
        pools.append((total, count))
    index = 0
    for total, count in pools:
        for _ in range(count):
            y[column[index]] = total / count + offsets[index]
            index += 1
