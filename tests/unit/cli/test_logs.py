"""What is said of logs that BuildKit did not give whole."""

from __future__ import annotations

import pytest

from jetson_containers.cli.logs import ClipWatch
from jetson_containers.engine.events import LogLine, StepStarted
from jetson_containers.engine.private import UNCLIPPED


@pytest.mark.parametrize("limit", ["2MiB", "200KiB/s"])
def test_a_clipped_log_is_told_once_a_stage_with_the_remedy(limit):
    watch, line = ClipWatch(), f"[output clipped, log limit {limit} reached]"
    told = [watch.warning(LogLine(stage, line)) for stage in ("a", "a", "b")]
    assert [item.stage if item else "" for item in told] == ["a", "", "b"]
    assert told[0] is not None
    assert all(f"{name}={value}" in told[0].message for name, value in UNCLIPPED.items())


def test_nothing_else_is_told():
    watch = ClipWatch()
    assert watch.warning(LogLine("a", "compiling clip.c")) is None
    assert watch.warning(LogLine("a", "echo [output clipped, log limit 1 reached] here")) is None
    assert watch.warning(StepStarted("a", "RUN true")) is None
