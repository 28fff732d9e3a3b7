"""What an engine saw: the only way in which progress leaves it.

Every event names the stage (its id) that it belongs to; times are seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    stage: str


@dataclass(frozen=True, slots=True)
class StageFound(Event):
    """The stage was there already, under ``reference``."""

    reference: str


@dataclass(frozen=True, slots=True)
class StageWaiting(Event):
    """Another process (``pid``, 0 when unknown) is building the same stage; this one waits."""

    pid: int


@dataclass(frozen=True, slots=True)
class StageStarted(Event):
    """The engine was asked to build."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepStarted(Event):
    """One step of a Dockerfile, as the engine words it (``[2/5] RUN …``)."""

    step: str


@dataclass(frozen=True, slots=True)
class LogLine(Event):
    """One line of output of a step or a test, without colour codes and line end."""

    text: str


@dataclass(frozen=True, slots=True)
class StageFinished(Event):
    """The stage is built and tagged; ``size`` is its image's in bytes."""

    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class StageFailed(Event):
    """The stage could not be built, or, ``interrupted``, was stopped from outside."""

    seconds: float
    message: str
    interrupted: bool = False


TestStatus = Literal["passed", "failed", "deferred"]


@dataclass(frozen=True, slots=True)
class TestStarted(Event):
    """A test of ``package`` begins in the image of the stage."""

    __test__ = False
    package: str
    test: str
    final: bool


@dataclass(frozen=True, slots=True)
class TestFinished(Event):
    """A test ended; ``remembered`` says that an earlier run of the same test was taken."""

    __test__ = False
    package: str
    test: str
    final: bool
    status: TestStatus
    seconds: float
    message: str = ""
    remembered: bool = False


@dataclass(frozen=True, slots=True)
class ImageTagged(Event):
    """An image that was asked for stands under its reference."""

    reference: str
    size: int


Sink = Callable[[Event], None]
