"""What becomes of finished stages: they are tested, and images whose tests passed get their names.

One thread calls all of this; the tests themselves run on :class:`TestBench`'s threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from jetson_containers.engine.events import ImageTagged, Sink
from jetson_containers.engine.holdings import Holdings
from jetson_containers.engine.imagetests import Subject, TestBench, TestRecord
from jetson_containers.engine.protocol import Engine
from jetson_containers.engine.record import ImageRecord
from jetson_containers.plan.model import Plan, PlannedImage, Stage, StageTest


class Settling:
    """The tests and images of one run.

    A stage's own tests run when it is there; those of all its packages run again on the final
    image, once its stages' tests have ended. A test counts as running from when it is asked for
    until :meth:`take` is told of it, remembered ones too.
    """

    def __init__(
        self, plans: Sequence[Plan], engine: Engine, held: Holdings, bench: TestBench, sink: Sink
    ) -> None:
        self._engine = engine
        self._held = held
        self._bench = bench
        self._sink = sink
        self._running: Counter[tuple[str, bool]] = Counter()
        #: final stages whose tests were begun, and whether all have passed so far
        self._final: dict[str, bool] = {}
        self._open = [(plan, image) for plan in plans for image in plan.images]
        self.tests: list[TestRecord] = []
        self.images: list[ImageRecord] = []

    @property
    def running(self) -> int:
        """How many tests were begun and not yet taken."""
        return self._running.total()

    @property
    def unnamed(self) -> tuple[str, ...]:
        """The references of images whose stages are there, and that have not got their names."""
        return tuple(
            dict.fromkeys(
                image.reference
                for _, image in self._open
                if image.stages and image.stages[-1] in self._held
            )
        )

    def test(self, stage: Stage) -> None:
        """Begin the stage's own tests."""
        for test in dict.fromkeys(stage.tests):
            self._test(stage, test, final=False)

    def take(self, record: TestRecord) -> None:
        """A test has ended."""
        self._running[record.subject.stage, record.final] -= 1
        self.tests.append(record)
        if record.final and record.error is not None:
            self._final[record.subject.stage] = False

    def settle(self, lost: Collection[str], *, stopped: bool) -> None:
        """Test and tag the images whose stages are all there; forget those with a ``lost`` one.

        When the run is ``stopped`` no further tests begin.
        """
        for plan, image in tuple(self._open):
            if not image.stages:
                self._open.remove((plan, image))
                self._tag_base(plan, image)
            elif any(item in lost for item in image.stages):
                self._open.remove((plan, image))
            elif self._is_tested(plan, image, stopped=stopped):
                self._open.remove((plan, image))
                if self._final[image.stages[-1]]:
                    self._tag(plan.stage(image.stages[-1]), image)

    def _test(self, stage: Stage, test: StageTest, *, final: bool) -> None:
        self._running[stage.id, final] += 1
        known = self._held.known(stage.id)
        subject = Subject(stage.id, stage.title, stage.fingerprint, known.digest if known else "")
        if self._bench.recall(subject, test, final=final):
            return
        image = self._held.image(stage.id)
        if image is None or not self._bench.submit(
            replace(subject, image=image.digest), test, final=final
        ):
            self._running[stage.id, final] -= 1

    def _is_tested(self, plan: Plan, image: PlannedImage, *, stopped: bool) -> bool:
        """Whether all tests of the image have ended; they are begun when its stages' have."""
        final = image.stages[-1]
        if final not in self._held or any(self._running[item, False] for item in image.stages):
            return False
        if final not in self._final:
            if stopped:
                return False
            self._final[final] = True
            stages = [plan.stage(item) for item in image.stages]
            for test in dict.fromkeys(test for stage in stages for test in stage.tests):
                self._test(stages[-1], test, final=True)
        return not self._running[final, True]

    def _tag(self, final: Stage, image: PlannedImage) -> None:
        held = tagged = self._held.image(final.id)
        assert held is not None, "an image is tagged when its last stage is there"
        if not {image.reference, f"docker.io/library/{image.reference}"} & set(held.references):
            self._engine.tag(held.digest, image.reference)
            tagged = self._engine.inspect(image.reference)
        size = (tagged or held).size
        self.images.append(ImageRecord(image.reference, held.digest, size, final.id))
        self._sink(ImageTagged(final.id, image.reference, size, held.digest))

    def _tag_base(self, plan: Plan, image: PlannedImage) -> None:
        """The base holds all of the image: it gets one more name."""
        base = plan.base.reference
        self._engine.tag(base, image.reference)
        held = self._engine.inspect(image.reference)
        digest, size = (held.digest, held.size) if held else (base, 0)
        self.images.append(ImageRecord(image.reference, digest, size))
        self._sink(ImageTagged("", image.reference, size, digest))
