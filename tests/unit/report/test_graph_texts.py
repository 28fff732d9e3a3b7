"""dot, Mermaid and JSON: what they say, and that no name can break them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from jetson_containers.report.graph.document import to_document
from jetson_containers.report.graph.dot import to_dot
from jetson_containers.report.graph.mermaid import to_mermaid
from jetson_containers.report.graph.model import Chain, Graph, Need, Node
from tests.unit.report.graphs import NASTY, graph_of

LINES = ("torch:2.8", "torch:2.9*", "app torch:2.8", "odd missing")


def nasty() -> Graph:
    """A graph in which every text is nasty."""
    lib = Node("lib", "lib", "", True, True, NASTY, NASTY, NASTY, (NASTY,), ())
    need = Need("lib", NASTY, NASTY)
    user = Node(NASTY, NASTY, NASTY, True, False, NASTY, NASTY, NASTY, (), (need,))
    return Graph(NASTY, (lib, user), (Chain(NASTY, ("lib", NASTY)),))


def test_dot_names_packages_requirements_and_places():
    text = to_dot(graph_of(*LINES))
    assert '  "app" [label="app", tooltip="tree/app/Dockerfile:3", style="bold"];' in text
    assert '  "torch:2.8" [label="torch:2.8", tooltip="tree/torch/Dockerfile:1"];' in text
    assert (
        '  "app" -> "torch:2.8" '
        '[tooltip="app requires torch:2.8 (tree/app/Dockerfile:3)", label="torch:2.8"];'
    ) in text
    assert re.search(r'"odd" \[.*missing.*color="#c02020", style="dashed"\];', text)


@pytest.mark.parametrize("graph", [nasty(), graph_of(*LINES), graph_of("alone")])
def test_graphviz_reads_the_dot_text(graph):
    program = shutil.which("dot")
    if program is None:
        pytest.skip("graphviz is not installed")
    done = subprocess.run(
        [program, "-Tplain"], input=to_dot(graph), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    kinds = [line.split()[0] for line in done.stdout.splitlines() if line[:4] in ("node", "edge")]
    assert kinds.count("edge") == len(graph.edges)
    assert kinds.count("node") == len(graph.nodes)


def test_mermaid_names_stand_in_quoted_labels_only():
    assert to_mermaid(graph_of(*LINES)).splitlines() == [
        "flowchart RL",
        '    n1["app"]',
        '    n2["odd"]',
        '    n3["torch:2.8"]',
        '    n4["torch:2.9"]',
        '    n1 -->|"torch:2.8"| n3',
        "    classDef unresolved stroke:#c02020,stroke-dasharray:4 3",
        "    class n2 unresolved",
    ]


def test_no_name_ends_a_mermaid_label():
    for line in to_mermaid(nasty()).splitlines():
        for label in re.findall(r'"(.*)"', line):
            assert re.fullmatch(r"(?:[\w .:/+=,~!()-]|#\d+;)*", label)
            assert "".join(
                chr(int(number)) if number else char
                for number, char in re.findall(r"#(\d+);|(.)", label)
            ) in ("lib", NASTY)


def test_the_document_holds_packages_edges_chains_and_problems():
    document = to_document([graph_of(*LINES)])
    assert document["format"] == 1
    (target,) = document["targets"]
    assert target["target"] == "x86-cu130"
    assert [item["reference"] for item in target["packages"]] == [
        "app",
        "odd",
        "torch:2.8",
        "torch:2.9",
    ]
    assert target["edges"] == [
        {
            "from": "app",
            "to": "torch:2.8",
            "requirement": "torch:2.8",
            "place": "tree/app/Dockerfile:3",
        }
    ]
    assert target["chains"][0] == {"request": "app", "packages": ["torch:2.8", "app"], "stages": 2}
    assert [item["package"] for item in target["problems"]] == ["odd"]
    assert json.loads(json.dumps(document)) == document
