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
    assert (code, err) == (0, "not resolved and marked as such: 1 on x86-cu130\n")
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


def test_a_list_marks_the_version_that_the_name_means(cli, define):
    define("torch:2.8", "alias: torch", "group: ml")
    define("torch:2.9", "group: ml")
    code, out, _ = cli("list")
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["torch:2.8", "*", "ml"],
        ["torch:2.9", "ml"],
    ]


def test_a_list_of_all_targets_says_on_how_many_a_package_is(cli, define):
    define("app")
    define("server", "requires: x86_64")
    _, out, err = cli("list", "--all-targets")
    assert [line.split() for line in out.splitlines()] == [
        ["app", "*", "all", "targets"],
        ["server", "*", "3", "of", "16", "targets"],
    ]
    assert err == ""
    _, out, _ = cli("list", "server", "--all-targets", "--json")
    (item,) = json.loads(out)["packages"]
    assert item["targets"] == ["x86-cu128", "x86-cu129", "x86-cu130"]
    assert set(item) >= {"name", "version", "aliases", "group", "depends", "requires", "path"}


def test_a_list_says_why_what_was_asked_for_is_not_in_it(cli, define):
    define("jet", "requires: '<36'")
    code, out, err = cli("list", "jet")
    assert (code, out) == (1, "")
    assert "jet is not for x86-cu130: needs L4T <36" in err


def test_a_faulty_definition_is_said_once_for_all_targets_and_many_are_counted(cli, define):
    for number in range(5):
        define(f"bad{number}", "depends: [{x: 1}]")
    _, _, err = cli("list", "--all-targets")
    lines = err.splitlines()
    assert len(lines) == 4
    assert "bad0/Dockerfile:3" in lines[0] and "(orin-jp62 and 15 others)" in lines[0]
    assert lines[-1] == "2 more definitions have faults; --verbose shows them"
    assert len(cli("list", "--all-targets", "--verbose")[2].splitlines()) == 5


def rows(out: str) -> dict[str, list[str]]:
    """The rows of ``show`` for one package: title -> lines."""
    found: dict[str, list[str]] = {}
    title = ""
    for line in out.splitlines()[1:]:
        title = line[2:14].strip() or title
        found.setdefault(title, []).append(line[14:])
    return found


def test_a_package_is_shown_with_what_it_needs_and_who_needs_it(cli, define):
    define("lib:1.0", "alias: lib")
    define("lib:2.0")
    path = define("app", "depends: [lib]", "requires: '>=36'", "build_args: {A: 1, B: x y}")
    define("top", "depends: [app, 'lib:2.0']")
    code, out, err = cli("show", "app")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "app on x86-cu130"
    found = rows(out)
    assert found["defined"] == [f"{path}:2"]
    assert found["depends"] == [f"lib -> lib:1.0  {path}:3"]
    assert found["requires"] == [">=36       holds"]
    assert found["build args"] == ["A=1", "B=x y"]
    assert found["chain"] == ["2 packages, 2 built:", "lib:1.0, app"]
    assert found["needed by"] == ["top"]


def test_notes_cannot_write_to_the_terminal(cli, define):
    define("app", r'notes: "a \e[31mred\ttext\nand more"', r'group: "g\e[2J"')
    shown, listed = cli("show", "app")[1], cli("list")[1]
    assert "\x1b" not in shown + listed
    assert r"a \x1b[31mred" in shown
    assert "and more\n" in shown


@pytest.mark.parametrize("words", [("list", ""), ("list", " , "), ("why", ""), ("why", "app", "")])
def test_an_empty_word_names_no_package(cli, define, words):
    define("app")
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert "no package was named" in err


def test_a_list_takes_several_names_in_one_word(cli, define):
    for name in ("app", "base", "other"):
        define(name)
    assert [line.split()[0] for line in cli("list", "app,base")[1].splitlines()] == ["app", "base"]


def test_a_name_means_its_default_version_and_a_wildcard_every_one(cli, define):
    define("lib:1.0", "alias: lib")
    define("lib:2.0")
    shown = {
        word: [line for line in cli("show", word)[1].splitlines() if line[:1] not in ("", " ")]
        for word in ("lib", "lib:2.0", "lib:*", "lib>=1")
    }
    one, two = "lib:1.0 on x86-cu130", "lib:2.0 on x86-cu130"
    assert shown == {"lib": [one], "lib:2.0": [two], "lib:*": [one, two], "lib>=1": [one, two]}
    assert rows(cli("show", "lib")[1])["versions"] == ["1.0 (default), 2.0"]


def test_a_package_for_other_targets_is_shown_with_the_reason(cli, define):
    define("jet", "requires: ['<36', aarch64]")
    code, out, _ = cli("show", "jet")
    assert code == 0
    found = rows(out)
    assert found["requires"][0].startswith("<36        needs L4T <36, x86-cu130 has")
    assert found["requires"][1].startswith("aarch64    needs a machine of kind aarch64")
    assert found["chain"] == ["none: not for this target"]


def test_what_does_not_resolve_is_shown_with_the_reason(cli, define):
    define("app", "depends: gone")
    code, out, _ = cli("show", "app")
    assert code == 0
    found = rows(out)
    assert found["depends"][0].startswith("gone -> nothing here")
    assert found["chain"][0] == "does not resolve:"
    assert any("gone" in line for line in found["chain"][1:])


def test_where_a_package_resolves_is_shown_for_all_targets(cli, define):
    define("app", "requires: x86_64")
    words = ("show", "app", "--all-targets", "--target", "orin-jp62")
    _, out, _ = cli(*words)
    found = rows(out)["targets"]
    assert found[:2] == ["resolves on 3 of 16", "app on x86-cu128 x86-cu129 x86-cu130"]
    assert len(found) == 2 + 13
    _, out, _ = cli(*words, "--json")
    (item,) = json.loads(out)["packages"]
    assert [one["target"] for one in item["targets"] if one["resolves"]] == [
        "x86-cu128",
        "x86-cu129",
        "x86-cu130",
    ]


def test_an_unknown_package_answers_with_the_nearest_names(cli, define):
    define("torch")
    code, out, err = cli("show", "troch", "nothing*")
    assert (code, out) == (2, "")
    assert "did you mean torch?" in err
