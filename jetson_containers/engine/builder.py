"""Run a plan on an engine: find what is finished, build what is missing, test, tag."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jetson_containers.engine.context import whole_context
from jetson_containers.engine.events import (
    ImageTagged,
    Sink,
    StageFailed,
    StageFinished,
    StageFound,
    StageStarted,
    StageWaiting,
)
from jetson_containers.engine.imagetests import TestBench
from jetson_containers.engine.preflight import check, disk_error, free_bytes
from jetson_containers.engine.protocol import BuildRequest, Engine, ImageInfo, StepFailed
from jetson_containers.engine.record import ImageRecord, RunRecord, StageRecord
from jetson_containers.engine.state import State
from jetson_containers.errors import BuilderError, raise_all
from jetson_containers.image import labels
from jetson_containers.plan.model import Plan, PlannedImage, Stage


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What a run adds to a plan. ``min_free`` is in bytes; ``data`` is mounted at ``/data``.

    ``proxies`` are the proxy variables that engines hand to steps without keeping them.
    """

    secrets: Mapping[str, Path] = field(default_factory=dict)
    budget: Mapping[str, str] = field(default_factory=dict)
    proxies: Mapping[str, str] = field(default_factory=dict)
    cache_from: Sequence[str] = ()
    cache_to: Sequence[str] = ()
    compression: str = "zstd"
    min_free: int = 2_000_000_000
    data: Path | None = None
    stage_tests: bool = True
    go_on: bool = False
    workers: int = 2


