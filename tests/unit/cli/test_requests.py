"""Requests as a user writes them: one image or several, what is left out, and on which base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jetson_containers.cli.main import main

HEADER = "#---\n# depends: [{}]\n#---\nARG BASE_IMAGE\nFROM ${{BASE_IMAGE}}\nRUN true\n"
NEEDS = {"lib": "", "app": "lib", "tool": "", "lost": "nowhere", "loop": "pool", "pool": "loop"}


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Run words on a tree of six packages, three of which cannot be built."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tree = tmp_path / "tree"
    for name, needs in NEEDS.items():
        (tree / name).mkdir(parents=True)
        (tree / name / "Dockerfile").write_text(HEADER.format(needs))
    (tree / "bad").mkdir()
    (tree / "bad" / "Dockerfile").write_text("FROM debian:12\n")

    def command(*words: str) -> tuple[int, str, str]:
        where = ["--package-dirs", str(tree), "--only-dirs", "--target", "x86-cu130"]
        code = main([*words, *where])
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def packages(out: str) -> list[list[str]]:
    return [image["packages"] for image in json.loads(out)["images"]]


def test_everything_wrong_is_told_before_anything_is_built(run):
    code, out, err = run("plan", "all", "--multiple")
    assert (code, out) == (1, "")
    assert "nowhere" in err
    assert "loop -> pool -> loop" in err
    assert "the Dockerfile of bad does not build on BASE_IMAGE" in err


def test_with_skip_errors_a_package_costs_only_itself(run):
    code, out, err = run("plan", "all", "--multiple", "--skip-errors", "--json")
    assert packages(out) == [["lib", "app"], ["lib"], ["tool"]]
    assert code == 1, "something failed all the same"
    assert err.count("error: ") == 3, err
    code, out, err = run("plan", "noting", "tool", "--multiple", "--skip-errors", "--json")
    assert (code, packages(out)) == (1, [["tool"]])
    assert "unknown package noting" in err


def test_if_nothing_is_left_the_errors_are_all_there_is(run):
    code, out, err = run("plan", "lost", "loop", "--multiple", "--skip-errors")
    assert (code, out) == (1, "")
    assert err.count("error: ") == 2


def test_skip_errors_without_multiple_is_wrong_usage(run):
    code, _, err = run("plan", "app", "--skip-errors")
    assert code == 2
    assert "--skip-errors needs --multiple" in err


def test_what_is_left_out_of_a_chain_is_told(run):
    code, out, err = run("plan", "app", "--skip-packages", "lib,tol", "--json")
    assert (code, packages(out)) == (0, [["app"]])
    assert "warning: lib is left out, which app requires: the base image has to have it" in err
    assert "warning: --skip-packages tol matches no package; did you mean tool?" in err


def test_skipping_reaches_lists_too(run):
    _, out, _ = run("build", "--list-packages", "--skip-packages", "l*")
    assert [line.split()[0] for line in out.splitlines()] == ["app", "bad", "pool", "tool"]
    _, out, _ = run("build", "--show-packages", "?pp")
    assert out.startswith("app")


@pytest.mark.parametrize("words", [["plan", "--json"], ["build", "--simulate"]])
def test_saved_labels_tell_what_a_base_holds(run, tmp_path, words):
    _, out, _ = run("plan", "lib", "--json")
    target = json.dumps(json.loads(out)["target"])
    labels = {"io.jetson-containers.target": target, "io.jetson-containers.packages": '["lib"]'}
    saved = tmp_path / "images.json"
    saved.write_text(json.dumps([{"reference": "mine:1", "labels": labels}]))
    on = ["--base", "mine:1", "--local-images", str(saved)]
    code, out, _ = run(*words, "app", *on)
    assert code == 0
    if words[0] == "plan":
        assert packages(out) == [["lib", "app"]]
        assert [stage["package"] for stage in json.loads(out)["stages"]] == ["app"]
    else:
        assert "BASE_IMAGE=mine:1" in out
        assert "jetson-stage/lib" not in out
    code, out, _ = run(*words, "lib", *on)
    assert code == 0
    if words[0] == "plan":
        assert json.loads(out)["stages"] == []
    else:
        assert out == "docker tag mine:1 lib:amd64-cu130-24.04\n"


@pytest.mark.parametrize("option", ["--skip-tests", "--test-only"])
def test_a_pattern_of_tests_that_means_nothing_is_told(run, option):
    code, _, err = run("build", "--simulate", "app", option, "all,intermediate,lib,typo")
    assert code == 0
    assert [line for line in err.splitlines() if line.startswith("warning")] == [
        f"warning: {option} typo matches no package of this plan"
    ]


@pytest.mark.parametrize("separator", [",", ":", ";"])
def test_several_package_dirs_are_searched(tmp_path, capsys, monkeypatch, separator):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("one", "two"):
        (tmp_path / name / name).mkdir(parents=True)
        (tmp_path / name / name / "Dockerfile").write_text(HEADER.format(""))
    dirs = f"{tmp_path / 'one'}{separator}{tmp_path / 'two'}"
    where = ["--package-dirs", dirs, "--only-dirs", "--target", "x86-cu130"]
    assert main(["plan", "two", "one", "--json", *where]) == 0
    assert packages(capsys.readouterr().out) == [["one", "two"]]
