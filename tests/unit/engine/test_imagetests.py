"""Which results of tests are taken from memory, and what a test that cannot run says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jetson_containers.cli.test_image import _Forgetful
from jetson_containers.engine.dryrun import DryRunEngine
from jetson_containers.engine.imagetests import Subject, TestRecord, TestSettings, run_tests
from jetson_containers.engine.protocol import RunRequest
from jetson_containers.engine.state import State
from jetson_containers.errors import BuilderError
from jetson_containers.plan.model import StageTest

IMAGE = Subject("s", "app:1", "f" * 64, "sha256:1")
OTHER = Subject("s", "app:1", "f" * 64, "sha256:2")
UNKNOWN = Subject("s", "app:1", "f" * 64, "")


class Running(DryRunEngine):
    """Ends every container with ``code``, or refuses it with ``words``."""

    def __init__(self) -> None:
        super().__init__(lambda argv: None)
        self.code = 0
        self.takes = 0.0
        self.words = ""

    def run(self, request: RunRequest, on_line: Callable[[str], None]) -> int:
        if self.words:
            raise BuilderError(self.words)
        time.sleep(self.takes)
        return self.code


@pytest.fixture
def engine() -> Running:
    return Running()


@pytest.fixture
def tested(engine: Running, tmp_path: Path) -> Callable[..., TestRecord]:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "test.sh").write_text("true")
    test = StageTest("app", "test.sh", ("bash", "/test/test.sh"), str(folder))

    def once(
        subject: Subject,
        memory: type[State] = State,
        limit: float = 900.0,
        own: int | None = None,
    ) -> TestRecord:
        state, settings = memory(tmp_path / "memory"), TestSettings(workers=0, timeout=limit)
        mine = replace(test, timeout=own)
        (record,) = run_tests(engine, state, lambda event: None, subject, [mine], settings)
        return record

    return once


def test_a_result_is_that_of_the_image_that_was_tested(engine, tested):
    assert not tested(IMAGE).remembered
    assert tested(IMAGE).remembered
    assert tested(UNKNOWN).remembered, "the engine was not asked about a stage below"
    assert not tested(OTHER).remembered
    assert tested(OTHER).remembered
    assert not tested(IMAGE).remembered


@pytest.mark.parametrize(("code", "words"), [(1, ""), (0, "no such container")])
def test_a_failure_takes_away_what_was_remembered(engine, tested, code, words):
    assert tested(IMAGE).status == "passed"
    engine.code, engine.words = code, words
    assert tested(IMAGE, _Forgetful).status == "failed"
    engine.code, engine.words = 0, ""
    assert not tested(IMAGE).remembered


def test_a_test_that_cannot_run_says_which_and_what_the_image_lacks(engine, tested, tmp_path):
    engine.words = 'the engine refused: exec: "bash": executable file not found in $PATH'
    error = tested(IMAGE).error
    assert str(error).startswith(
        f"{tmp_path / 'app'}: the test 'test.sh' of app cannot run in app:1: the engine refused: "
    )
    assert "hint: the image needs bash for it" in str(error)
    assert error.command[:2] == ("docker", "run")
    assert error.command[-2:] == ("sha256:1", "/test/test.sh")
    engine.words = "the engine refused: no space left on device"
    assert "doctor" in tested(IMAGE).error.hint


def test_a_test_that_ran_out_of_time_says_how_to_give_it_more(engine, tested):
    engine.code, engine.takes = 124, 0.02
    late = tested(IMAGE, limit=0.01)
    assert late.message == "it ran longer than 0.01 s"
    assert "failed in app:1: it ran longer than 0.01 s" in str(late.error)
    assert "--test-timeout SECONDS" in late.error.hint
    assert "`test_timeout: SECONDS` in app" in late.error.hint
    engine.takes = 1.01
    own = tested(IMAGE, limit=900.0, own=1)
    assert own.error.hint == "raise `test_timeout: 1` of app", "--test-timeout changes nothing"
    engine.takes = 0.0
    other = tested(IMAGE)
    assert other.message == "exit status 124", "the test itself may end with it"
    assert not other.error.hint
