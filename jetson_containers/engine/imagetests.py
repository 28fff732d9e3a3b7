"""Tests of images: after their stage and again on the final image, remembered, never faked.

A test is deferred, not passed, when it says that this machine lacks what it needs: exit status 77
and a line ``deferred: <reason>``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from jetson_containers.engine.command import run_argv
from jetson_containers.engine.containers import LATE
from jetson_containers.engine.events import (
    LogLine,
    Sink,
    TestFinished,
    TestStarted,
    TestStatus,
)
from jetson_containers.engine.journal import is_over
from jetson_containers.engine.progress import Kept, failing_lines, plain
from jetson_containers.engine.protocol import (
    Capabilities,
    Engine,
    EngineGone,
    Interrupted,
    RunRequest,
    StepFailed,
)
from jetson_containers.engine.state import State, files_of, result_key
from jetson_containers.errors import BuilderError, Location
from jetson_containers.plan.fingerprint import FileFact
from jetson_containers.plan.model import StageTest

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

#: the exit status by which a test says "not here" (as in automake and TAP harnesses)
DEFERRED = 77
_REASON = "deferred:"
#: how container runtimes say that the image lacks the program
_NO_PROGRAM = ("executable file not found", "no such file or directory")


@dataclass(frozen=True, slots=True)
class Subject:
    """An image to test: the stage it came from (id, title, fingerprint), and its digest.

    The digest may be empty where a result is only recalled.
    """

    stage: str
    title: str
    fingerprint: str
    image: str


@dataclass(frozen=True, slots=True)
class TestRecord:
    """What became of one test in one image; ``error`` is what a failed one raises."""

    __test__ = False
    subject: Subject
    test: StageTest
    final: bool
    status: TestStatus
    seconds: float
    message: str = ""
    remembered: bool = False
    error: BuilderError | None = None


@dataclass(frozen=True, slots=True)
class TestSettings:
    """How tests are run: ``workers`` at a time, each for ``timeout`` seconds at most.

    A test's own limit wins. ``data`` is mounted at ``/data``, ``run`` the directory of the run's
    journal: containers of a run that was killed are removed by a later one.
    """

    __test__ = False
    workers: int = 2
    timeout: float = 900.0
    data: Path | None = None
    run: Path | None = None


#: is told of each test that ended
OnTest = Callable[[TestRecord], None]


def machine_facts(capabilities: Capabilities) -> Mapping[str, Any]:
    """What of an engine can change a test's result: its architecture, and whether it has a GPU."""
    return {"arch": capabilities.arch, "gpu": capabilities.gpu}


