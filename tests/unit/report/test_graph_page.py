"""The page: whole in itself, safe with every text, small, and its script tells what it should."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.report.graph.model import Graph
from jetson_containers.report.graph.page import page_data, to_page
from tests.unit.report.graphs import NASTY, graph_of
from tests.unit.report.test_graph_texts import nasty
from tests.unit.shelves import X86, package

FOLDER = files("jetson_containers.report.graph")
#: two users of torch that share base and torch, one that asks for an older one, one without a chain
LINES = (
    "base",
    "torch:2.8 base",
    "torch:2.9* base",
    "audio torch",
    "vision torch",
    "old torch:2.8",
    "odd torch:2.7 base",
)


def embedded(page: str) -> Any:
    """The data of a page, read as a browser does: up to the first ``</script``."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script', page, re.S)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.parametrize("graph", [nasty(), graph_of(*LINES)])
def test_the_data_stands_in_the_page_unharmed(graph):
    page = to_page([graph])
    assert embedded(page) == page_data([graph])
    assert page.count("</script") == 3
    assert "<!--" not in page.partition('id="data">')[2]


def test_a_nasty_text_arrives_as_it_is():
    assert NASTY in embedded(to_page([nasty()]))["strings"]


def test_the_page_loads_nothing():
    page = to_page([graph_of("app")])
    assert "default-src 'none'" in page
    assert not re.search(r"""(?:src|href)=["'](?!#)|@import|url\(|https?:""", page)
    assert "{{" not in page


def test_what_targets_have_in_common_is_written_once():
    one = page_data([graph_of(*LINES)])
    graph = graph_of(*LINES)
    two = page_data([graph, Graph("other", graph.nodes, graph.chains, graph.problems)])
    assert two["tree"] == one["tree"]
    assert two["packages"] == one["packages"]
    assert len(two["strings"]) == len(one["strings"]) + 1


def test_chains_share_the_steps_of_their_common_beginning():
    data = page_data([graph_of("base", "torch base", "a torch", "b torch")])
    steps = list(zip(data["tree"][::2], data["tree"][1::2], strict=True))
    assert len(steps) == 4, "base, torch, a and b: each once"
    assert len(set(steps)) == len(steps)


def ask(tmp_path: Path, graph: Graph, expression: str) -> Any:
    """The value of a JavaScript expression over ``m``, the page's model, and ``t``, its target."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")
    (tmp_path / "data.json").write_text(json.dumps(page_data([graph])))
    model = Path(str(FOLDER.joinpath("page_model.js")))
    script = (
        f"const m = require({json.dumps(str(model))});"
        f"const t = m.readPages(require({json.dumps(str(tmp_path / 'data.json'))}))[0];"
        f"console.log(JSON.stringify({expression}))"
    )
    done = subprocess.run([program, "-e", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("t.chains.get('audio').map((s) => s.package.reference)", ["base", "torch:2.9", "audio"]),
        ("[...t.problems.keys()]", ["odd"]),
        ("t.versions.get('torch')", ["torch:2.9", "torch:2.8"]),
        ("[m.meant(t, 'torch'), m.meant(t, 'torch:2.8'), m.meant(t, 'gone')]",
         ["torch:2.9", "torch:2.8", ""]),
        ("m.find(t, 'OLD')", ["old"]),
        ("m.find(t, 'torch')", ["torch:2.9"]),
        ("m.find(t, 'torch:')", ["torch:2.8", "torch:2.9"]),
        ("t.passes.get(t.chains.get('base')[0])", 6),
        ("m.directUsers(t, 'torch:2.9').map((u) => u.reference)", ["audio", "vision"]),
        ("m.directUsers(t, 'torch:2.8').map((u) => [u.reference, u.words, u.place])",
         [["old", "torch:2.8", "tree/old/Dockerfile:6"]]),
        ("m.directNeeds(t.packages.get('old'), t.chains.get('old')).map((n) => n.reference)",
         ["torch:2.8"]),
        ("m.directNeeds(t.packages.get('odd'), undefined, t.problems.get('odd'))"
         ".map((n) => n.reference)", ["", "base"]),
        ("m.reasonsFor(t.chains.get('audio'), 'base')",
         [{"user": "torch:2.9", "words": "base", "place": "tree/torch/Dockerfile:3"}]),
    ],
)  # fmt: skip
def test_the_script_answers_from_the_data(tmp_path, expression, value):
    assert ask(tmp_path, graph_of(*LINES, every=True), expression) == value


def test_compared_chains_are_counted_alone_and_together(tmp_path):
    expression = (
        "[['audio', 'vision'], ['audio', 'vision', 'old'], []].map((names) => {"
        "const c = m.compareChains(names.map((name) => t.chains.get(name)));"
        "return [c.common.map((s) => s.package.reference), c.alone, c.together]})"
    )
    assert ask(tmp_path, graph_of(*LINES), expression) == [
        [["base", "torch:2.9"], 6, 4],
        [["base"], 9, 6],
        [[], 0, 0],
    ]


def test_a_package_without_a_dockerfile_is_no_stage_for_the_script(tmp_path):
    meta = package("all tool", dockerfile=None)
    graph = graph_of(shelf=Catalogue(X86, (meta, package("tool"))))
    assert ask(tmp_path, graph, "m.stagesOf(t.chains.get('all')).length") == 1
