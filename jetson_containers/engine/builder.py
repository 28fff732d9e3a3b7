"""Run plans on an engine: find what is finished, build what is missing, test, tag.

One thread decides (this module, and :mod:`jetson_containers.engine.settling` for tests and images),
several build (:mod:`jetson_containers.engine.lanes`), others test
(:mod:`jetson_containers.engine.imagetests`); they answer through one queue.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from jetson_containers.engine.artifacts import Artifacts, NoArtifacts
from jetson_containers.engine.budget import compile_budget
from jetson_containers.engine.cache import Found, StageCache
from jetson_containers.engine.demand import Demand, all_stages, demand
from jetson_containers.engine.diskwatch import DiskWatch
from jetson_containers.engine.events import (
    RunEnded,
    Sink,
    StageBlocked,
    StageFound,
    StageWaiting,
    Warned,
)
from jetson_containers.engine.holdings import Holdings, held_image
from jetson_containers.engine.imagetests import TestBench, TestRecord
from jetson_containers.engine.lanes import Answer, Lanes, Order
from jetson_containers.engine.options import BuildOptions, build_request
from jetson_containers.engine.preflight import check, check_disk, check_names
from jetson_containers.engine.protocol import (
    BuildRequest,
    Engine,
    EngineGone,
    Interrupted,
)
from jetson_containers.engine.record import ImageRecord, RunRecord, StageRecord
from jetson_containers.engine.schedule import Node, Schedule
from jetson_containers.engine.settling import Settling
from jetson_containers.engine.state import StageLock, State
from jetson_containers.errors import BuilderError, raise_all
from jetson_containers.plan.model import Plan, Stage

#: seconds between two looks at stages that another process makes
_LOOK = 0.2


def expected_seconds(stages: Mapping[str, Stage], state: State) -> dict[str, float]:
    """How long each stage whose package was built here before should take."""
    known = {package: state.seconds(package) for package in {s.package for s in stages.values()}}
    return {
        stage.id: seconds
        for stage in stages.values()
        if (seconds := known[stage.package]) is not None
    }


class Builder:
    """One run of several plans as one graph: equal stages are built once.

    ``why`` gives the reason for building a stage, in one line. ``publish`` gets all images of a run
    in which nothing failed.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        engine: Engine,
        state: State,
        options: BuildOptions,
        sink: Sink,
        cache: StageCache | None = None,
        artifacts: Artifacts | None = None,
        why: Callable[[Stage], str] = lambda stage: "",
        publish: Callable[[Sequence[ImageRecord]], None] | None = None,
    ) -> None:
        self._plans = tuple(plans)
        self._engine = engine
        self._state = state
        self._options = options
        self._sink = sink
        self._cache = cache
        self._why = why
        self._artifacts = artifacts or NoArtifacts()
        self._publish = publish
        self._stages = all_stages(self._plans)
        self._capabilities = engine.capabilities()
        self._stopped = threading.Event()
        self._answers: queue.SimpleQueue[Answer | TestRecord | None] = queue.SimpleQueue()
        self._lanes = Lanes(
            engine,
            state,
            cache,
            self._artifacts,
            options,
            sink,
            self._answers.put,
            why,
            self._stopped.is_set,
        )
        self._bench = TestBench(engine, state, sink, options.tests, self._answers.put)
        self._schedule = Schedule.of((), 1)
        self._held = Holdings(engine, self._stages, options.redo)
        self._before: dict[str, str] = {}
        self._found: dict[str, Found] = {}
        self._lane_of: dict[str, int] = {}
        self._looked = 0.0
        self._lock_trouble_told = False
        self._budgets: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
        self._settling = Settling(self._plans, engine, self._held, self._bench, sink)
        self._disk = DiskWatch(self._capabilities.root, options.min_free, self.stop)
        self._records: dict[str, StageRecord] = {}
        self._errors: list[BuilderError] = []

    def stop(self) -> None:
        """Stop from another thread or a signal handler."""
        self._stopped.set()
        self._bench.stop()
        self._artifacts.stop()
        self._engine.cancel()
        self._answers.put(None)

    def run(self) -> RunRecord:
        """Build, test and tag every image of the plans.

        Raises what stands in the way before anything is built, and what ends a run: an
        interruption, an engine that is gone, a full disk. Every other failure is in the record's
        ``errors``. The last event is a :class:`RunEnded` in each case.
        """
        begun = time.monotonic()
        try:
            self._run()
        except BaseException as error:
            ended = isinstance(error, Interrupted | KeyboardInterrupt)
            self._end("interrupted" if ended else "failed", begun, (*self._errors, error))
            raise
        self._end("failed" if self._errors else "done", begun, self._errors)
        return RunRecord(
            stages=tuple(self._records[item] for item in self._stages if item in self._records),
            tests=tuple(self._settling.tests),
            images=tuple(self._settling.images),
            errors=tuple(self._errors),
            seconds=time.monotonic() - begun,
            unnamed=self._settling.unnamed,
        )

    def _end(self, status: str, begun: float, errors: Sequence[BaseException]) -> None:
        images = tuple(
            {"reference": item.reference, "digest": item.digest, "size": item.size}
            for item in self._settling.images
        )
        words = tuple(str(error) for error in errors)
        self._sink(RunEnded("", status, time.monotonic() - begun, images, words))

    def _run(self) -> None:
        raise_all(check_names(self._plans))
        redo = self._options.redo
        for item in redo.intersection(self._stages):
            if old := held_image(self._engine, self._stages[item]):
                self._before[item] = old.digest
        wanted = self._demand()
        if self._cache is not None and wanted.build:
            asked = [self._stages[item] for item in wanted.build if item not in redo]
            found = self._cache.find(asked)
            self._found = {
                stage.id: found[stage.fingerprint]
                for stage in asked
                if stage.fingerprint in found
            }
            wanted = self._demand()
        self._preflight(wanted)
        if wanted.build:
            self._bake(wanted)
            wanted = self._demand()
        if self._options.machine is not None:
            jobs = min(self._options.jobs, max(1, wanted.width))
            machine = self._options.machine
            self._budgets = (compile_budget(machine, jobs), compile_budget(machine, 1))
        self._schedule = Schedule.of(
            self._nodes(self._stages, wanted),
            self._options.jobs,
            done=set(self._stages) - wanted.stages,
        )
        watched = self._disk.watching() if wanted.stages else contextlib.nullcontext()
        with self._lanes, self._bench, watched:
            try:
                self._tell_found(wanted)
                self._loop()
                self._publish_all()
            except BaseException:
                self.stop()
                raise

    def _bake(self, wanted: Demand) -> None:
        """Build together what is this process's to build, on an engine that can do that.

        What is left is built as ever.
        """
        from jetson_containers.engine.bake import BakeEngine

        engine = self._engine
        if not isinstance(engine, BakeEngine):
            return
        with contextlib.ExitStack() as stack:
            mine: list[BuildRequest] = []
            others = set(wanted.fetch)
            machine = self._options.machine
            budget = compile_budget(machine, 1) if machine else {}
            for item in (item for item in self._stages if item in wanted.build):
                stage = self._stages[item]
                if not others.intersection(wanted.needs[item]):
                    lock = self._lock(stage)
                    if not isinstance(lock, int):
                        stack.callback(lock.release)
                        mine.append(build_request(stage, self._options, budget))
                        continue
                others.add(item)
            if mine:
                with self._disk.watching():
                    built = engine.build_together(self._plans, mine, self._sink, self._why)
                for item, (image, seconds) in built.items():
                    stage = self._stages[item]
                    self._held.put(item, image)
                    self._records[item] = StageRecord(stage, "built", seconds, image.size)
                    self._state.remember_seconds(stage.package, seconds)
                    self._lanes.keep(stage, image)

    # what there is to do

    def _demand(self) -> Demand:
        finals = [image.stages[-1] for plan in self._plans for image in plan.images if image.stages]
        return demand(self._stages, finals, self._held, self._found)

    def _nodes(self, stages: Mapping[str, Stage], wanted: Demand) -> list[Node]:
        known = expected_seconds(self._stages, self._state)
        usual = sum(known.values()) / len(known) if known else 1.0
        return [
            Node(
                stage.id,
                wanted.needs[stage.id],
                known.get(stage.id, usual) if stage.id in wanted.build else 0.0,
                stage.heavy,
            )
            for stage in stages.values()
        ]

    def _preflight(self, wanted: Demand) -> None:
        todo = [self._stages[item] for item in wanted.build]
        if not todo:
            return
        errors: list[BuilderError] = []
        for plan in self._plans:
            own = [stage for stage in plan.stages if stage.id in wanted.build]
            if own:
                base = self._engine.inspect(plan.base.reference)
                errors += check(plan, own, self._capabilities, base)
        errors += check_disk(todo, self._capabilities.root, self._state, self._options.min_free)
        raise_all(errors)

    def _tell_found(self, wanted: Demand) -> None:
        """What is there, in the order of the plans, with its tests.

        What stands below a finished stage is not asked for.
        """
        for stage in self._stages.values():
            if stage.id in wanted.stages:
                continue
            if stage.id not in self._records:
                source = "local" if self._held.known(stage.id) else "child"
                self._records[stage.id] = StageRecord(stage, "found", source=source)
                self._sink(StageFound(stage.id, stage.reference, source))
            self._test_stage(stage)

    # the loop

    def _loop(self) -> None:
        while True:
            self._begin_ready()
            lost = {*self._schedule.failed, *self._schedule.blocked}
            self._settling.settle(lost, stopped=self._schedule.stopped)
            if self._schedule.ended and not self._settling.running:
                self._tell_unbegun()
                return
            with contextlib.suppress(queue.Empty):
                answer = self._answers.get(timeout=_LOOK if self._schedule.parked else None)
                if isinstance(answer, Answer):
                    self._take(answer)
                elif answer is not None:
                    self._take_test(answer)
            if self._stopped.is_set():
                raise Interrupted("interrupted")
            self._look_at_parked()

    def _begin_ready(self) -> None:
        while (item := self._schedule.next(beside=self._settling.running)) is not None:
            stage = self._stages[item]
            lock = self._lock(stage)
            if isinstance(lock, int):
                self._schedule = self._schedule.park(item)
                self._sink(StageWaiting(item, lock))
                continue
            used = {self._lane_of[other] for other in self._schedule.running}
            lane = next(number for number in range(1, len(used) + 2) if number not in used)
            self._lane_of[item] = lane
            self._schedule = self._schedule.begin(item)
            budget = self._budgets[1 if stage.heavy else 0]
            self._lanes.begin(Order(stage, lane, lock, budget, self._found.get(item)))

    def _lock(self, stage: Stage) -> StageLock | int:
        """The stage's lock, or who has it; that locks are not in their place is told once."""
        lock = self._state.try_lock(stage.fingerprint)
        if isinstance(lock, StageLock) and lock.trouble and not self._lock_trouble_told:
            self._lock_trouble_told = True
            self._sink(Warned("", lock.trouble))
        return lock

    def _look_at_parked(self) -> None:
        """Take what another process has finished; try again what it has not.

        A stage that is to be built again was finished by it only if it is another image now.
        """
        if not self._schedule.parked or time.monotonic() < self._looked + _LOOK:
            return
        self._looked = time.monotonic()
        for item in sorted(self._schedule.parked):
            stage = self._stages[item]
            lock = self._lock(stage)
            if isinstance(lock, int):
                continue
            lock.release()
            held = held_image(self._engine, stage)
            if held is None or held.digest == self._before.get(item):
                self._schedule = self._schedule.unpark(item)
                continue
            self._sink(StageFound(item, stage.reference, "other process"))
            self._take(Answer(item, "found", held, source="other process"))

    def _take(self, answer: Answer) -> None:
        stage = self._stages[answer.stage]
        if answer.error is not None:
            error = answer.error
            if not isinstance(error, BuilderError) or isinstance(error, EngineGone | Interrupted):
                raise error
            self._records[stage.id] = StageRecord(stage, "failed", answer.seconds)
            self._fail(stage.id, error)
            return
        if answer.image is None:  # it cannot be fetched: it and what it stands on are built
            del self._found[stage.id]
            wanted = self._demand()
            new = {
                item: self._stages[item]
                for item in wanted.stages
                if item == stage.id or item in self._schedule.done
            }
            self._schedule = self._schedule.again(stage.id, self._nodes(new, wanted))
            return
        self._held.put(stage.id, answer.image)
        self._records[stage.id] = StageRecord(
            stage,
            "built" if answer.status == "built" else "found",
            answer.seconds,
            answer.image.size,
            answer.source,
        )
        self._schedule = self._schedule.finish(stage.id)
        self._test_stage(stage)

    def _take_test(self, record: TestRecord) -> None:
        self._settling.take(record)
        if record.error is None:
            return
        if isinstance(record.error, EngineGone | Interrupted):
            raise record.error
        if record.final:
            self._note_failure(record.error)
        else:
            self._fail(record.subject.stage, record.error)

    def _fail(self, stage: str, error: BuilderError) -> None:
        before = self._schedule.blocked
        self._schedule = self._schedule.fail(stage)
        for item, because in self._schedule.blocked.items():
            if item not in before:
                self._block(item, because)
        self._note_failure(error)

    def _note_failure(self, error: BuilderError) -> None:
        self._errors.append(error)
        if self._options.fail_fast:
            self._schedule = self._schedule.stop()

    def _block(self, stage: str, because: str) -> None:
        self._records[stage] = StageRecord(self._stages[stage], "blocked", because=because)
        self._sink(StageBlocked(stage, because))

    def _tell_unbegun(self) -> None:
        for item in self._schedule.waiting:
            self._block(item, "")

    def _test_stage(self, stage: Stage) -> None:
        if self._options.stage_tests and not self._schedule.stopped:
            self._settling.test(stage)

    def _publish_all(self) -> None:
        if self._publish is None or self._errors:
            return
        try:
            self._publish(tuple(self._settling.images))
        except BuilderError as error:
            if self._stopped.is_set() or isinstance(error, EngineGone | Interrupted):
                raise
            self._errors.append(error)