class TestBench:
    """Runs tests beside the builds; a context manager that leaves no container behind.

    Without workers each test is run at once, in the thread that asks for it.
    """

    __test__ = False

    def __init__(
        self, engine: Engine, state: State, sink: Sink, settings: TestSettings, on_test: OnTest
    ) -> None:
        self._engine = engine
        self._state = state
        self._sink = sink
        self._settings = settings
        self._on_test = on_test
        capabilities = engine.capabilities()
        self._gpu = capabilities.gpu
        self._facts = machine_facts(capabilities)
        # two tests that want the whole GPU would fail each other
        self._workers = min(1, settings.workers) if self._gpu else settings.workers
        self._pool: ThreadPoolExecutor | None = None
        self._pending: list[Future[None]] = []
        self._closing = threading.Event()
        self._files: dict[str, tuple[FileFact, ...]] = {}

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

    def recall(self, subject: Subject, test: StageTest, *, final: bool = False) -> bool:
        """Whether the result is remembered, and ``on_test`` was told it; no image is needed.

        A stage that was built again has its fingerprint still: where the digest is known, the
        result has to be that image's.
        """
        if self._closing.is_set():
            return False
        known = self._state.test_result(self._key(subject, test))
        if not known or known.get("status") not in ("passed", "deferred"):
            return False
        if subject.image and known.get("image") != subject.image:
            return False
        status: TestStatus = "passed" if known["status"] == "passed" else "deferred"
        message = str(known.get("message", ""))
        self._tell(TestRecord(subject, test, final, status, 0.0, message, remembered=True))
        return True

    def submit(self, subject: Subject, test: StageTest, *, final: bool = False) -> bool:
        """Run ``test`` beside what goes on; whether ``on_test`` will be told of it.

        After :meth:`stop` nothing is begun or told.
        """
        if self._closing.is_set():
            return False
        key = self._key(subject, test)
        if not self._workers:
            self._run(key, subject, test, final)
            return True
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="image-test")
            self._pool.submit(self._engine.sweep, is_over)
        self._pending.append(self._pool.submit(self._run, key, subject, test, final))
        return True

    def _key(self, subject: Subject, test: StageTest) -> str:
        files = self._files.get(test.directory)
        if files is None:
            files = self._files[test.directory] = files_of(test)
        return result_key(subject.fingerprint, test, self._facts, files)

    def _run(self, key: str, subject: Subject, test: StageTest, final: bool) -> None:
        try:
            record = self._tested(key, subject, test, final)
        except BuilderError as error:
            record = TestRecord(subject, test, final, "failed", 0.0, error.what, error=error)
        self._tell(record)

    def _tell(self, record: TestRecord) -> None:
        if not isinstance(record.error, Interrupted):
            self._sink(
                TestFinished(
                    record.subject.stage,
                    record.test.package,
                    record.test.name,
                    record.final,
                    record.status,
                    record.seconds,
                    record.message,
                    record.remembered,
                )
            )
        self._on_test(record)

    def _tested(self, key: str, subject: Subject, test: StageTest, final: bool) -> TestRecord:
        if self._closing.is_set():
            raise Interrupted(f"the test of {test.package} was not begun")
        self._sink(TestStarted(subject.stage, test.package, test.name, final))
        output = Kept()

        def on_line(raw: str) -> None:
            text = plain(raw)
            output.add(text)
            self._sink(LogLine(subject.stage, text))

        begun = time.monotonic()
        request = RunRequest(
            image=subject.image,
            argv=test.argv,
            mounts={Path(test.directory): "/test"},
            data=self._settings.data,
            gpu=self._gpu,
            timeout=test.timeout or self._settings.timeout,
            owner=str(self._settings.run or ""),
        )
        try:
            code = self._engine.run(request, on_line)
        except (EngineGone, Interrupted):
            raise
        except BuilderError as refused:
            if self._closing.is_set():
                raise Interrupted(f"the test of {test.package} was stopped") from None
            self._state.forget_test(key)
            seconds = time.monotonic() - begun
            error = _not_run(subject, test, refused, run_argv(request))
            return TestRecord(subject, test, final, "failed", seconds, refused.what, error=error)
        seconds = time.monotonic() - begun
        if self._closing.is_set():
            raise Interrupted(f"the test of {test.package} was stopped")
        late = code == LATE and seconds >= request.timeout
        status, message = judge(code, output.lines())
        if late:
            message = f"it ran longer than {request.timeout:g} s"
        if status != "failed":
            result = {"status": status, "message": message, "image": subject.image}
            self._state.remember_test(key, result)
            return TestRecord(subject, test, final, status, seconds, message)
        self._state.forget_test(key)
        error = StepFailed(
            f"the test {test.name!r} of {test.package} failed in {subject.title}: {message}",
            where=Location(test.directory),
            hint=_more_time(test) if late else "",
            lines=failing_lines(output.lines()),
            command=run_argv(request),
        )
        return TestRecord(subject, test, final, status, seconds, message, error=error)


def _more_time(test: StageTest) -> str:
    """How a test gets more time; its package's own limit wins."""
    if test.timeout:
        return f"raise `test_timeout: {test.timeout:g}` of {test.package}"
    return f"give --test-timeout SECONDS, or set `test_timeout: SECONDS` in {test.package}"


def _not_run(
    subject: Subject, test: StageTest, refused: BuilderError, command: Sequence[str]
) -> StepFailed:
    """A test whose container the engine did not run."""
    missing = any(word in refused.what for word in _NO_PROGRAM)
    return StepFailed(
        f"the test {test.name!r} of {test.package} cannot run in {subject.title}: {refused.what}",
        where=Location(test.directory),
        hint=f"the image needs {test.argv[0]} for it: install that, or write the test for what "
        "the image has"
        if missing
        else refused.hint or "`jetson-containers doctor` tells what this machine lacks",
        command=command,
    )


def run_tests(
    engine: Engine,
    state: State,
    sink: Sink,
    subject: Subject,
    tests: Sequence[StageTest],
    settings: TestSettings,
) -> tuple[TestRecord, ...]:
    """Run ``tests`` in one image as its final tests, and give what became of each, in order.

    Nothing is raised for a failed test. The results are remembered as those of a build are.
    """
    records: dict[StageTest, TestRecord] = {}

    def on_test(record: TestRecord) -> None:
        records[record.test] = record

    with TestBench(engine, state, sink, settings, on_test) as bench:
        for test in dict.fromkeys(tests):
            if not bench.recall(subject, test, final=True):
                bench.submit(subject, test, final=True)
    return tuple(records[test] for test in dict.fromkeys(tests) if test in records)


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
