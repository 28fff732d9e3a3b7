"""``doctor`` on recorded machines: what goes where, the exit codes, and --fix."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from jetson_containers.cli import doctor
from jetson_containers.cli.main import main
from jetson_containers.doctor.model import Finding, Host, Remedy
from jetson_containers.platform.evidence import Evidence
from tests.golden.doctor import ROOT, host_of

MACHINES = ROOT / "tests" / "data" / "doctor"
ON_A_CARD = str(MACHINES / "orin-nano-on-a-card.json")
READY = str(MACHINES / "orin-ready.json")
Capture = pytest.CaptureFixture[str]


def test_an_error_makes_exit_code_1_and_a_warning_does_not(capsys: Capture) -> None:
    assert main(["doctor", "--facts", ON_A_CARD]) == 1
    told = capsys.readouterr()
    assert told.out.startswith("error\n  packet-filter ") and told.err == ""
    assert main(["doctor", "--facts", str(MACHINES / "orin-as-reported.json")]) == 0
    assert capsys.readouterr().out.startswith("warning\n")


def test_the_json_document(capsys: Capture) -> None:
    assert main(["doctor", "--facts", ON_A_CARD, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == 1
    assert document["facts"]["l4t"] == {"value": "36.4.3", "source": "/etc/nv_tegra_release"}
    assert document["facts"]["host_cuda"]["value"] is None
    assert document["facts"]["host_cuda"]["reason"]
    first = document["findings"][0]
    assert (first["check"], first["severity"]) == ("packet-filter", "error")
    assert first["remedy"].startswith("sudo systemctl edit docker")
    assert {"check", "severity", "message", "remedy"} <= set(first)


def test_another_target_needs_other_indexes(capsys: Capture) -> None:
    assert main(["doctor", "--facts", READY, "--target", "x86-cu129", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["target"]["name"] == "x86-cu129"
    said = " ".join(item["message"] for item in document["findings"])
    assert "pytorch/cu129" in said and "jetson/jp6" not in said


@pytest.mark.parametrize(
    "words",
    [
        ["--yes"],
        ["--fix", "--facts", READY],
        ["--facts", "/nonexistent"],
        ["--facts", READY, "--target", "nowhere"],
        ["--facts", READY, "--registry", "pc:5000/acme"],
        ["--offline", "--registry", "pc:5000/acme"],
    ],
)
def test_wrong_usage(words: list[str], capsys: Capture) -> None:
    assert main(["doctor", *words]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("error: ")


def test_a_record_of_a_record_is_the_same(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "m.json"
    assert main(["doctor", "--facts", READY, "--record", str(path)]) == 0
    assert f"recorded in {path}" in capsys.readouterr().err
    assert Evidence.from_json(path.read_text()) == Evidence.from_json(Path(READY).read_text())


def test_a_record_that_cannot_be_written_is_an_error(capsys: Capture) -> None:
    assert main(["doctor", "--facts", READY, "--record", "/nonexistent/m.json"]) == 1
    assert "/nonexistent/m.json: the record cannot be written" in capsys.readouterr().err


def test_a_record_names_no_registry_of_the_users() -> None:
    said = {"images pc:5000/acme": "answered", "images docker.io/dustynv": "answered 9"}
    args = doctor.parser().parse_args(["--registry", "pc:5000/acme"])
    kept = doctor._without_own(Evidence("x86_64", commands=said), args)
    assert list(kept.commands) == ["images docker.io/dustynv"]


class Terminal(io.StringIO):
    """Standard input of a person who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine that lacks a file; a safe remedy makes it, another would stop containers."""
    made = tmp_path / "a file"

    def examine(_: object) -> Host:
        return host_of(Evidence("x86_64"))

    def diagnose(_: Host) -> tuple[Finding, ...]:
        if made.exists():
            return (Finding("file", "ok", "it is there"),)
        return (
            Finding("file", "error", "a file is missing", Remedy((("touch", str(made)),), True)),
            Finding("again", "error", "for it too", Remedy((("touch", str(made)),), True)),
            Finding(
                "engine", "info", "x", Remedy((("touch", f"{made}-no"),), True, "all stops")
            ),
            Finding("person", "warning", "y", Remedy((("touch", f"{made}-never"),))),
        )

    monkeypatch.setattr(doctor, "examine", examine)
    monkeypatch.setattr("jetson_containers.doctor.diagnose.diagnose", diagnose)
    return made


def left(made: Path) -> list[str]:
    return sorted(item.name for item in made.parent.iterdir())


def test_safe_remedies_are_run_and_looked_at_again(broken: Path, capsys: Capture) -> None:
    assert main(["doctor", "--fix", "--yes"]) == 0
    told = capsys.readouterr()
    assert left(broken) == ["a file"]
    assert told.out.startswith("ok\n  file              it is there\n")
    assert told.err.count("touch") == 2, "each command once, and shown"
    assert "left out, because all stops" in told.err


def test_a_person_is_asked_before_each(
    broken: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\nyes\n"))
    assert main(["doctor", "--fix"]) == 1
    assert left(broken) == ["a file-no"], "the second was agreed to, and said what it stops"
    assert "note: all stops" in capsys.readouterr().err


def test_without_a_terminal_nothing_is_run(
    broken: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["doctor", "--fix"]) == 2
    assert left(broken) == []
    assert "--yes" in capsys.readouterr().err


def test_a_remedy_that_fails_is_told_and_ends_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    steps = (("false",), ("touch", str(tmp_path / "x")))
    missing = (("no-such-program-here",),)
    monkeypatch.setattr(doctor, "examine", lambda _: host_of(Evidence("x86_64")))
    monkeypatch.setattr(
        "jetson_containers.doctor.diagnose.diagnose",
        lambda _: (
            Finding("a", "error", "m", Remedy(steps, True)),
            Finding("b", "error", "m", Remedy(missing, True)),
        ),
    )
    assert main(["doctor", "--fix", "--yes"]) == 1
    told = capsys.readouterr().err
    assert "false ended with exit code 1" in told
    assert "no-such-program-here cannot be run" in told
    assert list(tmp_path.iterdir()) == []
