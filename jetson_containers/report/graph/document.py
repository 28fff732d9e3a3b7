"""Graphs as data: the JSON form, format 1. ``docs/graph.md`` describes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jetson_containers.report.graph.model import Chain, Edge, Graph, Node

GRAPH_FORMAT = 1


def to_document(graphs: Iterable[Graph]) -> dict[str, Any]:
    """The JSON form of graphs, one for each target."""
    return {"format": GRAPH_FORMAT, "targets": [_graph(item) for item in graphs]}


def _graph(graph: Graph) -> dict[str, Any]:
    return {
        "target": graph.target,
        "packages": [_node(item) for item in graph.nodes],
        "edges": [_edge(item) for item in graph.edges],
        "chains": [_chain(graph, item) for item in graph.chains],
        "problems": [
            {"package": item.package, "what": item.what, "place": item.place, "hint": item.hint}
            for item in graph.problems
        ],
        "absent": [
            {"package": item.reference, "reasons": list(item.reasons)} for item in graph.absent
        ],
    }


def _node(node: Node) -> dict[str, Any]:
    return {
        "reference": node.reference,
        "name": node.name,
        "version": node.version or None,
        "default": node.is_default,
        "stage": node.has_stage,
        "group": node.group,
        "path": node.path,
        "place": node.place,
        "aliases": list(node.aliases),
        "depends": [
            {"name": need.name, "requirement": need.requirement, "place": need.place}
            for need in node.needs
        ],
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "from": edge.user,
        "to": edge.need,
        "requirement": edge.requirement,
        "place": edge.place,
    }


def _chain(graph: Graph, chain: Chain) -> dict[str, Any]:
    return {
        "request": chain.request,
        "packages": list(chain.packages),
        "stages": len(graph.stages(chain)),
    }
