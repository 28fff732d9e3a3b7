"""A graph in Graphviz' language (graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.report.graph.model import Graph, Node


def to_dot(graph: Graph) -> str:
    """The graph as dot; an arrow leads to what is needed, and build order runs left to right."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield f"digraph {quoted(graph.target)} {{"
    yield "  rankdir=RL;"
    yield '  node [shape=box, fontname="monospace", fontsize=11];'
    yield '  edge [fontname="monospace", fontsize=9, color="#808080"];'
    for node in graph.nodes:
        said = {"label": node.reference, "tooltip": _tooltip(graph, node)}
        if node.reference in graph.problem_of:
            said |= {"color": "#c02020", "style": "dashed"}
        else:
            styles = [] if node.has_stage else ["rounded", "dashed"]
            styles += ["bold"] if node.reference in graph.tops else []
            said |= {"style": ",".join(styles)} if styles else {}
        yield f"  {quoted(node.reference)} [{_attributes(said)}];"
    for edge in graph.edges:
        said = {"tooltip": f"{edge.user} requires {edge.requirement} ({edge.place})"}
        if edge.requirement != graph.by_reference[edge.need].name:
            said["label"] = edge.requirement
        yield f"  {quoted(edge.user)} -> {quoted(edge.need)} [{_attributes(said)}];"
    yield "}"


def _tooltip(graph: Graph, node: Node) -> str:
    problem = graph.problem_of.get(node.reference)
    return f"{node.place}\n{problem.what}" if problem else node.place


def _attributes(said: dict[str, str]) -> str:
    return ", ".join(f"{key}={quoted(value)}" for key, value in said.items())


def quoted(text: str) -> str:
    """A quoted ID of dot: the text itself, whatever it holds.

    In labels a backslash begins an escape, so it is doubled; a line feed becomes one.
    """
    safe = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + safe.replace("\r", " ").replace("\n", "\\n").replace("\0", " ") + '"'
