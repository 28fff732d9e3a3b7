"""The page as a browser shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from jetson_containers.report.graph.page import to_page
from tests.unit.report.graphs import NASTY, graph_of
from tests.unit.report.test_graph_page import LINES
from tests.unit.report.test_graph_texts import nasty

pytestmark = pytest.mark.browser


@pytest.fixture
def shown(tmp_path: Path):
    """The text of a part of the page, by its id, at an address within it."""
    program = shutil.which("chromium")
    if program is None or "snap" in Path(program).resolve().parts + Path(program).parts:
        pytest.skip("no Chromium is installed that may read temporary files (a snap may not)")

    def look(graph, fragment: str, part: str) -> str:
        page = tmp_path / "page.html"
        page.write_text(to_page([graph]), encoding="utf-8")
        done = subprocess.run(
            [
                program,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                f"--user-data-dir={tmp_path / 'profile'}",
                "--virtual-time-budget=5000",
                "--dump-dom",
                f"{page.as_uri()}#{fragment}",
            ],
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=True,
        )
        found = re.search(rf'<(\w+) id="{part}"[^>]*>(.*?)</\1>', done.stdout, re.S)
        assert found is not None, done.stderr
        return unescape(re.sub(r"<[^>]*>", " ", found[2]))

    return look


def test_a_package_is_shown_with_its_chain_and_who_brought_what_in(shown):
    text = shown(graph_of(*LINES, every=True), "target=x86-cu130&package=audio", "detail")
    words = " ".join(text.split())
    assert "3 packages, 3 stages" in words
    assert "audio requires torch in tree/audio/Dockerfile:4" in words


def test_the_reason_is_shown_where_a_package_does_not_resolve(shown):
    text = shown(graph_of(*LINES), "package=odd", "detail")
    assert "Does not resolve on this target" in text
    needs = re.sub(r"\s+", " ", text).partition("Needs")[2]
    assert "no torch here as torch:2.7 in" in needs
    assert "what is here is torch:2.9" in needs


def test_a_comparison_counts_what_is_shared(shown):
    text = shown(graph_of(*LINES), "compare=audio&compare=vision&package=audio", "detail")
    assert "4 stages together" in text
    assert "6 if each chain is built alone" in text


def test_nasty_texts_are_shown_as_text(shown):
    text = shown(nasty(), "", "list")
    assert NASTY.split("\n")[0] in text
