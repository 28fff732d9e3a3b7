"""The picture: nothing overlaps, everything is inside, needs stand left of their users."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.report.graph.layout import lay_out
from jetson_containers.report.graph.svg import to_svg
from tests.unit.report.graphs import graph_of
from tests.unit.report.test_graph_texts import nasty

SVG = "{http://www.w3.org/2000/svg}"
HEIGHT, GAP = 24.0, 10.0


@st.composite
def drawings(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, str]]]:
    """Names in an order, and edges from user to need, most of them along the order."""
    count = draw(st.integers(0, 12))
    pairs = st.tuples(st.integers(0, 11), st.integers(0, 11))
    edges = draw(st.lists(pairs, max_size=30))
    inside = {(a, b) for a, b in edges if a < count and b < count and a != b}
    return [f"p{index}" for index in range(count)], [(f"p{a}", f"p{b}") for a, b in inside]


@given(drawings())
def test_nodes_and_bends_of_a_column_keep_their_distance(drawing):
    order, edges = drawing
    layout = lay_out(order, edges, HEIGHT, GAP)
    columns: dict[int, list[tuple[float, float]]] = {}
    for name in order:
        columns.setdefault(layout.columns[name], []).append((layout.y[name], HEIGHT))
    for column, y in {bend for bends in layout.bends.values() for bend in bends}:
        columns.setdefault(column, []).append((y, 0.0))
    for items in columns.values():
        items.sort()
        for (upper, one), (lower, other) in pairwise(items):
            assert lower - upper >= (one + other) / 2 + GAP - 1e-6
        assert items[0][0] - items[0][1] / 2 >= -1e-6
        assert items[-1][0] + items[-1][1] / 2 <= layout.height + 1e-6


@given(drawings())
def test_what_is_needed_stands_left_and_edges_bend_in_every_column_between(drawing):
    order, edges = drawing
    layout = lay_out(order, edges, HEIGHT, GAP)
    for (user, need), bends in layout.bends.items():
        between = range(layout.columns[user] - 1, layout.columns[need], -1)
        assert [column for column, _ in bends] == list(between)
        assert layout.columns[need] < layout.columns[user]


def test_a_node_stands_level_with_the_only_one_it_is_joined_to():
    layout = lay_out(["a", "b"], [("b", "a")], HEIGHT, GAP)
    assert layout.y["a"] == layout.y["b"]
    assert layout.height == HEIGHT


def boxes(text: str) -> list[tuple[float, float, float, float]]:
    return [
        tuple(float(item.get(key, "")) for key in ("x", "y", "width", "height"))
        for item in ElementTree.fromstring(text).iter(f"{SVG}rect")
    ]


def test_everything_is_inside_the_view_and_no_text_leaves_its_box():
    text = to_svg(graph_of("base", "torch:2.9* base", "a-very-long-name:1.2.3 torch", "x base"))
    root = ElementTree.fromstring(text)
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for x, y, wide, high in boxes(text):
        assert x >= 0 and y >= 0 and x + wide <= width and y + high <= height
    for group in root.iter(f"{SVG}g"):
        label, box = group.find(f"{SVG}text"), group.find(f"{SVG}rect")
        assert len(label.text) * 0.6 * 12 < float(box.get("width"))


def test_an_edge_tells_its_requirement_and_place():
    root = ElementTree.fromstring(to_svg(graph_of("torch:2.9*", "app torch>=2")))
    assert [item.text for item in root.iterfind(f"{SVG}path/{SVG}title")] == [
        "app requires torch>=2 (tree/app/Dockerfile:2)"
    ]


def test_what_does_not_resolve_is_marked_and_says_why():
    root = ElementTree.fromstring(to_svg(graph_of("app missing")))
    (group,) = root.iter(f"{SVG}g")
    assert group.get("class") == "unresolved"
    assert "missing" in group.find(f"{SVG}title").text


def test_no_name_breaks_the_picture():
    assert len(boxes(to_svg(nasty()))) == 2


def test_nothing_at_all_is_still_a_picture():
    assert boxes(to_svg(graph_of())) == []
