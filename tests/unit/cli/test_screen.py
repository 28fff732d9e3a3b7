"""What a person sees while a build runs."""

from __future__ import annotations

import io

import pytest

from jetson_containers.cli.live import LiveScreen, rounded
from jetson_containers.cli.screen import MOST_LINES, PlainScreen, Show
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


def test_output_of_stages_beside_each_other_names_its_package(a_plan):
    first, last = a_plan.stages[0], a_plan.stages[-1]
    assert lines(
        a_plan,
        events.StageStarted(first.id, (), "never built here", 1),
        events.LogLine(first.id, "one"),
        events.StageStarted(last.id, (), "", 2),
        events.LogLine(first.id, "two"),
        events.LogLine(last.id, "three"),
        verbose=True,
    )[1:] == [
        "  | one",
        f"[{len(a_plan.stages):>2}/{len(a_plan.stages)}] {last.title}: building",
        f"  {first.title} | two",
        f"  {last.title} | three",
    ]


def test_a_step_that_does_not_end_talking_fills_no_screen(a_plan):
    event = events.LogLine(a_plan.stages[0].id, "again")
    told = lines(a_plan, *[event] * (MOST_LINES + 10), verbose=True)
    assert len(told) == MOST_LINES
    assert told[-1] == "  | … the rest of this step is in the log"


def test_blocked_stages_and_their_cause_are_told(a_plan):
    first, last = a_plan.stages[0], a_plan.stages[-1]
    told = lines(a_plan, events.StageBlocked(last.id, first.id), events.StageBlocked(last.id, ""))
    assert [line.partition(": ")[2] for line in told] == [
        f"blocked, {first.title} failed",
        "not begun",
    ]


def test_the_time_left_is_that_of_earlier_builds(a_plan):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=100, height=40)
    known = {stage.id: 600.0 for stage in a_plan.stages}
    screen = LiveScreen(Show((a_plan,), "buildkit", 1, known), console)
    assert screen.left(0.0) == f"about {rounded(600.0 * len(a_plan.stages))} left"
    for stage in a_plan.stages[1:]:
        screen.show(events.StageFound(stage.id, stage.reference))
    assert screen.left(0.0) == "about 10 min left"
    nothing = LiveScreen(Show((a_plan,), "buildkit"), console)
    assert nothing.left(0.0) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "5 s"), (61, "60 s"), (95, "2 min"), (725, "12 min"), (11400, "3 h 10 min")],
)
def test_guessed_times_are_round(seconds, text):
    assert rounded(seconds) == text
