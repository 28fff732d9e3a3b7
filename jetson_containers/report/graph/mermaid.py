"""A graph as a Mermaid flowchart (mermaid.js.org/syntax/flowchart.html)."""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.report.graph.model import Graph


def to_mermaid(graph: Graph) -> str:
    """The graph as a flowchart; an arrow leads to what is needed, build order left to right.

    Names stand in quoted labels only: identifiers are ``n1``, ``n2``, in the order of the nodes.
    """
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    number = {node.reference: f"n{index}" for index, node in enumerate(graph.nodes, 1)}
    yield "flowchart RL"
    for node in graph.nodes:
        label = quoted(node.reference)
        shape = f"[{label}]" if node.has_stage else f"([{label}])"
        yield f"    {number[node.reference]}{shape}"
    for edge in graph.edges:
        plain = edge.requirement == graph.by_reference[edge.need].name
        arrow = "-->" if plain else f"-->|{quoted(edge.requirement)}|"
        yield f"    {number[edge.user]} {arrow} {number[edge.need]}"
    wrong = [number[item] for item in number if item in graph.problem_of]
    if wrong:
        yield "    classDef unresolved stroke:#c02020,stroke-dasharray:4 3"
        yield f"    class {','.join(wrong)} unresolved"


def quoted(text: str) -> str:
    """A quoted label; Mermaid writes a character that it would read as ``#`` and its number."""
    safe = (
        char if char.isalnum() or char in " .:_-+/=,~!()" else f"#{ord(char)};" for char in text
    )
    return f'"{"".join(safe)}"'
