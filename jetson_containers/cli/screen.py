"""The screen: a live view on a terminal, plain lines anywhere else."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from jetson_containers.engine.demand import all_stages
from jetson_containers.engine.events import (
    Event,
    ImagePushed,
    ImageTagged,
    LogLine,
    StageBlocked,
    StageFailed,
    StageFetching,
    StageFinished,
    StageFound,
    StageStarted,
    StageWaiting,
    StepStarted,
    TestFinished,
    Warned,
)
from jetson_containers.plan.model import Plan, Stage
from jetson_containers.units import clock, gigabytes

#: lines of one step that go to a screen; the log has them all
MOST_LINES = 5000


@dataclass(frozen=True, slots=True)
class Show:
    """What a screen has to know beforehand.

    ``expected`` are the seconds that a stage takes, by id, as far as earlier runs tell; ``jobs``
    how many are built at a time.
    """

    plans: tuple[Plan, ...]
    engine: str
    jobs: int = 1
    expected: Mapping[str, float] = field(default_factory=dict)

    @property
    def stages(self) -> dict[str, Stage]:
        """All stages, by id, in the order in which screens number them."""
        return all_stages(self.plans)


class Screen(Protocol):
    """Where events are shown."""

    def show(self, event: Event) -> None: ...


@contextmanager
def open_screen(show: Show, out: TextIO, *, verbose: bool) -> Iterator[Screen]:
    """The live view if ``out`` is a terminal that can show it, else plain lines."""
    if not out.isatty() or os.environ.get("TERM") == "dumb" or os.environ.get("NO_COLOR"):
        yield PlainScreen(show, out, verbose=verbose)
        return
    from jetson_containers.cli.live import live_screen

    with live_screen(show, out) as screen:
        yield screen


class PlainScreen:
    """One line a thing that happened; with ``verbose`` the output of steps too.

    Output of stages that run beside each other has the name of its package before it.
    """

    def __init__(self, show: Show, out: TextIO, *, verbose: bool) -> None:
        self._out = out
        self._verbose = verbose
        stages = show.stages
        self._titles = {stage.id: stage.title for stage in stages.values()}
        self._numbers = {item: number for number, item in enumerate(stages, 1)}
        self._total = len(stages)
        self._running: set[str] = set()
        self._lines: Counter[str] = Counter()
        self._lock = threading.Lock()

    def show(self, event: Event) -> None:
        with self._lock:
            text = self._text(event)
            if text:
                print(text, file=self._out, flush=True)

    def _text(self, event: Event) -> str:
        title = self._titles.get(event.stage, event.stage)
        place = f"[{self._numbers.get(event.stage, 0):>2}/{self._total}] {title}"
        match event:
            case StageFound():
                self._running.discard(event.stage)
                return f"{place}: {_found(event)}"
            case StageWaiting():
                return f"{place}: another build (process {event.pid}) makes it; waiting"
            case StageStarted():
                self._running.add(event.stage)
                return f"{place}: building" + (f" ({event.why})" if event.why else "")
            case StageFetching():
                self._running.add(event.stage)
                return f"{place}: fetching from {event.source}"
            case StepStarted():
                self._lines[event.stage] = 0
                return f"{place}: {short(event.step)}"
            case StageFinished():
                self._running.discard(event.stage)
                return f"{place}: built in {clock(event.seconds)}, {gigabytes(event.size)}"
            case StageFailed():
                self._running.discard(event.stage)
                word = "interrupted" if event.interrupted else "FAILED"
                return f"{place}: {word} after {clock(event.seconds)}"
            case StageBlocked():
                why = self._titles.get(event.because, event.because)
                return f"{place}: " + (f"blocked, {why} failed" if why else "not begun")
            case TestFinished() if not event.remembered:
                why = f" ({event.message})" if event.message else ""
                where = " in the final image" if event.final else ""
                return (
                    f"{place}: test {event.test} of {event.package}{where}: "
                    f"{event.status} in {clock(event.seconds)}{why}"
                )
            case ImageTagged():
                return f"tagged {event.reference}"
            case ImagePushed():
                word = "pushed" if event.sent else "already there:"
                return f"{word} {event.reference} ({event.digest})"
            case Warned():
                before = f"{place}: " if event.stage else ""
                return f"{before}warning: {event.message}"
            case LogLine() if self._verbose:
                return self._line(event, title)
        return ""

    def _line(self, event: LogLine, title: str) -> str:
        self._lines[event.stage] += 1
        before = f"  {title} | " if self._running - {event.stage} else "  | "
        if self._lines[event.stage] == MOST_LINES:
            return f"{before}… the rest of this step is in the log"
        return before + event.text if self._lines[event.stage] < MOST_LINES else ""


def _found(event: StageFound) -> str:
    took = f" in {clock(event.seconds)}" if event.seconds else ""
    match event.source:
        case "local":
            return "found"
        case "child":
            return "found in what stands on it"
        case "other process":
            return "found, another build made it"
    return f"fetched from {event.source}{took}"


def short(step: str) -> str:
    """A step in one line of bearable length."""
    line = " ".join(step.split())
    return line if len(line) <= 100 else line[:99] + "…"
