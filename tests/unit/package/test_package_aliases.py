"""An alias that several packages have: one of them is meant, and it is said which."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.package.loader import load_catalogue
from jetson_containers.platform.named import named_target


def define(directory: Path, name: str, alias: str = "") -> None:
    directory.mkdir(parents=True)
    header = f"# name: {name}\n" + (f"# alias: {alias}\n" if alias else "")
    text = f"#---\n{header}#---\nARG BASE_IMAGE\nFROM ${{BASE_IMAGE}}\n"
    (directory / "Dockerfile").write_text(text)


@pytest.mark.parametrize("alias", ["x", "x:2"])
def test_the_later_search_path_counts_and_the_earlier_is_named(tmp_path, alias):
    define(tmp_path / "first" / "a", "a:1", alias)
    define(tmp_path / "later" / "b", "b:1", alias)
    catalogue = load_catalogue(
        named_target("x86-cu130"), [tmp_path / "first", tmp_path / "later"]
    )
    [finding] = catalogue.findings
    assert finding.code == "hidden-alias"
    assert finding.package == "a:1"
    assert f"the alias {alias} of" in finding.message


def test_a_name_counts_before_an_alias(tmp_path):
    define(tmp_path / "a", "a:1", "b")
    define(tmp_path / "b", "b:1")
    catalogue = load_catalogue(named_target("x86-cu130"), [tmp_path])
    [finding] = catalogue.findings
    assert finding.package == "a:1"
    assert finding.message.startswith("the alias b of a means b (")


def test_versions_of_one_name_may_share_an_alias(tmp_path):
    define(tmp_path / "a1", "a:1", "x")
    define(tmp_path / "a2", "a:2", "x")
    assert not load_catalogue(named_target("x86-cu130"), [tmp_path]).findings
