"""``report``: finding runs, formats, files, exit codes; no engine answers here."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest

from jetson_containers.cli.main import main
from tests.unit.report.runs import FORK, FORK_EVENTS, ended, plan, write_run


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs in the user's cache, the second without an end."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "jetson-containers" / "runs"
    write_run(folder / "20261120-100000-000", [plan(FORK)], [*FORK_EVENTS, ended(16.0, "failed")])
    write_run(folder / "20261121-100000-000", [plan(FORK)], FORK_EVENTS)
    return folder


def test_the_last_run_is_shown_as_a_page(runs, capsys):
    assert main(["report"]) == 0
    out = capsys.readouterr().out
    assert "<title>Run 20261121-100000-000</title>" in out


def test_the_last_run_that_can_be_read_is_shown(runs, capsys):
    for name, text in (("20261122", ""), ("20261123", '{"format": 99}\n')):
        (runs / f"{name}-000000-000").mkdir()
        (runs / f"{name}-000000-000" / "journal.jsonl").write_text(text)
    assert main(["report", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["run"] == "20261121-100000-000"
    assert told.err.count("left out: ") == 2
    assert main(["report", "20261123"]) == 1


def test_only_unreadable_runs_are_an_error(runs, capsys):
    for path in runs.glob("*/journal.jsonl"):
        path.write_text("")
    assert main(["report"]) == 1
    assert "20261121-100000-000" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["20261120-100000-000", "20261120", "DIRECTORY"])
def test_a_run_is_named_by_its_id_its_beginning_or_its_directory(runs, capsys, words):
    name = words.replace("DIRECTORY", str(runs / "20261120-100000-000"))
    assert main(["report", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"] == "20261120-100000-000"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["2027"], "no run is called 2027"),
        (["2026"], "2 runs begin with 2026"),
        (["2026", "--list"], "exclude each other"),
        (["--compare", "20261120", "20261121", "--format", "junit"], "text or JSON"),
        (["--output", "/nonexistent/report.html"], "cannot be written"),
        (["--output", "report.txt"], "the suffix tells no format"),
    ],
)
def test_words_that_do_not_fit_are_usage_errors(runs, capsys, words, said):
    assert main(["report", *words]) == 2
    assert said in capsys.readouterr().err


def test_the_suffix_of_the_file_says_the_format(runs, tmp_path, capsys):
    assert main(["report", "--output", "report.xml"]) == 0
    assert capsys.readouterr().out == ""
    assert xml.parse(tmp_path / "report.xml").getroot().tag == "testsuites"


def test_runs_are_listed_and_damaged_ones_named(runs, capsys):
    (runs / "20261119-000000-000").mkdir()
    (runs / "20261119-000000-000" / "journal.jsonl").write_text("")
    assert main(["report", "--list"]) == 0
    told = capsys.readouterr()
    assert [line.split()[:2] for line in told.out.splitlines()] == [
        ["20261120-100000-000", "failed"],
        ["20261121-100000-000", "killed"],
    ]
    assert "2 of 5 stages built" in told.out
    assert "warning" in told.err
    assert "20261119-000000-000" in told.err


def test_two_runs_are_compared(runs, capsys):
    assert main(["report", "--compare", "20261120", "20261121"]) == 0
    assert "rebuilt" in capsys.readouterr().out


def test_without_a_run_the_remedy_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main(["report"]) == 2
    assert "jetson-containers build PKG" in capsys.readouterr().err
