"""What a person sees while a build runs."""

from __future__ import annotations

import io

import pytest

from jetson_containers.cli.live import LiveScreen, rounded
from jetson_containers.cli.screen import MOST_LINES, PlainScreen, Show
from jetson_containers.cli.summary import clock
from jetson_containers.engine import events
from tests.golden.plans import plan


@pytest.fixture(scope="module")
def a_plan():
    return plan("x86-cu130", "numpy")


def lines(a_plan, *happened: events.Event, verbose: bool = False) -> list[str]:
    out = io.StringIO()
    screen = PlainScreen(Show((a_plan,), "buildkit"), out, verbose=verbose)
    for event in happened:
        screen.show(event)
    return out.getvalue().splitlines()


def test_plain_lines_say_where_in_the_chain_something_happens(a_plan):
    last = a_plan.stages[-1]
    place = f"[{len(a_plan.stages):>2}/{len(a_plan.stages)}] {last.title}"
    assert lines(
        a_plan,
        events.StageStarted(last.id, ("docker",)),
        events.StepStarted(last.id, "[2/2] RUN make   \\\n  all"),
        events.LogLine(last.id, "compiling"),
        events.StageFinished(last.id, 65.0, 1_500_000_000),
        events.TestFinished(last.id, last.title, "test.py", False, "deferred", 1.0, "no GPU"),
        events.TestFinished(last.id, "x", "y", False, "passed", 0.0, "", remembered=True),
    ) == [
        f"{place}: building",
        f"{place}: [2/2] RUN make \\ all",
        f"{place}: built in 1:05, 1.5 GB",
        f"{place}: test test.py of {last.title}: deferred in 1.0 s (no GPU)",
    ]


def test_verbose_shows_the_output_of_steps(a_plan):
    event = events.LogLine(a_plan.stages[0].id, "compiling")
    assert lines(a_plan, event) == []
    assert lines(a_plan, event, verbose=True) == ["  | compiling"]


def test_the_live_view_shows_the_chain_the_step_and_the_end_of_the_log(a_plan):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=100, height=40, force_terminal=True)
    screen = LiveScreen(Show((a_plan,), "buildkit"), console)
    first, last = a_plan.stages[0], a_plan.stages[-1]
    screen.show(events.StageFound(first.id, first.reference))
    screen.show(events.StageStarted(last.id, ("docker",)))
    screen.show(events.StepStarted(last.id, "[2/2] RUN make"))
    for number in range(20):
        screen.show(events.LogLine(last.id, f"line {number}"))
    screen.show(events.TestStarted(first.id, first.title, "test.py", False))
    with console.capture() as captured:
        console.print(screen.render())
    text = captured.get()
    assert a_plan.images[0].reference in text
    assert "[2/2] RUN make" in text
    assert "line 19" in text
    assert "line 5" not in text
    assert f"test test.py of {first.title}" in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (65, "1:05"), (3725, "1:02:05")]
)
def test_times_for_people(seconds, text):
    assert clock(seconds) == text
