"""The run of a graph on an engine that only remembers; real ones are in ``tests/docker``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jetson_containers.engine import events
from jetson_containers.engine.builder import Builder
from jetson_containers.engine.cache import Found, NoCache
from jetson_containers.engine.dryrun import DryRunEngine
from jetson_containers.engine.options import BuildOptions
from jetson_containers.engine.protocol import BuildRequest, Engine, ImageInfo, StepFailed
from jetson_containers.engine.record import RunRecord
from jetson_containers.engine.state import NoState, StageLock, State
from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.image import labels
from jetson_containers.plan.model import Plan, PlannedImage, Stage, StageTest
from tests.golden.plans import plan


class Remembering(DryRunEngine):
    """Builds by writing down; what fails is told beforehand."""

    def __init__(self, failing: Collection[str] = ()) -> None:
        super().__init__(lambda argv: None)
        self.failing = failing
        self.built: list[str] = []
        self.store: dict[str, ImageInfo] = {}
        self._lock = threading.Lock()

    def build(self, request: BuildRequest, sink: events.Sink) -> ImageInfo:
        stage = request.stage
        with self._lock:
            self.built.append(stage.id)
            if stage.id in self.failing:
                raise StepFailed(f"building {stage.title} failed")
            if stage.parent is not None:
                assert request.parent in self.store, "built before what it stands on"
            return self.put(stage)

    def put(self, stage: Stage) -> ImageInfo:
        image = ImageInfo(
            stage.reference, (stage.reference,), {labels.FINGERPRINT: stage.fingerprint}, "", 1
        )
        self.store[stage.reference] = image
        return image

    def inspect(self, reference: str) -> ImageInfo | None:
        return self.store.get(reference)

    def tag(self, source: str, reference: str) -> None:
        self.store[reference] = replace(self.store[source], references=(reference,))


class Numbered(Remembering):
    """Each build gives another image, as one whose steps take the time of day."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def put(self, stage: Stage) -> ImageInfo:
        image = replace(super().put(stage), digest=f"sha256:{len(self.built)}")
        self.store[stage.reference] = self.store[image.digest] = image
        return image

    def inspect(self, reference: str) -> ImageInfo | None:
        self.asked.append(reference)
        return super().inspect(reference)


class Registry(NoCache):
    """Claims to hold the stages of ``holds``; hands out only those of ``gives``."""

    def __init__(self, holds: Collection[str], gives: Collection[str] = ()) -> None:
        self.holds, self.gives = holds, gives

    def find(self, stages: Sequence[Stage]) -> Mapping[str, Found]:
        return {
            stage.fingerprint: Found(stage.fingerprint, "r/x@sha256:0", "sha256:0", "registry r/x")
            for stage in stages
            if stage.id in self.holds
        }

    def fetch(
        self, stage: Stage, found: Found, engine: Engine, on_line: Callable[[str], None]
    ) -> ImageInfo:
        if stage.id not in self.gives:
            raise UnreachableError("the registry gave something else")
        assert isinstance(engine, Remembering)
        return engine.put(stage)

    def store(
        self,
        stage: Stage,
        image: ImageInfo,
        engine: Engine,
        on_line: Callable[[str], None],
        *,
        replace: bool = False,
    ) -> None:
        raise UnreachableError("the registry is full")


@pytest.fixture(scope="module")
def numpy() -> Plan:
    return plan("x86-cu130", "numpy")


def tree(like: Plan, parents: Sequence[int | None]) -> Plan:
    """A plan of stages ``s0``, ``s1``, ... on those parents; each stage ends an image."""
    stages: list[Stage] = []
    images = []
    for number, parent in enumerate(parents):
        below = None if parent is None else stages[parent]
        stage = replace(
            like.stages[0],
            id=f"s{number}",
            package=f"s{number}",
            fingerprint=f"{number:064}",
            parent=below.id if below else None,
            base=below.reference if below else like.base.reference,
            reference=f"jetson-stage/s{number}:1",
            tests=(),
        )
        stages.append(stage)
        chain = (*(images[parent].stages if parent is not None else ()), stage.id)
        images.append(PlannedImage(f"image{number}:1", (stage.package,), chain))
    return replace(like, stages=tuple(stages), images=tuple(images))


