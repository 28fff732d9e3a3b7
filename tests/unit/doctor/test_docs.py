"""The guides and the checks tell of the same things."""

from __future__ import annotations

import re

from jetson_containers.doctor.registry import CHECKS
from tests.golden.doctor import ROOT

NAMES = {check.name for check in CHECKS}


def test_each_step_of_the_setup_names_its_check_and_each_check_has_a_step() -> None:
    text = (ROOT / "docs" / "host-setup.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?!what \|).+\| (.+?) \|$", text, re.MULTILINE)
    named = [re.findall(r"`([a-z-]+)`", row) for row in rows]
    assert all(named), "a step without a check"
    assert {name for row in named for name in row} == NAMES


def test_the_guide_lists_every_check() -> None:
    text = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    table = text.partition("## Checks")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == NAMES


def test_the_guide_explains_every_option_of_its_own() -> None:
    from jetson_containers.cli.doctor import parser

    text = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    options = {
        word
        for action in parser()._actions
        if action.container.title == "options"
        for word in action.option_strings
    }
    ours = {word for word in options if word.startswith("--")}
    common = {"--help", "--verbose", "--log-level"}
    assert ours - set(re.findall(r"--[a-z]+", text)) - common == set()
