"""Which stage is begun next."""

from __future__ import annotations

import pytest

from jetson_containers.engine.schedule import Node, Schedule, remaining, time_left

#: a <- b <- d, a <- c, and e alone
FORK = (
    Node("a", seconds=1),
    Node("b", ("a",), seconds=2),
    Node("c", ("a",), seconds=9),
    Node("d", ("b",), seconds=3),
    Node("e", seconds=4),
)


def begun(schedule: Schedule, beside: int = 0) -> tuple[Schedule, list[str]]:
    """Begin all that may begin now."""
    found = []
    while (stage := schedule.next(beside)) is not None:
        schedule = schedule.begin(stage)
        found.append(stage)
    return schedule, found


def test_what_has_the_longest_path_before_it_is_begun_first():
    schedule, found = begun(Schedule.of(FORK, 2))
    assert found == ["a", "e"]
    assert begun(schedule.finish("a"))[1] == ["c"]
    assert begun(schedule.finish("a").finish("e"))[1] == ["c", "b"]


def test_what_is_there_is_not_begun_and_keeps_nobody_waiting():
    assert begun(Schedule.of(FORK, 9, done=("a", "b")))[1] == ["c", "e", "d"]
    assert begun(Schedule.of(FORK[1:], 9))[1] == ["c", "b", "e"], "a belongs to no plan"


def test_a_failure_blocks_what_needs_it_and_nothing_else():
    schedule, _ = begun(Schedule.of(FORK, 1))
    schedule = schedule.finish("a").fail("b")
    assert schedule.blocked == {"d": "b"}
    assert begun(schedule)[1] == ["c"]


def test_a_test_that_fails_later_blocks_what_has_not_begun():
    schedule, _ = begun(Schedule.of(FORK, 1))
    schedule, found = begun(schedule.finish("a"))
    assert found == ["c"]
    schedule = schedule.fail("a")
    assert schedule.blocked == {"b": "a", "d": "a"}
    assert schedule.running == {"c"}, "what runs may end, its result is worth keeping"


def test_a_heavy_stage_waits_for_the_others_and_then_has_the_machine():
    heavy = (Node("a", seconds=1), Node("h", seconds=5, heavy=True), Node("z", seconds=1))
    schedule, found = begun(Schedule.of(heavy, 3))
    assert found == ["h"]
    schedule, found = begun(schedule.finish("h"))
    assert found == ["a", "z"]

    schedule, found = begun(Schedule.of((*heavy, Node("long", seconds=9)), 3))
    assert found == ["long"], "nothing is begun beside it: the heavy one is next"
    assert begun(schedule.finish("long"))[1] == ["h"]


def test_a_heavy_stage_waits_for_tests_too():
    schedule = Schedule.of((Node("h", heavy=True),), 2)
    assert schedule.next(beside=1) is None
    assert schedule.next(beside=0) == "h"


def test_a_stage_that_another_process_makes_takes_no_place():
    schedule = Schedule.of((Node("a"), Node("b"), Node("c", ("a",))), 1).park("a")
    schedule, found = begun(schedule)
    assert found == ["b"]
    schedule = schedule.finish("b")
    assert not schedule.ended, "a may still come from the other process"
    assert begun(schedule.finish("a"))[1] == ["c"]
    assert begun(schedule.unpark("a"))[1] == ["a"], "it may also not come"


def test_after_a_stop_what_runs_may_end_and_nothing_begins():
    schedule, _ = begun(Schedule.of(FORK, 1))
    schedule = schedule.stop()
    assert not schedule.ended
    schedule = schedule.finish("a")
    assert schedule.ended
    assert schedule.waiting == ("b", "c", "d", "e")


def test_what_cannot_be_fetched_brings_its_parents_in():
    fetched = Schedule.of((Node("a"), Node("b")), 2, done=("a",)).begin("b")
    schedule = fetched.again("b", (Node("b", ("a",)), Node("a")))
    schedule, found = begun(schedule)
    assert found == ["a"]
    assert begun(schedule.finish("a"))[1] == ["b"]
    assert dict(schedule.fail("a").blocked) == {"b": "a"}


def test_stages_that_need_each_other_are_refused():
    with pytest.raises(ValueError, match="need each other: a, b"):
        Schedule.of((Node("a", ("b",)), Node("b", ("a",)), Node("c")), 1)


def test_the_time_left_is_the_longest_path_or_the_work_of_all():
    nodes = {node.id: node for node in FORK}
    assert remaining(nodes) == {"a": 10, "b": 5, "c": 9, "d": 3, "e": 4}
    assert time_left(nodes, jobs=4, elapsed={}) == 10
    assert time_left(nodes, jobs=1, elapsed={}) == 19
    assert time_left(nodes, jobs=1, elapsed={"a": 0.5, "e": 60}) == 14.5, "no time runs backwards"
    assert time_left({}, jobs=1, elapsed={}) == 0
