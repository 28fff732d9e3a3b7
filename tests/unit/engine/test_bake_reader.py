"""One stream of progress of many targets becomes the events of each."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

from jetson_containers.engine.bake import BakeReader
from jetson_containers.engine.events import LogLine, StageFinished, StageStarted, StepStarted
from jetson_containers.plan.bake import target_name
from jetson_containers.plan.model import Stage
from tests.golden.bake_files import plan

FIRST, SECOND, _ = plan("x86-cu130").stages
NOW = "2026-01-01T00:00:00Z"


def _reader(*stages: Stage) -> BakeReader:
    ticks = iter(range(100))
    return BakeReader(
        stages or (FIRST, SECOND),
        ("docker", "buildx", "bake"),
        size=lambda stage: 7,
        why=lambda stage: f"because of {stage.package}",
        clock=lambda: float(next(ticks)),
    )


def _vertex(stage: Stage, step: str, digest: str, *, whole: bool = False, **more: object) -> str:
    name = target_name(stage)
    text = f"[{name}] {step}" if whole else f"[{name} {step}"
    return json.dumps({"vertexes": [{"digest": digest, "name": text, "started": NOW, **more}]})


def _log(digest: str, text: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    return json.dumps({"logs": [{"vertex": digest, "data": data}]})


def _events(reader: BakeReader, *lines: str) -> list[object]:
    return [event for line in lines for event in reader.feed(line + "\n")]


def test_steps_and_output_go_to_the_stage_of_their_target():
    events = _events(
        _reader(),
        _vertex(FIRST, "2/2] RUN one", "d1"),
        _vertex(SECOND, "2/2] RUN two", "d2"),
        _log("d2", "from two\n"),
        _log("d1", "from one\n"),
    )
    assert [type(event) for event in events] == [StageStarted, StepStarted] * 2 + [LogLine] * 2
    assert events[1] == StepStarted(FIRST.id, "[2/2] RUN one")
    assert events[-2:] == [LogLine(SECOND.id, "from two"), LogLine(FIRST.id, "from one")]


def test_stages_at_the_same_time_have_lanes_of_their_own():
    first, second = (
        event
        for event in _events(
            _reader(),
            _vertex(FIRST, "internal] load build definition", "d1"),
            _vertex(SECOND, "internal] load build definition", "d2"),
        )
        if isinstance(event, StageStarted)
    )
    assert (first.lane, second.lane) == (1, 2)
    assert first.command == ("docker", "buildx", "bake", target_name(FIRST))
    assert first.why == f"because of {FIRST.package}"


def test_a_stage_is_finished_when_its_image_is_written():
    events = _events(
        _reader(),
        _vertex(FIRST, "2/2] RUN one", "d1", completed=NOW),
        _vertex(FIRST, "exporting to image", "d3", whole=True, completed=NOW),
        _vertex(SECOND, "2/2] RUN two", "d2"),
    )
    assert StageFinished(FIRST.id, 1.0, 7) in events
    assert next(e for e in events if isinstance(e, StageStarted) and e.stage == SECOND.id).lane == 1


def test_documents_over_several_lines_are_read():
    whole = json.dumps(json.loads(_vertex(FIRST, "2/2] RUN one", "d1")), indent=2)
    assert any(isinstance(event, StepStarted) for event in _events(_reader(), *whole.split("\n")))


def test_a_step_of_no_target_is_left_out():
    vertex = {"digest": "x", "name": "[internal] load local bake definitions", "started": NOW}
    assert _events(_reader(), json.dumps({"vertexes": [vertex]})) == []


def test_what_failed_is_told_with_its_output_and_what_was_stopped_is_not():
    reader = _reader()
    _events(
        reader,
        _vertex(FIRST, "2/2] RUN one", "d1"),
        _vertex(SECOND, "2/2] RUN two", "d2"),
        _log("d1", "fatal: no luck\n"),
        _vertex(FIRST, "2/2] RUN one", "d1", completed=NOW, error="exit code: 1"),
        _vertex(SECOND, "2/2] RUN two", "d2", completed=NOW, error="context canceled: canceled"),
        "ERROR: failed to solve",
    )
    (failed,) = reader.failures().items()
    assert failed[0] == FIRST.id
    assert "failed at [2/2] RUN one" in str(failed[1])
    assert failed[1].lines == ("fatal: no luck",)
    assert reader.words == ["ERROR: failed to solve"]


def test_stages_whose_names_begin_alike_are_told_apart():
    longer = replace(FIRST, id=f"{FIRST.id}-more")
    events = _events(_reader(FIRST, longer), _vertex(longer, "2/2] RUN x", "d1"))
    assert {event.stage for event in events} == {longer.id}


#: what buildx 0.13 names the steps of a bake of one target, recorded: no target in them
ONE = (
    ("d0", "[internal] load local bake definitions"),
    ("d1", "[internal] load build definition from Dockerfile"),
    ("d2", "[1/2] FROM docker.io/jetson-test/tiny:1@sha256:45a8e8353977"),
    ("d3", "[2/2] RUN echo hello"),
)


def _one(digest: str, name: str, **more: object) -> str:
    vertex = {"digest": digest, "name": name, "started": NOW, **more}
    return json.dumps({"vertexes": [vertex]}, indent=2)


def _read(reader: BakeReader, *documents: str) -> list[object]:
    return _events(reader, *(line for text in documents for line in text.split("\n")))


def test_the_steps_of_a_single_target_are_its_own():
    reader = _reader(FIRST)
    events = _read(
        reader,
        *(_one(digest, name) for digest, name in ONE),
        _log("d3", "hello\n"),
        *(_one(digest, name, completed=NOW) for digest, name in ONE),
        _one("d4", "exporting to image", completed=NOW),
    )
    assert [type(event) for event in events].count(StageStarted) == 1
    (started,) = (event for event in events if isinstance(event, StageStarted))
    assert started.command == ("docker", "buildx", "bake", target_name(FIRST))
    assert StepStarted(FIRST.id, "[2/2] RUN echo hello") in events
    assert LogLine(FIRST.id, "hello") in events
    assert events[-1] == StageFinished(FIRST.id, 1.0, 7)
    assert reader.seconds == {FIRST.id: 1.0}


def test_the_failure_of_a_single_target_is_its_own():
    reader = _reader(FIRST)
    _read(
        reader,
        *(_one(digest, name) for digest, name in ONE),
        _log("d3", "fatal: no luck\n"),
        _one("d3", "[2/2] RUN echo hello", completed=NOW, error="exit code: 1"),
        "--------------------",
        "ERROR: failed to solve: exit code: 1",
    )
    (failed,) = reader.failures().items()
    assert failed[0] == FIRST.id
    assert "failed at [2/2] RUN echo hello" in str(failed[1])
    assert failed[1].lines == ("fatal: no luck",)
    assert reader.running() == {FIRST.id: 1.0}


def test_a_failure_without_a_step_is_that_of_the_target_which_buildx_names():
    reader = _reader()
    words = f"ERROR: target {target_name(SECOND)}: failed to solve: dockerfile parse error"
    _events(reader, "Dockerfile:3", words)
    ((item, error),) = reader.failures().items()
    assert item == SECOND.id
    assert "failed at failed to solve: dockerfile parse error" in str(error)

    alone = _reader(FIRST)
    _events(alone, "ERROR: failed to solve: dockerfile parse error")
    assert set(alone.failures()) == {FIRST.id}