def run(
    plans: Sequence[Plan],
    engine: Remembering,
    cache: Registry | None = None,
    state: State | None = None,
    **options: object,
) -> tuple[RunRecord, list[events.Event]]:
    told: list[events.Event] = []
    given = BuildOptions(jobs=3, min_free=0, **options)  # type: ignore[arg-type]
    builder = Builder(plans, engine, state or NoState(), given, told.append, cache)
    return builder.run(), told


def kinds(told: Sequence[events.Event], kind: type[events.Event]) -> list[str]:
    return [event.stage for event in told if isinstance(event, kind)]


def test_only_what_an_image_or_a_build_needs_is_fetched(numpy):
    chain = tree(numpy, [None, 0, 1])
    asked = replace(chain, images=chain.images[2:])
    engine = Remembering()
    record, told = run([asked], engine, Registry({"s0", "s1"}, {"s0", "s1"}))
    assert engine.built == ["s2"]
    assert kinds(told, events.StageFetching) == ["s1"]
    assert [item.source for item in record.stages] == ["child", "registry r/x", ""]
    assert [image.reference for image in record.images] == ["image2:1"]


def test_what_cannot_be_fetched_is_built_with_what_it_stands_on(numpy):
    chain = tree(numpy, [None, 0, 1])
    asked = replace(chain, images=chain.images[2:])
    engine = Remembering()
    record, told = run([asked], engine, Registry({"s0", "s1", "s2"}))
    assert engine.built == ["s0", "s1", "s2"]
    assert sorted(kinds(told, events.StageFetching)) == ["s0", "s1", "s2"], "each is tried once"
    assert not record.errors
    assert "registry r/x" in next(
        event.message for event in told if isinstance(event, events.Warned)
    )


def test_a_registry_that_takes_nothing_fails_no_build(numpy):
    record, told = run([tree(numpy, [None])], Remembering(), Registry(()))
    assert not record.errors
    assert any(
        "the registry is full" in event.message
        for event in told
        if isinstance(event, events.Warned)
    )
    assert isinstance(told[-1], events.RunEnded)


def test_what_is_to_be_redone_is_built_although_it_is_there(numpy):
    chain = tree(numpy, [None, 0])
    engine = Remembering()
    run([chain], engine)
    engine.built.clear()
    run([chain], engine)
    assert engine.built == []
    run([chain], engine, redo=frozenset({"s1"}))
    assert engine.built == ["s1"]


def test_a_stage_that_was_built_again_is_tested_anew(numpy, tmp_path):
    chain = tree(numpy, [None, 0])
    test = StageTest("s0", "check", ("sh", "-c", "true"), str(tmp_path / "s0"))
    chain = replace(chain, stages=(replace(chain.stages[0], tests=(test,)), chain.stages[1]))
    chain = replace(chain, images=chain.images[1:])
    (tmp_path / "s0").mkdir()
    engine, state = Numbered(), State(tmp_path / "memory")

    def tests(**options: object) -> list[tuple[str, bool, bool]]:
        record, _ = run([chain], engine, state=state, **options)
        return sorted((x.subject.stage, x.final, x.remembered) for x in record.tests)

    anew = [("s0", False, False), ("s1", True, False)]
    known = [("s0", False, True), ("s1", True, True)]
    assert tests() == anew
    engine.asked.clear()
    assert tests() == known
    assert "jetson-stage/s0:1" not in engine.asked, "asked about what stands below"
    assert tests(redo=frozenset({"s0", "s1"})) == anew
    assert tests() == known
    engine.store.clear()
    assert tests() == anew, "what had vanished is another image now"


