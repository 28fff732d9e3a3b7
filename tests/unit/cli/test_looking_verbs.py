"""The verbs that only look: ``plan --diff``, ``list``, ``show``, ``graph``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jetson_containers.cli.main import main

BODY = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n"


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Run words on the tree in ``tmp_path``, give exit code, stdout and stderr."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("L4T_VERSION", "CUDA_VERSION", "PYTHON_VERSION", "LSB_RELEASE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        where = () if {"--target", "--all-targets"} & {*words} else ("--target", "x86-cu130")
        dirs = ("--package-dirs", str(tmp_path / "tree"), "--only-dirs")
        code = main([*words, *dirs, *where])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return code, told.out, told.err

    return run


@pytest.fixture
def define(tmp_path: Path):
    """Write a package: its name, and the further lines of its header."""

    def write(name: str, *header: str) -> Path:
        path = tmp_path / "tree" / name / "Dockerfile"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ["#---", f"# name: {name}", *(f"# {line}" for line in header), "#---"]
        path.write_text("\n".join(lines) + "\n" + BODY)
        return path

    return write


def test_a_plan_is_compared_with_its_own_json(cli, define, tmp_path):
    define("app")
    old = tmp_path / "old.json"
    old.write_text(cli("plan", "app", "--json")[1])
    assert cli("plan", "app", "--diff", str(old), "--exit-code") == (0, "nothing changed\n", "")
    define("app", "build_args: {A: 1}")
    code, out, _ = cli("plan", "app", "--diff", str(old), "--exit-code")
    assert code == 1
    assert "build argument A: nothing -> 1" in out
    code, out, _ = cli("plan", "app", "--diff", str(old), "--json")
    assert (code, json.loads(out)["equal"]) == (0, False)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--diff", "/nonexistent/old.json"), "/nonexistent/old.json: the plan to compare with"),
        (("--exit-code",), "--exit-code needs --diff"),
    ],
)
def test_a_comparison_with_nothing_is_wrong_usage(cli, define, words, part):
    define("app")
    code, out, err = cli("plan", "app", *words)
    assert (code, out) == (2, "")
    assert part in err


def test_a_graph_of_one_image_is_dot(cli, define):
    define("lib")
    define("app", "depends: lib")
    define("other")
    code, out, err = cli("graph", "app")
    assert (code, err) == (0, "")
    assert '"app" -> "lib"' in out and "other" not in out


def test_a_file_has_the_format_of_its_suffix(cli, define, tmp_path):
    define("lib")
    for suffix, begin in (
        (".svg", "<svg"),
        (".mmd", "flowchart"),
        (".json", "{"),
        (".dot", "digraph"),
        (".html", "<!DOCTYPE html>"),
    ):
        path = tmp_path / f"graph{suffix}"
        assert cli("graph", "--output", str(path))[:2] == (0, "")
        assert path.read_text().startswith(begin)


def test_the_page_has_every_named_target_and_those_that_have_no_such_package(cli, define):
    define("app", "requires: aarch64")
    code, out, _ = cli("graph", "app", "--all-targets", "--format", "json")
    targets = json.loads(out)["targets"]
    assert (code, len(targets)) == (0, 16)
    assert {item["target"]: len(item["chains"]) for item in targets}["orin-jp62"] == 1
    assert {item["target"]: len(item["absent"]) for item in targets}["x86-cu130"] == 1


def test_what_does_not_resolve_is_counted_in_a_graph_of_everything(cli, define):
    define("app", "depends: gone")
    code, out, err = cli("graph")
    assert (code, err) == (0, "x86-cu130: 1 do not resolve, and are marked\n")
    assert "dashed" in out


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (("graph", "app"), 1, ["gone", "app/Dockerfile:3"]),
        (("graph", "ap"), 2, ["unknown package ap", "did you mean app?"]),
        (("graph", "--all-targets"), 2, ["one dot graph holds one target", "json or html"]),
        (
            ("graph", "--json", "--all-targets", "--target", "x86-cu130"),
            2,
            ["--all-targets and a target exclude each other"],
        ),
        (("graph", "--output", "/nonexistent/a.svg"), 1, ["/nonexistent/a.svg: No such file"]),
    ],
)
def test_a_graph_that_cannot_be_is_an_error(cli, define, words, code, parts):
    define("app", "depends: gone")
    found, out, err = cli(*words)
    assert (found, out) == (code, "")
    for part in parts:
        assert part in err
