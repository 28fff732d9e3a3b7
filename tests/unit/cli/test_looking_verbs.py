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
