"""The examples in docs/packages.md are a tree that loads without a finding."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jetson_containers import CONFIG_NAMES
from jetson_containers.package.grammar import matches_target
from jetson_containers.package.keys import KEYS
from jetson_containers.package.loader import load_catalogue

GUIDE = (Path(__file__).parents[3] / "docs" / "packages.md").read_text("utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL))


@pytest.mark.parametrize(
    ("name", "version", "arguments"),
    [
        ("orin", "2.5", "8.7"),
        ("xavier", "2.1", "7.2;8.7"),
        ("sbsa", "2.5", "9.0;11.0"),
        ("debian", "2.5", "8.0;9.0"),
    ],
)
def test_the_examples_load(tree, targets, name, version, arguments):
    root = tree(FILES)
    catalogue = load_catalogue(targets[name], [root], own_root=root)
    assert catalogue.findings == ()
    assert set(catalogue.names()) == {
        "base-scripts",
        "base-tools",
        "demo",
        "hello",
        "runtime-lib",
        "server",
    }
    library = catalogue.default("runtime-lib")
    assert library.version == version
    assert dict(library.build_args)["ARCH_LIST"] == arguments
    assert ("server-tools" in map(str, library.depends)) == (name == "sbsa")
    assert catalogue.default("base-scripts").dockerfile is None
    assert catalogue.default("hello").tests == ("test.sh",)
    assert [source.kind for source in catalogue.default("server").sources] == ["git", "url", "pypi"]


def test_a_setting_chooses_the_default(tree, targets):
    settings = {"RUNTIME_LIB_VERSION": "2.1"}
    catalogue = load_catalogue(targets["orin"], [tree(FILES)], settings=settings)
    assert catalogue.default("runtime-lib").version == "2.1"


def test_every_key_and_every_name_is_explained():
    assert [key for key in sorted(KEYS) if f"`{key}`" not in GUIDE] == []
    assert [name for name in CONFIG_NAMES if name not in GUIDE] == []


def test_every_requires_that_is_shown_can_be_read(orin):
    table = GUIDE.split("## Which targets")[1].split("## Which packages")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    shown = [text for row in rows for text in re.findall(r"`([^`]+)`", row)]
    assert len(shown) > 20
    for text in shown:
        matches_target(text, orin)
