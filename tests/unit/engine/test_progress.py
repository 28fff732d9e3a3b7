"""Reading what buildx says, in both of its forms."""

from __future__ import annotations

import base64
import json

import pytest

from jetson_containers.engine.events import LogLine, StepStarted
from jetson_containers.engine.progress import (
    LONGEST_LINE,
    Kept,
    ProgressReader,
    failing_lines,
    plain,
)


def log(vertex: str, text: str) -> dict[str, str]:
    return {"vertex": vertex, "data": base64.b64encode(text.encode()).decode()}


DOCUMENTS = [
    {"vertexes": [{"digest": "a", "name": "[internal] load", "started": "1"}]},
    {"vertexes": [{"digest": "b", "name": "[2/3] RUN make", "started": "1"}]},
    {"vertexes": [{"digest": "b", "name": "[2/3] RUN make", "started": "1"}]},
    {"logs": [log("b", "one\ntw"), log("b", "o\n\x1b[31mred\x1b[0m\n")]},
    {"vertexes": [{"digest": "b", "name": "[2/3] RUN make", "error": "exit code: 2"}]},
]


@pytest.mark.parametrize("indent", [None, 2])
def test_steps_and_lines_become_events(indent):
    reader = ProgressReader("stage")
    text = "".join(json.dumps(item, indent=indent) + "\n" for item in DOCUMENTS)
    events = [event for line in text.splitlines(keepends=True) for event in reader.feed(line)]
    assert events == [
        StepStarted("stage", "[2/3] RUN make"),
        LogLine("stage", "one"),
        LogLine("stage", "two"),
        LogLine("stage", "red"),
    ]
    assert reader.failed_step == "[2/3] RUN make"
    assert reader.failure_lines() == ("one", "two", "red")


def test_a_last_line_without_its_end_is_not_lost():
    reader = ProgressReader("stage")
    documents = [
        {"logs": [log("b", "one\nERROR: disk exploded")]},
        {"vertexes": [{"digest": "b", "name": "RUN x", "error": "exit code: 2"}]},
    ]
    for item in documents:
        list(reader.feed(json.dumps(item)))
    assert reader.failure_lines() == ("one", "ERROR: disk exploded")


def test_a_line_that_is_no_document_is_told():
    reader = ProgressReader("stage")
    assert list(reader.feed("ERROR: no such file\n")) == [LogLine("stage", "ERROR: no such file")]
    assert reader.errors == ["ERROR: no such file"]


def test_of_an_overwritten_line_the_last_words_stay():
    assert plain("10%\r50%\r100% done \n") == "100% done"


def test_the_lines_that_tell_why_are_kept_and_gaps_marked():
    lines = tuple(f"line {number}" for number in range(200))
    lines = (*lines[:50], "error: missing header", *lines[50:])
    shown = failing_lines(lines)
    assert "error: missing header" in shown
    assert shown[-1] == "line 199"
    assert "…" in shown
    assert len(shown) <= 23
    assert failing_lines(lines[:5]) == lines[:5]


def test_of_an_endless_output_the_ends_and_the_signs_of_failure_are_kept():
    kept = Kept()
    for number in range(100_000):
        kept.add("fatal: no such thing" if number == 50_000 else f"line {number}")
    lines = kept.lines()
    assert len(lines) < 3000
    assert (lines[0], lines[-1]) == ("line 0", "line 99999")
    assert "fatal: no such thing" in lines
    assert "… 97499 lines …" in lines
    assert "fatal: no such thing" in failing_lines(lines)


def test_a_short_output_is_kept_whole():
    kept = Kept()
    for number in range(2_500):
        kept.add(str(number))
    assert kept.lines() == tuple(map(str, range(2_500)))


def test_an_output_without_line_ends_does_not_wait_for_one():
    reader = ProgressReader("stage")
    vertex = {"digest": "b", "name": "[2/3] RUN make", "started": "1"}
    list(reader.feed(json.dumps({"vertexes": [vertex]})))
    events = [
        event
        for _ in range(20)
        for event in reader.feed(json.dumps({"logs": [log("b", "x" * 8_000)]}))
    ]
    assert sum(len(event.text) for event in events if isinstance(event, LogLine)) == 160_000
    list(reader.feed(json.dumps({"vertexes": [{**vertex, "error": "exit code: 2"}]})))
    assert all(len(line) <= LONGEST_LINE for line in reader.failure_lines())
