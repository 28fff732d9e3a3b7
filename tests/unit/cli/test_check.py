"""``check`` on a small tree: table, causes, JSON, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jetson_containers.check.model import FOREIGN
from jetson_containers.cli.main import main
from tests.unit.check.trees import GOOD, write

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "check.md"

CLEAN = {"a/Dockerfile": GOOD, "b/Dockerfile": "#---\n# depends: a\n#---\n" + GOOD}
FAULTY = {**CLEAN, "c/Dockerfile": "#---\n# depends: gone\n#---\n" + GOOD}
WARNED = {**CLEAN, "c/Dockerfile": "#---\n# build_args: {X: 1}\n#---\n" + GOOD}
NOTED = {**CLEAN, "c/Dockerfile": GOOD + "RUN pip install numpy\n"}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Check a tree of these files with these words: exit code, stdout, stderr."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def checked(files: dict[str, str], *words: str) -> tuple[int, str, str]:
        tree = write(tmp_path / "tree", files)
        code = main(["check", *words, "--package-dirs", str(tree), "--only-dirs"])
        return (code, *capsys.readouterr())

    return checked


def test_a_clean_tree_is_done_on_every_known_target(run: Run):
    code, out, _ = run(CLEAN, "--json")
    document = json.loads(out)
    assert (code, document["format"], document["findings"]) == (0, 1, [])
    assert len(document["targets"]) == 16
    assert document["checked"] == document["ok"] == 32
    assert document["seconds"] > 0


def test_an_error_ends_with_one_and_says_what_where_and_how(run: Run):
    code, out, _ = run(FAULTY, "--json", "--target", "x86-cu130,thor-jp72", "--target", "orin-jp62")
    document = json.loads(out)
    assert code == 1
    assert document["targets"] == ["x86-cu130", "thor-jp72", "orin-jp62"]
    assert (document["checked"], document["ok"]) == (9, 6)
    assert [item["target"] for item in document["findings"]] == document["targets"]
    first = document["findings"][0]
    assert set(first) >= {"target", "package", "code", "message", "file", "line", "hint"}
    assert (first["package"], first["code"]) == ("c", "missing-package")
    assert (first["file"], first["line"]) == ("tree/c/Dockerfile", 2)


def test_a_warning_about_a_foreign_tree_is_shown_and_done(run: Run):
    code, out, _ = run(WARNED, "--target", "x86-cu130")
    assert code == 0
    assert "warning undeclared-build-arg: tree/c/Dockerfile" in out


def test_notes_are_counted_and_listed_with_verbose(run: Run):
    code, out, _ = run(NOTED, "--json", "--target", "x86-cu130")
    document = json.loads(out)
    assert (code, document["findings"]) == (0, [])
    assert document["notes"] == {"unpinned-download": 1}
    _, out, _ = run(NOTED, "--json", "--target", "x86-cu130", "--verbose")
    assert [item["severity"] for item in json.loads(out)["findings"]] == ["info"]
    _, out, _ = run(NOTED, "--target", "x86-cu130")
    assert "pip installs" not in out and "--verbose" in out


def test_the_table_has_a_row_a_target_and_a_cause_is_said_once(run: Run):
    code, out, _ = run(FAULTY, "--target", "x86-cu130,orin-jp62")
    assert code == 1
    rows = [line.split() for line in out.splitlines()[1:3]]
    assert rows == [
        ["x86-cu130", "3", "2", "0", "1", "0", "0"],
        ["orin-jp62", "3", "2", "0", "1", "0", "0"],
    ]
    assert out.count("missing-package") == 1
    assert "targets: all" in out


def test_most_of_the_targets_are_told_by_those_that_are_left(run: Run):
    files = {"a/Dockerfile": "#---\n# depends: gone\n# requires: '>=36'\n#---\n" + GOOD}
    _, out, _ = run(files, "--target", "x86-cu130,nano-jp46,thor-jp72")
    assert "targets: all but nano-jp46" in out


def test_two_runs_differ_in_nothing_but_the_time(run: Run):
    first, second = (json.loads(run(FAULTY | NOTED, "--json")[1]) for _ in range(2))
    del first["seconds"], second["seconds"]
    assert json.dumps(first) == json.dumps(second)


def test_patterns_choose_the_packages(run: Run):
    code, out, _ = run(FAULTY, "a", "b", "--json", "--target", "x86-cu130")
    assert (code, json.loads(out)["checked"]) == (0, 2)


def test_a_pattern_may_have_a_specifier_as_for_list(run: Run):
    files = {"lib/config.py": "package = [{'name': f'lib:{v}'} for v in (1, 2, 3)]\n"}
    code, out, _ = run(files, "lib>=2", "--json", "--target", "x86-cu130")
    assert (code, json.loads(out)["checked"]) == (0, 2)
    code, _, err = run(files, "lib>>2", "--target", "x86-cu130,thor-jp72")
    assert code == 2
    assert "'lib>>2' is no pattern of packages" in err


def test_a_pattern_that_fits_nothing_answers_with_the_nearest_names(run: Run):
    code, _, err = run({"torch/Dockerfile": GOOD}, "troch")
    assert code == 2
    assert "no package matches troch" in err and "did you mean torch?" in err


def test_recorded_facts_name_the_target(run: Run, tmp_path: Path):
    host = GUIDE.parents[1] / "tests" / "cases" / "hosts" / "orin-l4t-from-package.json"
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps(json.loads(host.read_text("utf-8"))["evidence"]))
    code, out, _ = run(CLEAN, "--json", "--facts", str(facts))
    assert (code, json.loads(out)["targets"]) == (0, ["orin-jp62"])


def test_an_unknown_target_answers_with_the_nearest_names(run: Run):
    code, _, err = run(CLEAN, "--target", "orin-jp66")
    assert code == 2
    assert "orin-jp62" in err


def test_the_guide_tells_every_rule_with_its_weight():
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in GUIDE.read_text("utf-8").splitlines()
        if line.startswith("| `")
    ]
    assert {row[0]: row[1] for row in rows if row[0] in FOREIGN} == dict(FOREIGN)
