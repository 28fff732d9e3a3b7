"""A layer that the engine collects while it is written is built again, a few times."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.engine.buildkit import BuildKitEngine
from jetson_containers.engine.events import LogLine
from jetson_containers.engine.protocol import StepFailed
from tests.unit.engine.test_command import REQUEST

LOST = "building app failed at ERROR: failed to solve: not found"


class Losing(BuildKitEngine):
    """Loses the layer as often as there are failures."""

    def __init__(self, *failures: str) -> None:
        super().__init__("unix:///nowhere", Path("docker"), {})
        self.failures = list(failures)
        self.tries = 0

    def _load_layout(self, *_) -> None:
        self.tries += 1
        if self.failures:
            raise StepFailed(self.failures.pop())


def test_a_lost_layer_costs_one_more_try_and_is_told():
    engine, told = Losing(LOST), []
    engine._build_layout(REQUEST, told.append)
    assert engine.tries == 2
    assert [type(event) for event in told] == [LogLine]


def test_a_layer_that_is_lost_each_time_is_a_failure():
    engine = Losing(*[LOST] * 9)
    with pytest.raises(StepFailed):
        engine._build_layout(REQUEST, lambda event: None)
    assert engine.tries == 3


def test_a_step_that_fails_is_not_tried_again():
    engine = Losing("building app failed at [2/2] RUN false")
    with pytest.raises(StepFailed):
        engine._build_layout(REQUEST, lambda event: None)
    assert engine.tries == 1
