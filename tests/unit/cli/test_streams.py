"""What a verb prints is written, or its exit code tells; without a word of the interpreter's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")

VERBS = [
    ("list",),
    ("list", "--json"),
    ("plan", "app"),
    ("graph",),
    ("show", "app"),
    ("why", "app"),
    ("why-not", "app", "--json"),
    ("check",),
]


@pytest.fixture
def start(tmp_path: Path):
    """Run words in a process of their own with a given stdout; give exit code and stderr."""
    directory = tmp_path / "tree" / "app"
    directory.mkdir(parents=True)
    (directory / "Dockerfile").write_text("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n")

    def run(words: tuple[str, ...], stdout: int, **more: object) -> tuple[int, str]:
        looking = words[-1] not in ("--help", "--version", "targets")
        here = ("--package-dirs", str(tmp_path / "tree"), "--only-dirs", "--target", "x86-cu130")
        done = subprocess.run(
            [sys.executable, "-I", "-m", "jetson_containers.cli.main", *words, *(here * looking)],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
            **more,
        )
        return done.returncode, done.stderr

    return run


@pytest.mark.parametrize("words", [*VERBS, ("targets",), ("list", "--help"), ("--version",)])
def test_a_reader_that_went_away_costs_only_the_exit_code(start, words):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert start(words, writing) == (1, "")
    finally:
        os.close(writing)


@pytest.mark.skipif(not FULL.exists(), reason="no full device here")
@pytest.mark.parametrize("words", [*VERBS, ("targets",), ("list", "--help"), ("--version",)])
def test_what_cannot_be_written_is_an_error_of_one_line(start, words):
    with FULL.open("w") as full:
        code, told = start(words, full.fileno())
    assert (code, told.count("\n")) == (1, 1)
    assert told.startswith("error: ")
    assert told.endswith("No space left on device\n")


@pytest.mark.parametrize("words", [("list",), ("plan", "app"), ("--version",)])
def test_closed_streams_are_taken_for_what_nobody_wants_to_read(start, words):
    code, told = start(words, subprocess.DEVNULL, preexec_fn=lambda: os.close(1))
    assert (code, told) == (0, "")


def test_what_was_wrong_before_stays_the_exit_code(start):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        code, told = start(("plan", "nosuch"), writing)
    finally:
        os.close(writing)
    assert code == 2
    assert "unknown package nosuch" in told


def test_a_remark_never_goes_to_stdout_when_stderr_is_closed(tmp_path):
    out = tmp_path / "out"
    with out.open("w") as file:
        subprocess.run(
            [sys.executable, "-I", "-m", "jetson_containers.cli.main", "nosuch"],
            stdout=file,
            preexec_fn=lambda: os.close(2),
        )
    assert out.read_text() == ""
