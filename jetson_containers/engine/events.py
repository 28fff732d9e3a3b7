"""What an engine saw: the only way in which progress leaves it.

Every event names the stage (its id) that it belongs to; times are seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    stage: str


@dataclass(frozen=True, slots=True)
class StageFound(Event):
    """The stage was there already, under ``reference``.

    ``source`` is ``local``, ``child`` (what stands on it is there, it was not asked for itself),
    ``other process`` or ``registry HOST/NAMESPACE``; ``seconds`` is how long it took to bring it
    here.
    """

    reference: str
    source: str = "local"
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StageWaiting(Event):
    """Another process (``pid``, 0 when unknown) is building the same stage; this one waits."""

    pid: int


@dataclass(frozen=True, slots=True)
class StageStarted(Event):
    """The engine was asked to build, in ``lane`` (counted from 1).

    ``why`` tells in one line which inputs differ from the nearest earlier stage, or that there was
    none.
    """

    command: tuple[str, ...]
    why: str = ""
    lane: int = 0


@dataclass(frozen=True, slots=True)
class StageFetching(Event):
    """The finished stage is brought from ``source`` (``registry HOST/NAMESPACE``)."""

    source: str
    lane: int = 0


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


@dataclass(frozen=True, slots=True)
class StageBlocked(Event):
    """The stage is not built, ``because`` the stage of that id failed.

    An empty ``because`` says that the run stops at its first failure (``--fail-fast``).
    """

    because: str


@dataclass(frozen=True, slots=True)
class StageStored(Event):
    """A stage that was built is now kept in a registry that this run writes to."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something did not work that the result does not depend on."""

    message: str


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
    """An image that was asked for stands under its reference; ``size`` in bytes."""

    reference: str
    size: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ImagePushed(Event):
    """An image, or an index over several, is in a registry as ``reference`` with that ``digest``.

    ``image`` is its name here; ``sent`` is false for one that was there already.
    """

    image: str
    reference: str
    digest: str
    sent: bool


@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """The last event of a run: ``done``, ``failed`` or ``interrupted``; ``stage`` is empty.

    ``images`` are ``{"reference", "digest", "size"}`` of each image that was tagged, ``errors``
    what failed, in words.
    """

    status: str
    seconds: float
    images: tuple[Mapping[str, Any], ...] = ()
    errors: tuple[str, ...] = ()


Sink = Callable[[Event], None]
