"""What the guides say is there: links, verbs, options."""

from __future__ import annotations

import argparse
import importlib
import re
from pathlib import Path

import pytest

from jetson_containers.cli.main import VERBS
from jetson_containers.report.markdown import anchor

ROOT = Path(__file__).resolve().parents[2]
GUIDES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
CODE = re.compile(r"^```.*?^```\s*?$", re.DOTALL | re.MULTILINE)

#: what begins the command line of another program, up to its end
FOREIGN = re.compile(r"\bdocker \w+.*|RUN --mount.*")


def options_of(verb: str) -> set[str]:
    module = importlib.import_module(f"jetson_containers.cli.{VERBS[verb][0]}")
    parser: argparse.ArgumentParser = module.parser()
    return {word for action in parser._actions for word in action.option_strings}


def written(text: str) -> set[str]:
    """The options in the code of a text: in blocks and between back-ticks."""
    code = CODE.findall(text) + re.findall(r"`([^`\n]+)`", CODE.sub("", text))
    ours = (FOREIGN.sub("", part) for part in code)
    return {word for part in ours for word in re.findall(r"(?<![\w-])--[a-z][a-z-]+", part)}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(guide):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", guide.read_text("utf-8"))):
        if "://" in target:
            continue
        name, _, title = target.partition("#")
        path = (guide.parent / name) if name else guide
        if not path.exists():
            broken.append(target)
        elif title:
            lines = CODE.sub("", path.read_text("utf-8")).splitlines()
            titles = [anchor(line.lstrip("# ")) for line in lines if line.startswith("#")]
            broken += [target] * (title not in titles)
    assert broken == []


def test_every_verb_is_mentioned():
    text = "\n".join(path.read_text("utf-8") for path in GUIDES)
    said = set(re.findall(r"(?:`|jetson-containers )([a-z]+(?:-[a-z]+)*)\b", text))
    assert set(VERBS) - said == set()


def test_every_option_that_is_shown_exists():
    known: set[str] = set()
    verbs = "build test plan why-rebuild resume list show targets engine docs"
    for verb in verbs.split():
        known |= options_of(verb)
    shown = written((ROOT / "docs" / "build.md").read_text("utf-8"))
    assert len(shown) > 30
    assert shown - known == set()


def test_every_option_of_build_is_explained():
    text = (ROOT / "docs" / "build.md").read_text("utf-8")
    assert options_of("build") - written(text) - {"-h", "--help"} == set()


def test_the_modules_in_the_layout_are_there():
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    layout = text.partition("## Layout")[2].partition("```\n")[2].partition("```")[0]
    here = {path.name for path in (ROOT / "jetson_containers").rglob("*.py")}
    assert set(re.findall(r"\b\w+\.py\b", layout)) - here <= {"config.py"}
