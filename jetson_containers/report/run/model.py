"""A run as it was recorded: a frozen value, whatever became of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from jetson_containers.plan.outline import StageOutline

#: a run that is ``killed`` ended without a word, and so did its stages that were on their way
RunStatus = Literal["done", "failed", "interrupted", "killed", "running"]
StageStatus = Literal[
    "built",
    "found",
    "fetched",
    "failed",
    "interrupted",
    "blocked",
    "killed",
    "running",
    "not reached",
]
#: what took part in the run's time as work on a stage
WORKED = ("built", "fetched", "failed", "interrupted", "killed", "running")


@dataclass(frozen=True, slots=True)
class StageReport:
    """What became of one stage.

    ``begun`` is in seconds since the run began, ``None`` for a stage on which nothing was done;
    ``seconds`` is how long the work on it took, up to the last thing recorded where it was cut
    short. ``lane`` counts from 1. ``why`` says why it was built, ``source`` where it was found,
    ``because`` names the stage whose failure blocks it. ``size`` is its image's in bytes, with
    all below it. ``inputs`` are digests by name.
    """

    id: str
    package: str
    version: str | None
    target: str
    parent: str | None
    reference: str
    fingerprint: str
    reason: str
    inputs: Mapping[str, str]
    dockerfile: str
    build_args: Mapping[str, str]
    status: StageStatus
    begun: float | None = None
    seconds: float = 0.0
    lane: int = 0
    why: str = ""
    source: str = ""
    because: str = ""
    message: str = ""
    size: int | None = None
    command: tuple[str, ...] = ()
    steps: tuple[tuple[float, str], ...] = ()
    waited: float = 0.0
    stored: float | None = None

    @property
    def title(self) -> str:
        """``name:version`` for people."""
        return f"{self.package}:{self.version}" if self.version else self.package

    @property
    def outline(self) -> StageOutline:
        """What the plan said of it."""
        return StageOutline(
            package=self.package,
            version=self.version,
            fingerprint=self.fingerprint,
            dockerfile=self.dockerfile,
            build_args=self.build_args,
            inputs=self.inputs,
        )


@dataclass(frozen=True, slots=True)
class TestReport:
    """What became of one test: ``passed``, ``failed``, ``deferred``, ``killed`` or ``running``.

    ``begun`` as for stages, ``None`` where an earlier result was taken.
    """

    __test__ = False
    stage: str
    package: str
    name: str
    final: bool
    status: str
    begun: float | None
    seconds: float
    message: str
    remembered: bool


@dataclass(frozen=True, slots=True)
class ImageReport:
    """An image that was asked for; ``size`` and ``digest`` only if the run came to it.

    ``base`` is the reference of the image that its first stage stands on, ``pushed`` the references
    under which registries have it now.
    """

    reference: str
    target: str
    base: str
    packages: tuple[str, ...]
    stages: tuple[str, ...]
    digest: str = ""
    size: int | None = None
    pushed: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunReport:
    """A whole run. ``begun`` is an ISO time in UTC, ``seconds`` how long it went on.

    ``images`` and ``stages`` are those of the plans, in build order. ``unreadable`` counts lines
    of the journal that are none, but for a last one that was cut off.
    """

    id: str
    directory: Path
    begun: str
    program: str
    argv: tuple[str, ...]
    cores: int
    memory: int
    status: RunStatus
    seconds: float
    images: tuple[ImageReport, ...]
    stages: tuple[StageReport, ...]
    tests: tuple[TestReport, ...]
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    logs: Path | None = None
    unreadable: int = 0

    @cached_property
    def by_id(self) -> Mapping[str, StageReport]:
        """The stages by id."""
        return {stage.id: stage for stage in self.stages}

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The names of the targets, each once."""
        return tuple(dict.fromkeys(image.target for image in self.images))

    @cached_property
    def critical(self) -> tuple[StageReport, ...]:
        """The chain of stages, each on the one before, that took the longest together.

        However many lanes there are, the run cannot be shorter. Found stages cost nothing and
        are left out. Of equal chains the first in build order.
        """
        total: dict[str, float] = {}
        for stage in self.stages:  # a parent stands before its children
            total[stage.id] = _cost(stage) + total.get(stage.parent or "", 0.0)
        if not total or not max(total.values()):
            return ()
        end: str | None = max(total, key=lambda item: total[item])
        left = dict(self.by_id)
        chain = []
        while end in left:  # each once, whatever a damaged plan says
            chain.append(left.pop(end))
            end = chain[-1].parent
        return tuple(stage for stage in reversed(chain) if _cost(stage))

    def log_of(self, stage: StageReport) -> Path | None:
        """The log of a stage, if there is one: ``<nn>-<package>.log``, numbered in build order."""
        if self.logs is None:
            return None
        number = self.stages.index(stage) + 1
        path = self.logs / f"{number:02}-{stage.package.replace('/', '_')}.log"
        return path if path.is_file() else None


def _cost(stage: StageReport) -> float:
    return stage.seconds if stage.status in WORKED else 0.0
