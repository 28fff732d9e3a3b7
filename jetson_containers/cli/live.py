"""The live view: what runs, waits and is blocked, with the end of its output and the time left."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from jetson_containers.cli.screen import Show, short
from jetson_containers.engine.demand import needs
from jetson_containers.engine.events import (
    Event,
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
    TestStarted,
    Warned,
)
from jetson_containers.engine.schedule import Node, time_left
from jetson_containers.units import clock, gigabytes

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


@contextmanager
def live_screen(show: Show, out: TextIO) -> Iterator[LiveScreen]:
    """The view on a terminal; what was done stays there when it is gone."""
    from rich.console import Console
    from rich.live import Live

    console = Console(file=out, highlight=False)
    screen = LiveScreen(show, console)
    with Live(get_renderable=screen.render, console=console, refresh_per_second=8, transient=True):
        yield screen
    for line in screen.last_words():
        console.print(line, markup=False)


class LiveScreen:
    """Follows the events; :meth:`render` draws where they have led."""

    LOG_LINES = 8

    def __init__(self, show: Show, console: Console) -> None:
        self._show = show
        self._console = console
        self._begun = time.monotonic()
        self._stages = show.stages
        self._needs = needs(self._stages)
        self._state: dict[str, str] = dict.fromkeys(self._stages, "waiting")
        self._note: dict[str, str] = {}
        self._started: dict[str, float] = {}
        self._log: deque[tuple[str, str]] = deque(maxlen=self.LOG_LINES)
        self._warnings: list[str] = []
        self._running_tests: dict[tuple[str, str, bool], float] = {}
        self._tests: Counter[str] = Counter()
        self._lock = threading.Lock()

    def show(self, event: Event) -> None:
        with self._lock:
            self._take(event)

    def _take(self, event: Event) -> None:
        stage = event.stage
        match event:
            case StageFound():
                self._state[stage] = "found"
                if event.source not in ("local", "child"):
                    self._note[stage] = event.source
            case StageWaiting():
                self._state[stage] = "elsewhere"
                self._note[stage] = f"process {event.pid} makes it"
            case StageStarted() | StageFetching():
                self._state[stage] = "building"
                self._started[stage] = time.monotonic()
                self._note[stage] = event.source if isinstance(event, StageFetching) else event.why
            case StepStarted():
                self._note[stage] = short(event.step)
            case LogLine():
                self._log.append((stage, event.text))
            case StageFinished():
                self._state[stage] = "built"
                self._note[stage] = f"{clock(event.seconds)}  {gigabytes(event.size)}"
            case StageFailed():
                self._state[stage] = "stopped" if event.interrupted else "failed"
                self._note[stage] = clock(event.seconds)
            case StageBlocked():
                self._state[stage] = "blocked"
                because = self._stages.get(event.because)
                self._note[stage] = f"{because.title} failed" if because else "not begun"
            case TestStarted():
                key = (event.package, event.test, event.final)
                self._running_tests[key] = time.monotonic()
            case TestFinished():
                self._running_tests.pop((event.package, event.test, event.final), None)
                self._tests[event.status] += 1
            case Warned():
                self._warnings.append(event.message)

    def render(self) -> RenderableType:
        """The whole view; called by rich from its own thread."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            now = time.monotonic()
            table = Table.grid(padding=(0, 2))
            for item in self._window():
                state = self._state[item]
                mark, style = _MARKS[state]
                note = self._note.get(item, "")
                if state == "building":
                    note = f"{clock(now - self._started[item]):>7}  {note}"
                title = self._stages[item].title
                table.add_row(
                    Text(mark, style), Text(title, style), Text(note, "dim", no_wrap=True)
                )
            parts: list[RenderableType] = [Text.assemble(*self._head(now)), table]
            parts += [Text(line, "dim", no_wrap=True) for line in self._tail()]
            for (package, test, final), begun in self._running_tests.items():
                place = " in the final image" if final else ""
                parts.append(Text(f"test {test} of {package}{place}  {clock(now - begun)}", "cyan"))
            parts.append(Text(self._counts(), "dim"))
            return Group(*parts)

    def _head(self, now: float) -> tuple[tuple[str, str] | str, ...]:
        images = [image.reference for plan in self._show.plans for image in plan.images]
        names = ", ".join(images[:3]) + (f" and {len(images) - 3} more" if len(images) > 3 else "")
        targets = ", ".join(dict.fromkeys(plan.target.name for plan in self._show.plans))
        left = self.left(now)
        rest = f"  {left}" if left else ""
        return (
            (names, "bold"),
            f"  {targets}  {self._show.engine}  {clock(now - self._begun)}{rest}",
        )

    def left(self, now: float) -> str:
        """How long it will take, from what earlier runs took; empty where they tell too little."""
        open_ = [
            item
            for item, state in self._state.items()
            if state in ("waiting", "building", "elsewhere")
        ]
        expected = self._show.expected
        known = [item for item in open_ if item in expected]
        if not known:
            return ""
        nodes = {item: Node(item, self._needs[item], expected.get(item, 0.0)) for item in open_}
        elapsed = {item: now - begun for item, begun in self._started.items()}
        seconds = time_left(nodes, self._show.jobs, elapsed)
        word = "about" if len(known) == len(open_) else "at least"
        return f"{word} {rounded(seconds)} left"

    def _tail(self) -> list[str]:
        several = list(self._state.values()).count("building") > 1
        return [
            f"  │ {self._stages[stage].package + ': ' if several else ''}{text}"
            for stage, text in self._log
            if stage in self._stages
        ]

    def _counts(self) -> str:
        states = Counter(_WORDS[state] for state in self._state.values())
        stages = "  ".join(f"{count} {word}" for word, count in states.items())
        tests = "  ".join(f"{count} {kind}" for kind, count in self._tests.items())
        return f"stages: {stages}   tests: {tests or 'none yet'}"

    def _window(self) -> list[str]:
        """As many stages as the terminal has room for, what runs or went wrong first."""
        room = max(5, self._console.size.height - self.LOG_LINES - 6)
        items = list(self._stages)
        if len(items) <= room:
            return items
        settled = [item for item in items if self._state[item] in ("found", "built")]
        rank = {"building": 0, "elsewhere": 0, "failed": 0, "stopped": 0, "waiting": 2}
        order = {item: rank.get(self._state[item], 3) for item in items}
        order |= dict.fromkeys(settled[-2:], 1)
        shown = set(sorted(items, key=lambda item: order[item])[:room])
        return [item for item in items if item in shown]

    def last_words(self) -> list[str]:
        """What stays on the terminal when the view is gone."""
        with self._lock:
            kept = ("built", "failed", "stopped", "blocked")
            return [
                f"{_MARKS[state][0]} {self._stages[item].title}  {self._note.get(item, state)}"
                for item, state in self._state.items()
                if state in kept
            ] + [f"warning: {text}" for text in self._warnings]


def rounded(seconds: float) -> str:
    """A time that is only guessed: ``20 s``, ``12 min``, ``3 h 10 min``."""
    if seconds < 90:
        return f"{max(5, round(seconds / 5) * 5)} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(round(minutes / 10) * 10, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


_MARKS = {
    "waiting": ("·", "dim"),
    "elsewhere": ("…", "cyan"),
    "found": ("=", "green"),
    "building": ("▸", "bold yellow"),
    "built": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "stopped": ("■", "yellow"),
    "blocked": ("-", "red"),
}
_WORDS = {
    "waiting": "waiting",
    "elsewhere": "made by another run",
    "found": "found",
    "building": "running",
    "built": "built",
    "failed": "failed",
    "stopped": "stopped",
    "blocked": "blocked",
}