class Builder:
    """One run of one plan."""

    def __init__(
        self, plan: Plan, engine: Engine, state: State, options: BuildOptions, sink: Sink
    ) -> None:
        self._plan = plan
        self._engine = engine
        self._state = state
        self._options = options
        self._sink = sink
        self._capabilities = engine.capabilities()
        self._records: dict[str, StageRecord] = {}
        self._held: dict[str, ImageInfo] = {}
        self._too_full: BuilderError | None = None
        self._stopped = threading.Event()
        self._bench = TestBench(
            engine,
            state,
            sink,
            gpu=self._capabilities.gpu,
            data=options.data,
            workers=1 if self._capabilities.gpu else options.workers,
        )

    def stop(self) -> None:
        """Stop from another thread or a signal handler."""
        self._stopped.set()
        self._bench.stop()
        self._engine.cancel()

    def run(self) -> RunRecord:
        """Build, test and tag every image of the plan.

        Raises what stands in the way before anything is built; what fails later is in the
        record's ``errors``, unless it ends the run (an interruption, an engine that is gone).
        """
        begun = time.monotonic()
        self._held = self._find_stages()
        self._preflight()
        images: list[ImageRecord] = []
        errors: list[BuilderError] = []
        with self._bench, self._watch_disk():
            for image in self._plan.images:
                try:
                    images.append(self._image(image))
                except BuilderError as error:
                    if self._too_full is not None:
                        raise self._too_full from None
                    if not self._options.go_on or self._stopped.is_set():
                        raise
                    errors.append(error)
        return RunRecord(
            stages=tuple(self._records.values()),
            tests=tuple(self._bench.records),
            images=tuple(images),
            errors=tuple(errors),
            seconds=time.monotonic() - begun,
        )

    def _find_stages(self) -> dict[str, ImageInfo]:
        """The plan's stages that the engine holds, by fingerprint.

        An image counts under its stage's own reference only: labels are inherited by whatever
        somebody builds on an image of ours, and a child is built on that reference.
        """
        wanted = {stage.reference: stage.fingerprint for stage in self._plan.stages}
        held = {}
        for image in self._engine.images(labels.FINGERPRINT):
            for reference in image.references:
                name = reference.removeprefix("docker.io/").removeprefix("localhost/")
                if wanted.get(name) == image.labels[labels.FINGERPRINT]:
                    held[wanted[name]] = image
        return held

    def _todo(self, image: PlannedImage) -> tuple[tuple[Stage, ...], tuple[Stage, ...]]:
        """The stages that are there up to the last finished one, and those to build."""
        chain = tuple(self._plan.stage(item) for item in image.stages)
        done = max(
            (
                index + 1
                for index, stage in enumerate(chain)
                if stage.fingerprint in self._held
            ),
            default=0,
        )
        return chain[:done], chain[done:]

    def _preflight(self) -> None:
        todo = {
            stage.id: stage for image in self._plan.images for stage in self._todo(image)[1]
        }
        if not todo:
            return
        base = self._engine.inspect(self._plan.base.reference)
        raise_all(
            check(
                self._plan,
                todo.values(),
                self._capabilities,
                base,
                self._state,
                self._options.min_free,
            )
        )

    def _image(self, image: PlannedImage) -> ImageRecord:
        done, todo = self._todo(image)
        for stage in done:
            if stage.id not in self._records:
                self._records[stage.id] = StageRecord(stage, "found")
                self._sink(StageFound(stage.id, stage.reference))
        for stage in (*done, *todo):
            if stage in todo and stage.fingerprint not in self._held:
                self._held[stage.fingerprint] = self._stage(stage)
            if self._options.stage_tests and stage.fingerprint in self._held:
                self._bench.submit(stage, self._held[stage.fingerprint], stage.tests)
            self._bench.raise_failures()
        final = self._plan.final_stage(image)
        if final is None:
            return self._tag_base(image)
        self._bench.finish()
        tests = tuple(test for stage in (*done, *todo) for test in stage.tests)
        held = self._held[final.fingerprint]
        self._bench.submit(final, held, tests, final=True)
        self._bench.finish()
        return self._tag(image, final)

    def _tag(self, image: PlannedImage, final: Stage) -> ImageRecord:
        held = self._held[final.fingerprint]
        if not {image.reference, f"docker.io/library/{image.reference}"} & set(held.references):
            self._engine.tag(held.digest, image.reference)
        tagged = self._engine.inspect(image.reference) or held
        self._sink(ImageTagged(final.id, image.reference, tagged.size))
        return ImageRecord(image.reference, held.digest, tagged.size)

    def _tag_base(self, image: PlannedImage) -> ImageRecord:
        """The base holds all of the image: it gets one more name."""
        base = self._plan.base.reference
        self._engine.tag(base, image.reference)
        held = self._engine.inspect(image.reference)
        self._sink(ImageTagged("", image.reference, held.size if held else 0))
        return ImageRecord(
            image.reference, held.digest if held else base, held.size if held else 0
        )

    def _stage(self, stage: Stage) -> ImageInfo:
        """Build one stage, alone among all processes; or find that another has built it."""
        with self._state.stage_lock(
            stage.fingerprint,
            lambda pid: self._sink(StageWaiting(stage.id, pid)),
            self._stopped.is_set,
        ):
            held = self._engine.inspect(stage.reference)
            if held and held.labels.get(labels.FINGERPRINT) == stage.fingerprint:
                self._records[stage.id] = StageRecord(stage, "found")
                self._sink(StageFound(stage.id, stage.reference))
                return held
            return self._build(stage)

    def request(self, stage: Stage) -> BuildRequest:
        """What the engine is handed for a stage."""
        return build_request(stage, self._options)

    def _build(self, stage: Stage) -> ImageInfo:
        with whole_context(stage) as ready:
            return self._build_request(stage, self.request(ready))

    def _build_request(self, stage: Stage, request: BuildRequest) -> ImageInfo:
        self._sink(StageStarted(stage.id, self._engine.command(request)))
        begun = time.monotonic()
        free = free_bytes(self._capabilities.root)
        try:
            built = self._engine.build(request, self._sink)
        except BuilderError as error:
            seconds = time.monotonic() - begun
            self._records[stage.id] = StageRecord(stage, "failed", seconds)
            stopped = self._stopped.is_set()
            self._sink(StageFailed(stage.id, seconds, str(error), interrupted=stopped))
            if stage.generated and isinstance(error, StepFailed):
                error.command = ()  # its context was a copy, and is gone
            raise
        seconds = time.monotonic() - begun
        left = free_bytes(self._capabilities.root)
        if free is not None and left is not None:
            self._state.remember_disk(stage.package, max(0, free - left))
        self._records[stage.id] = StageRecord(stage, "built", seconds, built.size)
        self._sink(StageFinished(stage.id, seconds, built.size))
        return built

    @contextlib.contextmanager
    def _watch_disk(self) -> Iterator[None]:
        """Stop the run before the engine's disk is full, not after."""
        ended = threading.Event()

        def watch() -> None:
            root = self._capabilities.root
            while not ended.wait(0.5):
                free = free_bytes(root)
                if free is not None and free < self._options.min_free:
                    self._too_full = disk_error(root, free, self._options.min_free)
                    self.stop()
                    return

        thread = threading.Thread(target=watch, name="disk-watch", daemon=True)
        if self._capabilities.root is not None:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            if thread.is_alive():
                thread.join()


def build_request(stage: Stage, options: BuildOptions) -> BuildRequest:
    """A stage with what only this run knows. The parent is the stage before, or the base."""
    return BuildRequest(
        stage=stage,
        parent=stage.base,
        secrets=options.secrets,
        budget=options.budget,
        proxies=options.proxies,
        cache_from=options.cache_from,
        cache_to=options.cache_to,
        compression=options.compression,
    )
