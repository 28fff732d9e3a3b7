"""The record of a run: written line by line, read whatever stopped the writing."""

from __future__ import annotations

import functools
import json
import os
from datetime import datetime, timezone
from itertools import count
from pathlib import Path

import pytest

from jetson_containers.engine import events
from jetson_containers.engine.journal import (
    Entry,
    Header,
    Journal,
    list_runs,
    new_run,
    read_run,
    utc,
)
from jetson_containers.engine.unfinished import last_unfinished, left
from jetson_containers.errors import BuilderError
from jetson_containers.plan.model import Plan
from tests.golden.plans import plan

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=timezone.utc)


@functools.cache
def numpy() -> Plan:
    return plan("x86-cu130", "numpy")


def header(directory: Path, *words: str) -> Header:
    return Header(
        run=directory.name,
        begun=utc(NOON),
        program="1.0",
        argv=("build", *(words or ("numpy",))),
        cores=8,
        memory=16_000_000_000,
        directory="/work",
    )


def written(runs: Path, *happened: events.Event, words: tuple[str, ...] = ()) -> Path:
    """A journal with these events, a quarter of a second apart."""
    directory = new_run(runs, NOON)
    ticks = count()
    journal = Journal.begin(
        directory, header(directory, *words), [numpy()], lambda: next(ticks) / 4
    )
    for event in happened:
        journal.write(event)
    journal.close()
    return directory


HAPPENED = (
    events.StageFound("a", "jetson-stage/a:1", "local"),
    events.StageStarted("b", ("docker", "buildx", "build"), "never built here", 1),
    events.LogLine("b", "compiling"),
    events.TestFinished("b", "b:1", "test.py", True, "deferred", 1.5, "no GPU"),
    events.StageFinished("b", 60.5, 1_000_000),
    events.RunEnded(
        "", "done", 61.0, ({"reference": "b:1", "digest": "sha256:0", "size": 1},), ()
    ),
)


def test_what_is_written_is_read_but_for_the_output_of_steps(tmp_path):
    run = read_run(written(tmp_path, *HAPPENED))
    assert run.header == header(run.directory)
    assert [entry.event for entry in run.entries] == [
        event for event in HAPPENED if not isinstance(event, events.LogLine)
    ]
    assert [entry.t for entry in run.entries] == [0.25, 0.5, 0.75, 1.0, 1.25]
    assert run.ended == HAPPENED[-1]
    assert [item["target"]["name"] for item in run.plans()] == ["x86-cu130"]


def test_a_line_that_is_not_whole_is_left_out_wherever_it_ends(tmp_path):
    directory = written(tmp_path, *HAPPENED)
    journal = directory / "journal.jsonl"
    whole = journal.read_bytes()
    first = whole.index(b"\n") + 1
    events_ = [event for event in HAPPENED if not isinstance(event, events.LogLine)]
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")][1:]
    for end in range(first, len(whole) + 1):
        journal.write_bytes(whole[:end])
        found = [entry.event for entry in read_run(directory).entries]
        # a line that lacks nothing but its line end is whole
        assert found == events_[: sum(at <= end for at in ends)]


def test_a_journal_of_a_newer_program_is_refused(tmp_path):
    directory = written(tmp_path)
    (directory / "journal.jsonl").write_text('{"format": 2, "run": "x", "unheard": "of"}\n')
    with pytest.raises(BuilderError, match="format 2, this program knows 1") as caught:
        read_run(directory)
    assert "newer program" in caught.value.hint


@pytest.mark.parametrize("content", ["", "{", '{"t": 1}\n', '["format"]\n', '{"format": 1}\n'])
def test_a_journal_without_a_first_line_is_refused(tmp_path, content):
    directory = written(tmp_path)
    (directory / "journal.jsonl").write_text(content)
    with pytest.raises(BuilderError, match="first line"):
        read_run(directory)


def test_events_of_later_programs_of_this_format_are_left_out(tmp_path):
    directory = written(tmp_path, HAPPENED[0])
    with (directory / "journal.jsonl").open("a") as file:
        file.write('{"t": 9, "event": "StageTeleported", "stage": "a"}\n')
        file.write('{"t": 9.5, "event": "StageFinished", "stage": "b", "seconds": 1, "size": 2,')
        file.write(' "mood": "good"}\n')
    assert read_run(directory).entries[1:] == (Entry(9.5, events.StageFinished("b", 1, 2)),)


def test_a_clock_that_goes_back_changes_no_order(tmp_path):
    first = new_run(tmp_path, NOON)
    again = new_run(tmp_path, NOON)
    earlier = new_run(tmp_path, NOON.replace(hour=3))
    later = new_run(tmp_path, NOON.replace(hour=13))
    names = [path.name for path in (first, again, earlier, later)]
    assert names == sorted(set(names))
    assert earlier.name == "20261121-120000-002"


def test_a_full_disk_ends_the_writing_and_not_the_run(tmp_path):
    directory = new_run(tmp_path, NOON)
    full = os.open("/dev/full", os.O_WRONLY)
    journal = Journal(directory, full, lambda: 0.0)
    journal.write(HAPPENED[0])
    journal.write(HAPPENED[1])
    journal.close()


def test_a_run_is_alive_as_long_as_its_process_writes(tmp_path):
    directory = new_run(tmp_path, NOON)
    journal = Journal.begin(directory, header(directory), [], lambda: 0.0)
    assert read_run(directory).alive
    journal.close()
    assert not read_run(directory).alive


def test_only_directories_with_a_journal_are_runs(tmp_path):
    directory = written(tmp_path)
    new_run(tmp_path, NOON)
    (tmp_path / "notes").write_text("mine")
    assert list_runs(tmp_path) == (directory,)
    assert list_runs(tmp_path / "none") == ()


def test_the_last_run_that_did_not_end_tells_what_is_left(tmp_path):
    stages = numpy().stages
    directory = written(
        tmp_path,
        events.StageFound(stages[0].id, stages[0].reference),
        events.StageStarted(stages[1].id, ("docker",)),
    )
    run = last_unfinished(tmp_path)
    assert run is not None
    assert run.directory == directory
    rest = left(run)
    assert rest.finished == (stages[0].title,)
    assert rest.begun == (stages[1].title,)
    assert rest.waiting == tuple(stage.title for stage in stages[2:])
    assert rest.images == ("numpy:2.3.5-amd64-cu130-24.04",)


def test_nothing_is_left_of_a_run_that_was_repeated_to_its_end(tmp_path):
    written(tmp_path, HAPPENED[0])
    written(tmp_path, HAPPENED[-1])
    assert last_unfinished(tmp_path) is None
    other = written(tmp_path, HAPPENED[0], words=("pytorch",))
    written(tmp_path, HAPPENED[-1])
    found = last_unfinished(tmp_path)
    assert found is not None
    assert found.directory == other


def test_a_journal_that_cannot_be_read_hides_no_other_run(tmp_path):
    directory = written(tmp_path, HAPPENED[0])
    (written(tmp_path) / "journal.jsonl").write_text(json.dumps({"format": 99}) + "\n")
    found = last_unfinished(tmp_path)
    assert found is not None
    assert found.directory == directory
