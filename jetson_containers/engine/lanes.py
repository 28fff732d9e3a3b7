"""The threads that build: each takes one stage, finds or fetches or builds it, and answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from jetson_containers.engine.artifacts import Artifacts
from jetson_containers.engine.cache import Found, Kept, StageCache
from jetson_containers.engine.context import whole_context
from jetson_containers.engine.events import (
    LogLine,
    Sink,
    StageFailed,
    StageFetching,
    StageFinished,
    StageFound,
    StageStarted,
    StageStored,
    Warned,
)
from jetson_containers.engine.holdings import held_image
from jetson_containers.engine.options import BuildOptions, build_request
from jetson_containers.engine.preflight import free_bytes
from jetson_containers.engine.protocol import (
    BuildRequest,
    Engine,
    EngineGone,
    ImageInfo,
    Interrupted,
    StepFailed,
)
from jetson_containers.engine.state import StageLock, State
from jetson_containers.errors import BuilderError
from jetson_containers.plan.model import Stage

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from jetson_containers.engine.secretguard import SecretGuard


@dataclass(frozen=True, slots=True)
class Order:
    """A stage to be had: ``found`` says where it can be fetched, ``lock`` goes with the answer."""

    stage: Stage
    lane: int
    lock: StageLock
    budget: Mapping[str, str]
    found: Found | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an order: an image, or an error; ``refetch`` says it could not be fetched."""

    stage: str
    status: Literal["built", "found", "failed", "not fetched"]
    image: ImageInfo | None = None
    seconds: float = 0.0
    source: str = ""
    error: BaseException | None = None


