"""One HTML page for the graphs of several targets, with everything in it that it needs.

The data is written small: texts, requirements and packages once for all targets, and the chains as
ways through one tree of stages. So what chains share is shared in the page too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable
from importlib.resources import files
from typing import Any, Generic, TypeVar

from jetson_containers.report.graph.model import Absent, Graph, Node, Problem

PAGE_FORMAT = 1
_PARTS = {"style": "page.css", "model": "page_model.js", "view": "page_view.js"}

Item = TypeVar("Item", bound=Hashable)


def to_page(graphs: Iterable[Graph]) -> str:
    """The page; a chain whose request is no reference of a package is listed as its own."""
    folder = files("jetson_containers.report.graph")
    parts = {key: folder.joinpath(name).read_text("utf-8") for key, name in _PARTS.items()}
    parts["data"] = embedded(page_data(graphs))
    template = folder.joinpath("page.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]].strip(), template)


def embedded(data: dict[str, Any]) -> str:
    """JSON that can stand in a ``script`` element, whatever texts it holds.

    HTML ends such an element at ``</script`` and reads ``<!--`` in a way of its own; in JSON the
    sign ``<`` stands in strings only, where it can be written as its number.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def page_data(graphs: Iterable[Graph]) -> dict[str, Any]:
    """What the page's script reads. Numbers are places in the lists, in ``tree`` counted from 1."""
    writer = _Writer()
    targets = [writer.target(graph) for graph in graphs]
    return {
        "format": PAGE_FORMAT,
        "strings": writer.strings.items,
        "needs": [list(need) for need in writer.needs.items],
        "packages": writer.packages,
        "tree": [number for step in writer.tree.items for number in step],
        "targets": targets,
    }


class _Pool(Generic[Item]):
    """A list in which each item stands once."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._places: dict[Item, int] = {}

    def __call__(self, item: Item) -> int:
        """The place of an item, which is put in if it is new."""
        if item not in self._places:
            self._places[item] = len(self.items)
            self.items.append(item)
        return self._places[item]


class _Writer:
    """Gathers what the targets have in common."""

    def __init__(self) -> None:
        self.strings: _Pool[str] = _Pool()
        self.needs: _Pool[tuple[int, int, int]] = _Pool()
        self.tree: _Pool[tuple[int, int]] = _Pool()
        self.packages: list[list[Any]] = []
        self._nodes: dict[Node, int] = {}

    def target(self, graph: Graph) -> dict[str, Any]:
        chains, requests = [], []
        for chain in graph.chains:
            end = 0
            for reference in chain.packages:
                end = self.tree((end, self._package(graph.by_reference[reference]))) + 1
            if chain.request == chain.packages[-1]:
                chains.append(end)
            else:
                requests.append([self.strings(chain.request), end])
        return {
            "name": self.strings(graph.target),
            "chains": chains,
            "requests": requests,
            "problems": [self._problem(graph, item) for item in graph.problems],
            "absent": [self._absent(item) for item in graph.absent],
        }

    def _package(self, node: Node) -> int:
        if node not in self._nodes:
            text = self.strings
            self._nodes[node] = len(self.packages)
            self.packages.append(
                [
                    text(node.name),
                    text(node.version),
                    text(node.group),
                    text(node.path),
                    text(node.place),
                    node.has_stage + 2 * node.is_default,
                    [text(alias) for alias in node.aliases],
                    [
                        self.needs((text(need.name), text(need.requirement), text(need.place)))
                        for need in node.needs
                    ],
                ]
            )
        return self._nodes[node]

    def _problem(self, graph: Graph, problem: Problem) -> list[int | list[int]]:
        node = graph.by_reference.get(problem.package)
        texts = (problem.what, problem.place, problem.hint)
        package = self._package(node) if node else -1
        satisfied = [self.strings(reference) for reference in problem.satisfied]
        return [self.strings(problem.package), package, *map(self.strings, texts), satisfied]

    def _absent(self, item: Absent) -> list[int]:
        return [self.strings(item.reference), self.strings("; ".join(item.reasons))]
