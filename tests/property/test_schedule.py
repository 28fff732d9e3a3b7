"""Laws of the schedule, for any graph, any order of answers, and any failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.engine.schedule import Node, Schedule


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Node, ...]:
    """Nodes that need only earlier ones; some are heavy."""
    count = draw(st.integers(1, 9))
    nodes = []
    for number in range(count):
        earlier = [f"s{item}" for item in range(number)]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        seconds = draw(st.sampled_from((0.0, 1.0, 5.0)))
        nodes.append(Node(f"s{number}", tuple(needs), seconds, draw(st.booleans())))
    return tuple(draw(st.permutations(nodes)))


@dataclass
class History:
    """A run as it went: ``log`` are the answers, in order."""

    nodes: Mapping[str, Node]
    begun: list[str] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)


def run(nodes: tuple[Node, ...], jobs: int, data: st.DataObject) -> tuple[Schedule, History]:
    """Run to the end; what ends next, and how, is drawn."""
    schedule = Schedule.of(nodes, jobs)
    history = History({node.id: node for node in nodes})
    while True:
        while (stage := schedule.next()) is not None:
            assert stage not in history.begun, "begun twice"
            assert not schedule.stopped
            assert set(history.nodes[stage].needs) <= schedule.done
            if data.draw(st.integers(0, 9)) == 0 and ("parked", stage) not in history.log:
                history.log.append(("parked", stage))
                schedule = schedule.park(stage)
                continue
            schedule = schedule.begin(stage)
            history.begun.append(stage)
        assert_no_place_is_wasted(schedule)
        moves = sorted((*schedule.running, *schedule.parked))
        if not moves:
            assert schedule.ended
            return schedule, history
        stage = data.draw(st.sampled_from(moves))
        if stage in schedule.parked:
            answer = data.draw(st.sampled_from(("done", "free")))
        else:
            answer = data.draw(st.sampled_from(("done", "done", "done", "failed", "stop")))
        history.log.append((answer, stage))
        match answer:
            case "done":
                schedule = schedule.finish(stage)
            case "free":
                schedule = schedule.unpark(stage)
            case "failed":
                schedule = schedule.fail(stage)
            case "stop":
                schedule = schedule.finish(stage).stop()
        if schedule.ended:
            return schedule, history


def assert_no_place_is_wasted(schedule: Schedule) -> None:
    running = [schedule.nodes[item] for item in schedule.running]
    if any(node.heavy for node in running):
        assert len(running) == 1, "a heavy stage is not alone"
        return
    free = len(running) < schedule.jobs
    if free and schedule.ready and not schedule.stopped:
        assert schedule.nodes[schedule.ready[0]].heavy
        assert running


def descendants(nodes: Mapping[str, Node], failed: frozenset[str]) -> set[str]:
    found: set[str] = set()
    for _ in nodes:
        found |= {
            node.id for node in nodes.values() if set(node.needs) & (found | failed)
        }
    return found


@given(graphs(), st.integers(1, 4), st.data())
def test_every_run_keeps_the_laws_and_ends(nodes, jobs, data):
    schedule, history = run(nodes, jobs, data)
    assert not schedule.running
    expected = descendants(history.nodes, schedule.failed)
    assert set(schedule.blocked) == expected - schedule.done
    assert set(schedule.blocked.values()) <= schedule.failed
    states = (schedule.done, schedule.failed, set(schedule.blocked), set(schedule.waiting))
    known = {item for state in states for item in state} | schedule.parked
    assert known == set(history.nodes)
    if not schedule.stopped:
        assert not schedule.waiting
        assert not schedule.parked


@given(graphs(), st.integers(1, 4))
def test_without_failures_everything_is_done_and_what_waits_longest_goes_first(nodes, jobs):
    schedule = Schedule.of(nodes, jobs)
    while not schedule.ended:
        stage = schedule.next()
        if stage is None:
            schedule = schedule.finish(min(schedule.running))
            continue
        weights = schedule._weights
        assert weights[stage] == max(weights[item] for item in schedule.ready)
        schedule = schedule.begin(stage)
    assert schedule.done == {node.id for node in nodes}
