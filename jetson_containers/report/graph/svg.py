"""A graph as an SVG picture, drawn here: nothing has to be installed for it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from jetson_containers.report.graph.layout import Layout, lay_out
from jetson_containers.report.graph.model import Edge, Graph, Node

#: px; a monospaced letter is 0.6 of its size wide in the fonts named below, here with some spare
_FONT = 12
_LETTER = 7.4
_PADDING = 8.0
_NODE = 24.0
_GAP = 10.0
_BETWEEN = 56.0
_MARGIN = 12.0

_NEVER = "\ufffe\uffff"

_STYLE = (
    f"text{{font:{_FONT}px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1a1a1a}}"
    "rect{fill:#f2f4f7;stroke:#6b7280}"
    ".top rect{fill:#d7e8c8;stroke:#4d7c0f;stroke-width:2}"
    ".collects rect{fill:#fff;stroke-dasharray:4 3}"
    ".unresolved rect{fill:#fde2e2;stroke:#b91c1c;stroke-dasharray:4 3}"
    "path{fill:none;stroke:#7d8590;stroke-opacity:.7}"
    "marker path{fill:#7d8590;stroke:none}"
)


def to_svg(graph: Graph) -> str:
    """The graph as a picture without a background: what is built first stands left.

    An arrow leads to what is needed. Its tooltip is the requirement and where it is written.
    """
    edges = graph.edges
    layout = lay_out(graph.order, [(edge.user, edge.need) for edge in edges], _NODE, _GAP)
    widths = _widths(graph, layout)
    left = [_MARGIN]
    for width in widths:
        left.append(left[-1] + width + _BETWEEN)
    width = max(left[-1] - _BETWEEN + _MARGIN, 2 * _MARGIN)
    height = layout.height + 2 * _MARGIN
    picture = _Picture(graph, layout, left, widths)
    title = f"packages for {graph.target}"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{_text(title)}">',
            f"<title>{_text(title)}</title>",
            f"<style>{_STYLE}</style>",
            '<defs><marker id="to" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>',
            *(picture.edge(edge) for edge in edges),
            *(line for node in graph.nodes for line in picture.node(node)),
            "</svg>\n",
        )
    )


def _widths(graph: Graph, layout: Layout) -> list[float]:
    """The width of each column: that of its longest name."""
    widths = [0.0] * (max(layout.columns.values(), default=-1) + 1)
    for node in graph.nodes:
        column = layout.columns[node.reference]
        widths[column] = max(widths[column], _width(node))
    return widths


def _width(node: Node) -> float:
    return len(node.reference) * _LETTER + 2 * _PADDING


class _Picture:
    """Nodes and edges as elements, once their places are known."""

    def __init__(
        self, graph: Graph, layout: Layout, left: list[float], widths: list[float]
    ) -> None:
        self._graph = graph
        self._layout = layout
        self._left = left
        self._widths = widths

    def node(self, node: Node) -> Iterator[str]:
        """A box with the reference; in its tooltip the place and, if there is one, the problem."""
        problem = self._graph.problem_of.get(node.reference)
        kinds = [
            word
            for word, holds in (
                ("top", node.reference in self._graph.tops and not problem),
                ("collects", not node.has_stage),
                ("unresolved", problem is not None),
            )
            if holds
        ]
        x = self._left[self._layout.columns[node.reference]]
        y = self._y(node.reference)
        note = f"{node.place}\n{problem.what}" if problem else node.place
        yield f'<g class="{" ".join(kinds)}"><title>{_text(note)}</title>'
        yield (
            f'<rect x="{x:.1f}" y="{y - _NODE / 2:.1f}" width="{_width(node):.1f}" '
            f'height="{_NODE:.0f}" rx="4"/>'
            f'<text x="{x + _PADDING:.1f}" y="{y + _FONT * 0.35:.1f}">'
            f"{_text(node.reference)}</text></g>"
        )

    def edge(self, edge: Edge) -> str:
        """A curve from the user's left side through its bends to the right side of the need."""
        columns = self._layout.columns
        x = self._left[columns[edge.user]]
        y = self._y(edge.user)
        steps = [f"M{x:.1f} {y:.1f}"]
        for column, middle in self._layout.bends.get((edge.user, edge.need), ()):
            right = self._left[column] + self._widths[column]
            steps.append(_curve(x, y, right, middle + _MARGIN))
            x, y = self._left[column], middle + _MARGIN
            steps.append(f"L{x:.1f} {y:.1f}")
        need = self._graph.by_reference[edge.need]
        end = self._left[columns[edge.need]] + _width(need)
        column_end = self._left[columns[edge.need]] + self._widths[columns[edge.need]]
        steps.append(_curve(x, y, column_end, self._y(edge.need)))
        steps.append(f"L{end:.1f} {self._y(edge.need):.1f}")
        note = f"{edge.user} requires {edge.requirement} ({edge.place})"
        return (
            f'<path d="{"".join(steps)}" marker-end="url(#to)">'
            f"<title>{_text(note)}</title></path>"
        )

    def _y(self, reference: str) -> float:
        return self._layout.y[reference] + _MARGIN


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"


def _text(text: str) -> str:
    """Text for XML 1.0, without the characters that it cannot hold (w3.org/TR/xml, ``Char``)."""
    return escape("".join(char for char in text if char in "\t\n" or " " <= char not in _NEVER))