@pytest.mark.parametrize("other_finishes", [True, False])
def test_a_forced_stage_is_taken_of_another_process_only_if_that_built_it(
    numpy, tmp_path, other_finishes
):
    """The other process ends, with or without a new image, once this one waits for it."""
    chain = tree(numpy, [None])
    engine, state = Numbered(), State(tmp_path)
    run([chain], engine)
    other = state.try_lock(chain.stages[0].fingerprint)
    assert isinstance(other, StageLock)
    told: list[events.Event] = []

    def sink(event: events.Event) -> None:
        told.append(event)
        if isinstance(event, events.StageWaiting):
            if other_finishes:
                engine.built.append("other")
                engine.put(chain.stages[0])
            other.release()

    given = BuildOptions(jobs=1, min_free=0, redo=frozenset({"s0"}))
    record = Builder([chain], engine, state, given, sink).run()
    assert kinds(told, events.StageWaiting) == ["s0"]
    assert engine.built == (["s0", "other"] if other_finishes else ["s0", "s0"])
    assert record.images[0].digest == "sha256:2", "the old image was taken"


def test_a_cache_that_takes_no_locks_is_told_once_and_ends_no_build(numpy, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    state = State(tmp_path / "file")
    record, told = run([tree(numpy, [None, None, 0])], Remembering(), state=state)
    assert not record.errors
    assert len(record.images) == 3
    [warning] = [event for event in told if isinstance(event, events.Warned)]
    assert "a lock cannot be taken there" in warning.message


class Slow(Remembering):
    """``s0`` fails; the others end once that is ``failed``."""

    def __init__(self) -> None:
        super().__init__({"s0"})
        self.failed = threading.Event()

    def build(self, request: BuildRequest, sink: events.Sink) -> ImageInfo:
        if request.stage.id != "s0":
            assert self.failed.wait(20)
        return super().build(request, sink)


def test_an_image_that_ends_after_the_first_failure_is_listed_as_without_a_name(numpy):
    graph = tree(numpy, [None, None, 0, 1])
    graph = replace(graph, images=graph.images[:3])
    engine = Slow()

    def sink(event: events.Event) -> None:
        if isinstance(event, events.StageBlocked):  # told by the thread that decides
            engine.failed.set()

    given = BuildOptions(jobs=2, min_free=0, fail_fast=True)
    record = Builder([graph], engine, NoState(), given, sink).run()
    assert len(record.errors) == 1
    assert not record.images
    assert record.unnamed == ("image1:1",)

    engine.failing = ()
    again, _ = run([graph], engine)
    assert engine.built.count("s1") == 1
    assert len(again.images) == 3
    assert again.unnamed == ()


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(st.data())
def test_every_image_whose_stages_are_there_is_named_and_no_other(numpy, data):
    count = data.draw(st.integers(1, 7))
    parents = [
        data.draw(st.none() | st.integers(0, number - 1)) if number else None
        for number in range(count)
    ]
    graph = tree(numpy, parents)
    ids = [stage.id for stage in graph.stages]
    failing = data.draw(st.sets(st.sampled_from(ids)))
    engine = Remembering(failing)
    record, told = run([graph, graph], engine)
    good = {
        image.reference for image in graph.images if not failing.intersection(image.stages)
    }
    assert len(engine.built) == len(set(engine.built)), "built twice"
    assert {image.reference for image in record.images} == good
    blocked = set(kinds(told, events.StageBlocked))
    assert set(engine.built).isdisjoint(blocked)
    assert set(engine.built) | blocked == set(ids)
    assert len(record.errors) == len(set(engine.built) & failing)
    assert record.unnamed == (), "only --fail-fast leaves images without tests"
    ended = told[-1]
    assert isinstance(ended, events.RunEnded)
    assert ended.status == ("failed" if record.errors else "done")

    engine.failing = ()
    before = set(engine.built) - failing
    engine.built.clear()
    again, _ = run([graph], engine)
    assert set(engine.built) == set(ids) - before, "what had finished is built again, or not all"
    assert len(again.images) == count


def test_two_targets_with_one_name_are_refused_before_anything_is_built(numpy):
    one, other = tree(numpy, [None]), tree(numpy, [None, None])
    other = replace(other, images=(replace(other.images[1], reference="image0:1"),))
    engine = Remembering()
    with pytest.raises(BuilderError, match="two targets would both give an image image0:1"):
        run([one, other], engine)
    assert not engine.built
