"""The screen: a live view on a terminal, plain lines anywhere else."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from jetson_containers.cli.summary import clock
from jetson_containers.engine.events import (
    Event,
    ImageTagged,
    LogLine,
    StageFailed,
    StageFinished,
    StageFound,
    StageStarted,
    StageWaiting,
    StepStarted,
    TestFinished,
    TestStarted,
)
from jetson_containers.plan.model import Plan
from jetson_containers.units import gigabytes

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


class Screen(Protocol):
    """Where events are shown."""

    def show(self, event: Event) -> None: ...


@contextmanager
def open_screen(plan: Plan, engine: str, out: TextIO, *, verbose: bool) -> Iterator[Screen]:
    """The live view if ``out`` is a terminal that can show it, else plain lines."""
    if not out.isatty() or os.environ.get("TERM") == "dumb" or os.environ.get("NO_COLOR"):
        yield PlainScreen(plan, out, verbose=verbose)
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(file=out, highlight=False)
    screen = LiveScreen(plan, engine, console)
    with Live(get_renderable=screen.render, console=console, refresh_per_second=8, transient=True):
        yield screen
    for line in screen.last_words():
        console.print(line, markup=False)


class PlainScreen:
    """One line a thing that happened; with ``verbose`` the output of steps too."""

    def __init__(self, plan: Plan, out: TextIO, *, verbose: bool) -> None:
        self._out = out
        self._verbose = verbose
        self._titles = {stage.id: stage.title for stage in plan.stages}
        self._numbers = {stage.id: number for number, stage in enumerate(plan.stages, 1)}
        self._total = len(plan.stages)
        self._lock = threading.Lock()

    def show(self, event: Event) -> None:
        text = self._text(event)
        if text:
            with self._lock:
                print(text, file=self._out, flush=True)

    def _text(self, event: Event) -> str:
        title = self._titles.get(event.stage, event.stage)
        place = f"[{self._numbers.get(event.stage, 0):>2}/{self._total}] {title}"
        match event:
            case StageFound():
                return f"{place}: found"
            case StageWaiting():
                return f"{place}: another build (process {event.pid}) makes it; waiting"
            case StageStarted():
                return f"{place}: building"
            case StepStarted():
                return f"{place}: {_short(event.step)}"
            case StageFinished():
                return f"{place}: built in {clock(event.seconds)}, {gigabytes(event.size)}"
            case StageFailed():
                word = "interrupted" if event.interrupted else "FAILED"
                return f"{place}: {word} after {clock(event.seconds)}"
            case TestFinished() if not event.remembered:
                why = f" ({event.message})" if event.message else ""
                where = " in the final image" if event.final else ""
                return (
                    f"{place}: test {event.test} of {event.package}{where}: "
                    f"{event.status} in {clock(event.seconds)}{why}"
                )
            case ImageTagged():
                return f"tagged {event.reference}"
            case LogLine() if self._verbose:
                return f"  | {event.text}"
        return ""


class LiveScreen:
    """The chain, what runs now with its step and time, and the end of its log."""

    LOG_LINES = 8

    def __init__(self, plan: Plan, engine: str, console: Console) -> None:
        self._plan = plan
        self._engine = engine
        self._console = console
        self._begun = time.monotonic()
        self._state: dict[str, str] = {stage.id: "waiting" for stage in plan.stages}
        self._note: dict[str, str] = {}
        self._started: dict[str, float] = {}
        self._log: deque[str] = deque(maxlen=self.LOG_LINES)
        self._running_tests: dict[tuple[str, str, bool], float] = {}
        self._tests: dict[str, int] = {"passed": 0, "deferred": 0, "failed": 0}
        self._lock = threading.Lock()

    def show(self, event: Event) -> None:
        with self._lock:
            self._take(event)

    def _take(self, event: Event) -> None:
        stage = event.stage
        match event:
            case StageFound():
                self._state[stage] = "found"
            case StageWaiting():
                self._note[stage] = f"waiting for process {event.pid}"
            case StageStarted():
                self._state[stage] = "building"
                self._started[stage] = time.monotonic()
                self._log.clear()
            case StepStarted():
                self._note[stage] = _short(event.step)
            case LogLine():
                self._log.append(event.text)
            case StageFinished():
                self._state[stage] = "built"
                self._note[stage] = f"{clock(event.seconds)}  {gigabytes(event.size)}"
            case StageFailed():
                self._state[stage] = "stopped" if event.interrupted else "failed"
                self._note[stage] = clock(event.seconds)
            case TestStarted():
                key = (event.package, event.test, event.final)
                self._running_tests[key] = time.monotonic()
            case TestFinished():
                self._running_tests.pop((event.package, event.test, event.final), None)
                self._tests[event.status] += 1

    def render(self) -> RenderableType:
        """The whole view; called by rich from its own thread."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            now = time.monotonic()
            target = self._plan.target
            names = ", ".join(image.reference for image in self._plan.images)
            head = Text.assemble(
                (names, "bold"), f"  {target.name}  {self._engine}  {clock(now - self._begun)}"
            )
            table = Table.grid(padding=(0, 2))
            for stage in self._window():
                state = self._state[stage.id]
                mark, style = _MARKS[state]
                note = self._note.get(stage.id, "")
                if state == "building":
                    note = f"{clock(now - self._started[stage.id]):>7}  {note}"
                table.add_row(
                    Text(mark, style), Text(stage.title, style), Text(note, "dim", no_wrap=True)
                )
            parts: list[RenderableType] = [head, table]
            parts += [Text(f"  │ {line}", "dim", no_wrap=True) for line in self._log]
            for (package, test, final), begun in self._running_tests.items():
                place = " in the final image" if final else ""
                parts.append(Text(f"test {test} of {package}{place}  {clock(now - begun)}", "cyan"))
            counts = "  ".join(f"{count} {kind}" for kind, count in self._tests.items() if count)
            parts.append(Text(f"tests: {counts or 'none yet'}", "dim"))
            return Group(*parts)

    def _window(self) -> list:  # type: ignore[type-arg]
        """As many stages around the running one as the terminal has room for."""
        room = max(5, self._console.size.height - self.LOG_LINES - 6)
        stages = list(self._plan.stages)
        if len(stages) <= room:
            return stages
        busy = [
            index
            for index, stage in enumerate(stages)
            if self._state[stage.id] not in ("waiting",)
        ]
        last = busy[-1] if busy else 0
        first = min(max(0, last - room // 2), len(stages) - room)
        return stages[first : first + room]

    def last_words(self) -> list[str]:
        """What stays on the terminal when the view is gone."""
        with self._lock:
            return [
                f"{_MARKS[self._state[stage.id]][0]} {stage.title}  "
                f"{self._note.get(stage.id, self._state[stage.id])}"
                for stage in self._plan.stages
                if self._state[stage.id] in ("built", "failed", "stopped")
            ]


_MARKS = {
    "waiting": ("·", "dim"),
    "found": ("=", "green"),
    "building": ("▸", "bold yellow"),
    "built": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "stopped": ("■", "yellow"),
}


def _short(step: str) -> str:
    """A step in one line of bearable length."""
    line = " ".join(step.split())
    return line if len(line) <= 100 else line[:99] + "…"
