"""Tests of images: after their stage and again on the final image, remembered, never faked.

A test is deferred, not passed, when it says that this machine lacks what it needs: exit status 77
and a line ``deferred: <reason>``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from jetson_containers.engine.command import run_argv
from jetson_containers.engine.events import (
    LogLine,
    Sink,
    TestFinished,
    TestStarted,
    TestStatus,
)
from jetson_containers.engine.progress import failing_lines, plain
from jetson_containers.engine.protocol import (
    Engine,
    ImageInfo,
    Interrupted,
    RunRequest,
    StepFailed,
)
from jetson_containers.engine.state import State, result_key
from jetson_containers.errors import BuilderError, Location, raise_all
from jetson_containers.plan.model import Stage, StageTest

#: the exit status by which a test says "not here" (as in automake and TAP harnesses)
DEFERRED = 77
_REASON = "deferred:"


@dataclass(frozen=True, slots=True)
class TestRecord:
    """What became of one test in one image."""

    __test__ = False
    stage: Stage
    test: StageTest
    final: bool
    status: TestStatus
    seconds: float
    message: str
    remembered: bool


class TestBench:
    """Runs tests beside the builds; a context manager that leaves no container behind."""

    __test__ = False

    def __init__(
        self,
        engine: Engine,
        state: State,
        sink: Sink,
        *,
        gpu: bool,
        data: Path | None,
        workers: int,
    ) -> None:
        self._engine = engine
        self._state = state
        self._sink = sink
        self._gpu = gpu
        self._data = data
        self._pool = (
            ThreadPoolExecutor(workers, thread_name_prefix="image-test") if workers else None
        )
        self._pending: list[Future[TestRecord]] = []
        self._seen: set[tuple[str, StageTest, bool]] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.records: list[TestRecord] = []

    def __enter__(self) -> TestBench:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.stop()
            self._engine.cancel()
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def stop(self) -> None:
        """Begin no further test; what runs is told apart from a failure."""
        self._closing.set()
        for future in tuple(self._pending):
            future.cancel()

    def submit(
        self, stage: Stage, image: ImageInfo, tests: Sequence[StageTest], *, final: bool = False
    ) -> None:
        """Run ``tests`` in ``image`` beside what goes on; at once where there are no workers."""
        for test in tests:
            if (stage.id, test, final) in self._seen:
                continue
            self._seen.add((stage.id, test, final))
            if self._pool is None:
                self._run(stage, image, test, final)
            else:
                self._pending.append(self._pool.submit(self._run, stage, image, test, final))

    def raise_failures(self) -> None:
        """Raise the failures of tests that have ended."""
        ended = [future for future in self._pending if future.done()]
        self._pending = [future for future in self._pending if not future.done()]
        self._collect(ended)

    def finish(self) -> None:
        """Wait for every test and raise all failures."""
        wait(self._pending)
        self.raise_failures()

    @staticmethod
    def _collect(futures: Sequence[Future[TestRecord]]) -> None:
        errors = [
            Interrupted("a test was not begun") if future.cancelled() else future.exception()
            for future in futures
        ]
        for error in errors:
            if error is not None and not isinstance(error, BuilderError):
                raise error
        raise_all(error for error in errors if isinstance(error, BuilderError))

    def _run(self, stage: Stage, image: ImageInfo, test: StageTest, final: bool) -> TestRecord:
        if self._closing.is_set():
            raise Interrupted(f"the test of {test.package} was not begun")
        key = result_key(image.digest, test, self._gpu)
        known = self._state.test_result(key)
        if known and known.get("status") in ("passed", "deferred"):
            status: TestStatus = "passed" if known["status"] == "passed" else "deferred"
            return self._record(
                stage, test, final, status, 0.0, str(known.get("message", "")), True
            )
        self._sink(TestStarted(stage.id, test.package, test.name, final))
        lines: list[str] = []

        def on_line(raw: str) -> None:
            text = plain(raw)
            lines.append(text)
            self._sink(LogLine(stage.id, text))

        begun = time.monotonic()
        request = RunRequest(
            image=image.digest,
            argv=test.argv,
            mounts={Path(test.directory): "/test"},
            data=self._data,
            gpu=self._gpu,
        )
        code = self._engine.run(request, on_line)
        seconds = time.monotonic() - begun
        if self._closing.is_set():
            raise Interrupted(f"the test of {test.package} was stopped")
        status, message = judge(code, lines)
        if status == "failed":
            self._record(stage, test, final, status, seconds, message, False)
            raise StepFailed(
                f"the test {test.name!r} of {test.package} failed in {stage.title}: {message}",
                where=Location(test.directory),
                lines=failing_lines(tuple(lines)),
                command=run_argv(request),
            )
        self._state.remember_test(key, {"status": status, "message": message})
        return self._record(stage, test, final, status, seconds, message, False)

    def _record(
        self,
        stage: Stage,
        test: StageTest,
        final: bool,
        status: TestStatus,
        seconds: float,
        message: str,
        remembered: bool,
    ) -> TestRecord:
        record = TestRecord(stage, test, final, status, seconds, message, remembered)
        with self._lock:
            self.records.append(record)
        self._sink(
            TestFinished(
                stage.id, test.package, test.name, final, status, seconds, message, remembered
            )
        )
        return record


def judge(code: int, lines: Sequence[str]) -> tuple[TestStatus, str]:
    """The status that an exit status and the output stand for.

    A test that ends with 77 and gives no reason has failed: deferring has to say why.
    """
    if code == 0:
        return "passed", ""
    if code == DEFERRED:
        for line in reversed(lines):
            if line.startswith(_REASON):
                return "deferred", line[len(_REASON) :].strip()
        return "failed", "it ended with status 77 without a line `deferred: <reason>`"
    return "failed", f"exit status {code}"