class Lanes:
    """Threads, as many as there are orders at a time; a context manager that waits for them all.

    What was built is kept in the cache behind the builds; leaving waits for that too, unless the
    run has failed.
    """

    def __init__(
        self,
        engine: Engine,
        state: State,
        cache: StageCache | None,
        artifacts: Artifacts,
        options: BuildOptions,
        sink: Sink,
        tell: Callable[[Answer], None],
        why: Callable[[Stage], str],
        stopped: Callable[[], bool],
    ) -> None:
        self._engine = engine
        self._state = state
        self._cache = cache
        self._artifacts = artifacts
        self._options = options
        self._sink = sink
        self._tell = tell
        self._why = why
        self._stopped = stopped
        self._threads: dict[str, threading.Thread] = {}
        self._stores: ThreadPoolExecutor | None = None
        self._accompanied: dict[str, bool] = {}
        self._lock = threading.Lock()
        self._guard: SecretGuard | None = None

    def __enter__(self) -> Lanes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for thread in self._threads.values():
            thread.join()
        if self._stores is not None:
            self._stores.shutdown(wait=True, cancel_futures=kind is not None)

    def begin(self, order: Order) -> None:
        """Work on ``order`` in a thread of its own; ``tell`` gets the answer."""
        name = f"lane-{order.lane}"
        thread = threading.Thread(target=self._work, args=(order,), name=name, daemon=True)
        self._threads[order.stage.id] = thread
        thread.start()

    def _work(self, order: Order) -> None:
        try:
            answer = self._found(order) or self._failed(order) or self._build(order)
        except BaseException as error:  # the deciding thread raises what is no failed stage
            answer = Answer(order.stage.id, "failed", error=error)
        finally:
            order.lock.release()
        self._tell(answer)

    def _found(self, order: Order) -> Answer | None:
        """The stage as another process has just left it, or as a registry has it."""
        stage = order.stage
        if stage.id in self._options.redo:
            return None
        held = held_image(self._engine, stage)
        if held:
            self._sink(StageFound(stage.id, stage.reference, "other process"))
            return Answer(stage.id, "found", held, source="other process")
        if order.found is None or self._cache is None:
            return None
        source = order.found.source
        self._sink(StageFetching(stage.id, source, order.lane))
        begun = time.monotonic()
        try:
            image = self._cache.fetch(stage, order.found, self._engine, self._line(stage))
        except (EngineGone, Interrupted):
            raise
        except BuilderError as error:
            self._sink(Warned(stage.id, f"{stage.title} cannot be had from {source}: {error}"))
            return Answer(stage.id, "not fetched")
        seconds = time.monotonic() - begun
        self._sink(StageFound(stage.id, stage.reference, source, seconds))
        return Answer(stage.id, "found", image, seconds, source)

    def _failed(self, order: Order) -> Answer | None:
        """What failed when all were built together is not tried again, and was told."""
        from jetson_containers.engine.bake import BakeEngine

        engine, stage = self._engine, order.stage
        found = engine.failure(stage) if isinstance(engine, BakeEngine) else None
        if found is None:
            return None
        return Answer(stage.id, "failed", seconds=found.seconds, error=found.error)

    def _build(self, order: Order) -> Answer:
        begun = time.monotonic()
        try:
            with whole_context(order.stage) as ready:
                return self._build_request(order, build_request(ready, self._options, order.budget))
        except BuilderError as error:
            seconds = time.monotonic() - begun
            stage = order.stage
            stopped = self._stopped()
            self._sink(StageFailed(stage.id, seconds, str(error), interrupted=stopped))
            if stage.generated and isinstance(error, StepFailed):
                error.command = ()  # its context was a copy, and is gone
            return Answer(stage.id, "failed", seconds=seconds, error=error)

    def _build_request(self, order: Order, request: BuildRequest) -> Answer:
        stage = order.stage
        command = self._engine.command(request)
        self._sink(StageStarted(stage.id, command, self._why(stage), order.lane))
        begun = time.monotonic()
        root = self._engine.capabilities().root
        free = free_bytes(root)
        self._enter(stage.id)
        try:
            with self._artifacts.prepare(
                request.stage, request, self._engine, self._sink
            ) as whole:
                built = self._secret_guard().build(self._engine, whole, self._sink)
        finally:
            alone = not self._leave(stage.id)
        seconds = time.monotonic() - begun
        left = free_bytes(root)
        if alone and free is not None and left is not None:
            self._state.remember_disk(stage.package, max(0, free - left))
        self._state.remember_seconds(stage.package, seconds)
        self._sink(StageFinished(stage.id, seconds, built.size))
        self.keep(stage, built)
        return Answer(stage.id, "built", built, seconds)

    def _secret_guard(self) -> SecretGuard:
        """One for the run; a run that builds nothing has no need of what it brings along."""
        from jetson_containers.engine.secretguard import SecretGuard

        with self._lock:
            if self._guard is None:
                self._guard = SecretGuard()
            return self._guard

    def _enter(self, stage: str) -> None:
        with self._lock:
            others = bool(self._accompanied)
            self._accompanied = dict.fromkeys(self._accompanied, True)
            self._accompanied[stage] = others

    def _leave(self, stage: str) -> bool:
        """Whether anything was built beside the stage: then the disk tells nothing of it alone."""
        with self._lock:
            return self._accompanied.pop(stage)

    def keep(self, stage: Stage, image: ImageInfo) -> None:
        """Keep a stage that was built in the cache, behind the builds."""
        if self._cache is None:
            return
        from concurrent.futures import ThreadPoolExecutor

        with self._lock:
            if self._stores is None:
                self._stores = ThreadPoolExecutor(2, thread_name_prefix="store")
        self._stores.submit(self._stored, self._cache, stage, image)

    def _stored(self, cache: StageCache, stage: Stage, image: ImageInfo) -> None:
        begun = time.monotonic()
        try:
            again = stage.id in self._options.redo
            kept = cache.store(stage, image, self._engine, self._line(stage), replace=again)
        except Exception as error:  # whatever it is, the stage is built
            kept = Kept(missed=(str(error),))
        for why in kept.missed:
            self._sink(Warned(stage.id, f"{stage.title} is not kept elsewhere: {why}"))
        if kept.places:
            self._sink(StageStored(stage.id, time.monotonic() - begun))

    def _line(self, stage: Stage) -> Callable[[str], None]:
        return lambda text: self._sink(LogLine(stage.id, text))
