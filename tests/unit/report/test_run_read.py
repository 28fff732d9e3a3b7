"""Reading what a run left behind, whole, cut off or damaged."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.report.run.logs import excerpt, excerpts
from jetson_containers.report.run.read import RunUnreadable, read_run
from tests.unit.report.runs import FORK, FORK_EVENTS, built, ended, event, plan, stage, write_run


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    image = {"reference": "e:amd64", "digest": "sha256:1", "size": 7}
    return write_run(
        tmp_path / "run", [plan(FORK)], [*FORK_EVENTS, ended(16.0, "failed", images=[image])]
    )


def test_every_stage_tells_what_became_of_it(fork):
    run = read_run(fork)
    assert run.status == "failed"
    assert {stage.id: stage.status for stage in run.stages} == {
        "a": "found",
        "b": "built",
        "c": "failed",
        "d": "built",
        "e": "blocked",
    }
    assert run.by_id["a"].source == "local"
    assert (run.by_id["b"].begun, run.by_id["b"].seconds, run.by_id["b"].lane) == (0.2, 10.0, 1)
    assert run.by_id["c"].why == "the file x changed"
    assert run.by_id["e"].because == "c"
    assert (run.tests[0].status, run.tests[0].message) == ("deferred", "no GPU here")
    assert (run.images[0].digest, run.images[0].size) == ("sha256:1", 7)


def test_the_critical_path_is_the_chain_that_took_longest_not_the_one_with_most_stages(tmp_path):
    stages = [stage("a"), stage("b", "a"), stage("c", "b"), stage("long", "a")]
    events = [
        *built("a", 0, 1),
        *built("b", 1, 2),
        *built("c", 3, 2),
        *built("long", 1, 5, lane=2),
    ]
    run = read_run(write_run(tmp_path / "run", [plan(stages)], events))
    assert [item.id for item in run.critical] == ["a", "long"]


def test_found_stages_are_no_part_of_the_critical_path(fork):
    assert [item.id for item in read_run(fork).critical] == ["b", "d"]


def test_a_plan_whose_stages_stand_on_each_other_in_a_circle_is_survived(tmp_path):
    stages = [stage("a", "b"), stage("b", "a")]
    run = read_run(write_run(tmp_path / "run", [plan(stages)], [*built("a", 0, 1)]))
    assert [item.id for item in run.critical] == ["a"]


def test_a_run_that_was_killed_shows_how_far_it_came(tmp_path):
    events = [
        *built("a", 0.0, 1.0),
        event(1.0, "StageStarted", "b", command=[], why="", lane=1),
        event(3.5, "StepStarted", "b", step="[2/3] RUN make"),
    ]
    run = read_run(write_run(tmp_path / "run", [plan(FORK)], events))
    assert run.status == "killed"
    assert (run.by_id["b"].status, run.by_id["b"].seconds) == ("killed", 2.5)
    assert run.by_id["c"].status == "not reached"


def test_a_run_whose_process_holds_the_journal_goes_on(tmp_path):
    events = [event(1.0, "StageStarted", "b", command=[], why="", lane=1)]
    folder = write_run(tmp_path / "run", [plan(FORK)], events)
    with (folder / "journal.jsonl").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        run = read_run(folder)
        assert (run.status, run.by_id["b"].status) == ("running", "running")
    assert read_run(folder).status == "killed"


def test_a_stage_that_could_not_be_fetched_and_was_built_is_built(tmp_path):
    events = [
        event(1.0, "StageFetching", "a", source="registry r/cache", lane=1),
        event(2.0, "Warned", "a", message="a cannot be had from registry r/cache"),
        *built("a", 2.5, 3.0),
        event(6.0, "StageStored", "a", seconds=0.5),
        event(6.5, "ImagePushed", "", image="a:amd64", reference="r/a:amd64", digest="", sent=True),
    ]
    run = read_run(write_run(tmp_path / "run", [plan([stage("a")])], events))
    told = run.by_id["a"]
    assert (told.status, told.source, told.begun, told.stored) == ("built", "", 2.5, 0.5)
    assert run.warnings == ("a cannot be had from registry r/cache",)
    assert run.images[0].pushed == ("r/a:amd64",)


def test_a_fetched_stage_takes_time_in_its_lane(tmp_path):
    events = [
        event(1.0, "StageFetching", "a", source="registry r/cache", lane=2),
        event(4.0, "StageFound", "a", reference="x", source="registry r/cache", seconds=3.0),
    ]
    told = read_run(write_run(tmp_path / "run", [plan([stage("a")])], events)).by_id["a"]
    assert (told.status, told.begun, told.seconds, told.lane) == ("fetched", 1.0, 3.0, 2)


def test_a_torn_last_line_is_ignored(fork):
    journal = fork / "journal.jsonl"
    whole = read_run(fork)
    with journal.open("a") as file:
        file.write('{"t":17.0,"event":"StageFinis')
    torn = read_run(fork)
    assert torn == whole


@given(cut=st.integers(min_value=0, max_value=2500))
def test_a_journal_cut_anywhere_says_what_its_whole_lines_say(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, [plan(FORK)], [*FORK_EVENTS, ended(16.0)])
    journal = folder / "journal.jsonl"
    content = journal.read_bytes()
    journal.write_bytes(content[:cut])
    if b"\n" not in content[:cut]:
        with pytest.raises(RunUnreadable):
            read_run(folder)
        return
    torn = read_run(folder)
    journal.write_bytes(content[: content[:cut].rfind(b"\n") + 1])
    assert torn == read_run(folder)
    assert torn.unreadable == 0


def test_a_line_that_is_none_is_counted_and_the_others_count(fork):
    journal = fork / "journal.jsonl"
    lines = journal.read_text().splitlines()
    journal.write_text("\n".join([lines[0], "garbage", "[]", *lines[1:]]) + "\n")
    run = read_run(fork)
    assert run.unreadable == 2
    assert run.by_id["b"].status == "built"


@pytest.mark.parametrize("name", ["journal.jsonl", "plan.json"])
def test_a_newer_format_is_refused_by_name(fork, name):
    path = fork / name
    lines = path.read_text().split("\n")
    first = json.loads(lines[0])
    first["format"] = 2
    path.write_text("\n".join([json.dumps(first), *lines[1:]]))
    with pytest.raises(RunUnreadable, match=f"{name}.*format 2, this program reads 1"):
        read_run(fork)


@pytest.mark.parametrize("name", ["journal.jsonl", "plan.json"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\n", b"[]\n", b"{}\n"])
def test_a_record_that_is_none_is_an_error_that_names_the_file(fork, name, content):
    if content is None:
        (fork / name).unlink()
    else:
        (fork / name).write_bytes(content)
    with pytest.raises(RunUnreadable, match=name):
        read_run(fork)


def test_values_of_a_wrong_kind_change_nothing_else(tmp_path):
    events = [
        event(0.0, "StageStarted", "a", command="no list", why=7, lane="one"),
        event(1.0, "StageFinished", "a", seconds="long", size=[]),
        event(1.5, "TestFinished", "a", package=None, test=1, status="passed", seconds=None),
        event(2.0, "A new kind of event", "a", what="else"),
    ]
    run = read_run(write_run(tmp_path / "run", [plan([stage("a")])], events, cores="many"))
    assert run.by_id["a"].status == "built"
    assert run.cores == 0


def test_of_a_long_log_the_beginning_and_the_end_are_taken(tmp_path):
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(10_000)))
    taken = excerpt(log, 1000)
    assert taken is not None
    assert taken.head.startswith("line 0\n")
    assert taken.tail.endswith("line 9999\n")
    assert taken.tail.startswith("line ")
    assert len(taken.head) + taken.left_out + len(taken.tail) == log.stat().st_size
    assert len(taken.head) + len(taken.tail) <= 1000


def test_a_log_of_two_gigabytes_costs_no_more_than_its_excerpt(tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.write(b"first\n")
        file.truncate(2_000_000_000)  # a hole: it takes no room on disk
        file.seek(0, 2)
        file.write(b"\nfatal: the end\n")
    taken = excerpt(log, 1000)
    assert taken is not None
    assert taken.head.startswith("first\n")
    assert taken.tail.endswith("fatal: the end\n")
    assert taken.left_out > 1_999_000_000


def test_logs_of_failures_come_first_where_there_is_no_room_for_all(fork):
    (fork / "logs").mkdir()
    for name in ("02-b", "03-c", "04-d"):
        (fork / "logs" / f"{name}.log").write_text("x" * 100)
    assert set(excerpts(read_run(fork), most=100)) == {"c"}
    assert set(excerpts(read_run(fork), most=1000)) == {"b", "c", "d"}
