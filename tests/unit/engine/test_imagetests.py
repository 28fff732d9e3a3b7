"""Which results of tests are taken from memory, and what a test that cannot run says."""

from __future__ import annotations

from collections.abc import Callable
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
        self.words = ""

    def run(self, request: RunRequest, on_line: Callable[[str], None]) -> int:
        if self.words:
            raise BuilderError(self.words)
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

    def once(subject: Subject, memory: type[State] = State) -> TestRecord:
        state = memory(tmp_path / "memory")
        (record,) = run_tests(
            engine, state, lambda event: None, subject, [test], TestSettings(workers=0)
        )
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
