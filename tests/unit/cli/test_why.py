"""``why`` and ``why-not`` as a user meets them."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from jetson_containers.cli.main import main
from jetson_containers.package import loader


@pytest.fixture
def tree(tmp_path: Path) -> list[str]:
    """``app`` needs ``lib``; ``broken`` a version that is not there; ``jetson`` a Jetson."""
    for name, header in {
        "lib:1": "",
        "app": "# depends: lib\n",
        "broken": "# depends: [lib:2]\n",
        "jetson": "# requires: '==36.*'\n",
    }.items():
        directory = tmp_path / "packages" / name.partition(":")[0]
        directory.mkdir(parents=True)
        text = f"#---\n# name: {name}\n{header}#---\nARG BASE_IMAGE\nFROM ${{BASE_IMAGE}}\n"
        (directory / "Dockerfile").write_text(text)
    return ["--package-dirs", str(tmp_path / "packages"), "--only-dirs", "--target", "x86-cu130"]


def test_why_tells_the_way_to_a_package(tree, capsys):
    assert main(["why", "app", "lib", *tree]) == 0
    out = capsys.readouterr().out
    assert out.startswith("lib:1 is in the image of app:\n  app was asked for\n")
    assert "app requires lib (" in out
    assert "packages/app/Dockerfile:3)" in out


def test_why_without_a_second_name_tells_of_the_whole_chain(tree, capsys):
    assert main(["why", "app", "--json", *tree]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [item["package"] for item in document["packages"]] == ["lib:1", "app"]
    assert document["packages"][0]["because"][0]["package"] == "app"


def test_why_of_a_stranger_is_an_error(tree, capsys):
    assert main(["why", "lib", "app", *tree]) == 1
    assert "app is not in the chain of lib" in capsys.readouterr().err


def test_why_not_tells_cause_known_versions_and_remedy(tree, capsys):
    assert main(["why-not", "broken", *tree]) == 1
    out = capsys.readouterr().out
    assert "no version of lib satisfies lib:2 on x86-cu130" in out
    assert "let broken require lib:1 instead of lib:2" in out
    assert "it resolves on no other known target" in out


def test_why_not_names_the_targets_that_have_it(tree, capsys):
    assert main(["why-not", "jetson", "--json", *tree]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["targets"] == ["orin-jp62", "orin-jp61", "orin-jp60"]
    [error] = document["errors"]
    [alternative] = error["explanation"]["alternatives"]
    assert alternative["package"] == "jetson"
    assert "L4T ==36.*" in alternative["reasons"][0]


@pytest.mark.parametrize("words", [["why", "bad"], ["why-not", "bad"], ["why-not", "user"]])
def test_a_faulty_definition_is_told_and_not_an_unknown_package(tree, tmp_path, capsys, words):
    for name, depends in (("bad", "[{lib: x}]"), ("user", "bad")):
        directory = tmp_path / "packages" / name
        directory.mkdir()
        (directory / "Dockerfile").write_text(f"#---\n# depends: {depends}\n#---\nFROM x\n")
    assert main([*words, *tree]) == 1
    told = "".join(capsys.readouterr())
    assert "packages/bad/Dockerfile:2: depends holds the mapping" in told
    assert "unknown package" not in told


def test_an_endless_definition_is_awaited_once_and_not_for_every_target(
    tree, tmp_path, capsys, monkeypatch
):
    """Elsewhere it would end, and nobody waits to find out: it may be a minute for each target."""
    monkeypatch.setattr(loader, "Trees", partial(loader.Trees, time_limit=1.0))
    directory = tmp_path / "packages" / "endless"
    directory.mkdir()
    (directory / "config.py").write_text(
        "while target.name == 'x86-cu130':\n    pass\npackage['name'] = 'endless'\n"
    )
    assert main(["why-not", "endless", *tree]) == 1
    told = capsys.readouterr()
    assert "config.py did not end within 1 s" in told.out
    assert "it resolves on no other known target" in told.out
    assert "endless/config.py ran out of time, and was not tried" in told.err


def test_why_not_of_what_resolves_says_so(tree, capsys):
    assert main(["why-not", "app", *tree]) == 0
    assert capsys.readouterr().out == "lib:1 app\n"
