"""Several stages, images and targets in one run, on a real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.docker.trees import Tree

#: a directory that steps of different stages share while they run
SHARED = "RUN --mount=type=cache,id={id},target=/c "


def shared(tree: Tree, command: str) -> str:
    """A step that sees what the steps of other stages leave in ``/c``."""
    return SHARED.format(id=tree.prefix) + command


def fresh(tree: Tree, command: str) -> str:
    """A step that no earlier test has left in the engine's cache."""
    return f"RUN : {tree.prefix}; {command}"


def meet(own: str, other: str) -> str:
    """A command that ends only if the other one runs at the same time."""
    wait = f"until [ -e /c/{other} ]; do sleep 0.1; done"
    return f"touch /c/{own}; timeout 60 sh -c '{wait}'"


def alone() -> str:
    """A command that fails if another one like it runs at the same time."""
    return "mkdir /c/busy && sleep 1 && rmdir /c/busy"


def test_branches_are_built_at_the_same_time_and_what_they_share_once(tree: Tree):
    tree.add("a", "RUN true")
    tree.add("b", shared(tree, meet("b", "c")), depends="a")
    tree.add("c", shared(tree, meet("c", "b")), depends="a")
    done = tree.build(tree.name("b"), tree.name("c"), "--multiple", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "stages:  3 built, 0 found" in done.stderr
    [journal] = (tree.folder.parent / "cache/jetson-containers/runs").glob("*/journal.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    lanes = {item["stage"]: item["lane"] for item in lines if item.get("event") == "StageStarted"}
    assert sorted(lanes.values()) == [1, 1, 2]
    assert lines[0]["argv"][0] == "build"
    assert lines[0]["jobs"] == 2
    assert lines[-1]["event"] == "RunEnded"
    assert lines[-1]["status"] == "done"
    assert sorted(image["reference"] for image in lines[-1]["images"]) == [
        tree.reference("b"),
        tree.reference("c"),
    ]


def test_a_heavy_stage_has_the_machine_to_itself(tree: Tree):
    tree.add("a", shared(tree, alone()))
    tree.add("b", shared(tree, alone()), header="heavy: true")
    words = (tree.name("a"), tree.name("b"), "--multiple", "--jobs", "2")
    done = tree.build(*words)
    assert done.returncode == 0, done.stderr
    assert "2 built" in done.stderr


def test_one_failure_blocks_what_needs_it_and_the_rest_goes_on(tree: Tree, client):
    tree.add("a", "RUN true")
    tree.add("b", "RUN false", depends="a")
    tree.add("c", "RUN sleep 1", depends="a")
    tree.add("d", "RUN true", depends="b")
    names = [tree.name(short) for short in "dc"]
    done = tree.build(*names, "--multiple")
    assert done.returncode == 1
    assert "stages:  2 built, 0 found, 1 failed, 1 blocked" in done.stderr
    assert f"not built because {tree.name('b')} failed: {tree.name('d')}" in done.stderr
    assert client.images.get(tree.reference("c"))
    again = tree.build(*names, "--multiple")
    assert "stages:  0 built, 2 found, 1 failed, 1 blocked" in again.stderr


def test_fail_fast_begins_nothing_more(tree: Tree):
    tree.add("a", "RUN false")
    tree.add("b", "RUN true")
    done = tree.build(
        tree.name("a"), tree.name("b"), "--multiple", "--jobs", "1", "--fail-fast"
    )
    assert done.returncode == 1
    assert "0 built, 0 found, 1 failed, 1 blocked" in done.stderr
    assert f"not begun after the first failure (--fail-fast): {tree.name('b')}" in done.stderr


def test_several_targets_are_one_run(tree: Tree, client):
    tree.add("a", "RUN true")
    done = tree.build(tree.name("a"), "--target", "x86-cu129")
    assert done.returncode == 0, done.stderr
    assert "stages:  2 built" in done.stderr
    for reference in (f"{tree.name('a')}:amd64-cu130-24.04", f"{tree.name('a')}:amd64-cu129-24.04"):
        assert client.images.get(reference)
    again = tree.build(tree.name("a"), "--target", "x86-cu129")
    assert "stages:  0 built, 2 found" in again.stderr


def test_two_targets_that_give_one_name_are_refused(tree: Tree):
    tree.add("a", "RUN true")
    done = tree.build(tree.name("a"), "--target", "x86-cu129", "--name", f"{tree.prefix}/x:1")
    assert done.returncode == 2
    assert f"two targets would both give an image {tree.prefix}/x:1" in done.stderr


def test_a_stage_of_another_run_keeps_no_other_stage_waiting(tree: Tree):
    tree.add("a", fresh(tree, "echo begun && sleep 8"))
    tree.add("b", "RUN true")
    tree.add("c", "RUN true", depends="a")
    first = subprocess.Popen(
        tree.build_argv(tree.name("a"), "--verbose"),
        env=tree.env(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert first.stderr is not None
    for line in first.stderr:
        if line.strip() == "| begun":
            break
    names = (tree.name("a"), tree.name("b"))
    # of what is ready a comes first: the longer path begins with it
    second = tree.build(tree.name("b"), tree.name("c"), "--multiple", "--jobs", "1")
    first.communicate(timeout=60)
    assert second.returncode == 0, second.stderr
    told = [line.split("] ")[-1] for line in second.stderr.splitlines()]
    waiting = next(at for at, line in enumerate(told) if "another build" in line)
    built = next(at for at, line in enumerate(told) if f"{names[1]}: built" in line)
    found = told.index(f"{names[0]}: found, another build made it")
    assert waiting < built < found


def kill_while_waiting(tree: Tree, short: str, *words: str) -> None:
    """Begin a build, and kill it as soon as a step says that it is waiting."""
    run = subprocess.Popen(
        tree.build_argv(tree.name(short), *words, "--verbose"),
        env=tree.env(),
        stderr=subprocess.PIPE,
        text=True,
        cwd=tree.folder,
    )
    assert run.stderr is not None
    for line in run.stderr:
        if line.strip() == "| waiting":
            break
    os.kill(run.pid, signal.SIGKILL)
    run.wait(10)


def test_a_run_that_was_killed_goes_on_with_resume(tree: Tree):
    tree.add("a", "RUN true")
    tree.add("b", fresh(tree, "echo waiting && sleep 60"), depends="a")
    kill_while_waiting(tree, "b")

    told = resumed(tree)
    assert "was killed" in told.stdout
    assert f"finished  {tree.name('a')}" in told.stdout
    assert f"begun     {tree.name('b')}" in told.stdout
    assert f"build --log-dir {tree.folder.parent}/logs" in told.stdout

    tree.add("b", "RUN true", depends="a")
    done = resumed(tree, "--run")
    assert done.returncode == 0, done.stderr
    assert "stages:  1 built, 1 found" in done.stderr
    assert "nothing is left" in resumed(tree).stdout


def test_a_run_that_was_killed_goes_on_behind_what_it_built_again(tree: Tree):
    tree.add("a", fresh(tree, "date +%s%N > /date"))
    tree.add("b", "RUN true", depends="a")
    assert tree.build(tree.name("b")).returncode == 0
    tree.add("b", fresh(tree, "echo waiting && sleep 60"), depends="a")
    kill_while_waiting(tree, "b", "--from", tree.name("a"))

    tree.add("b", "RUN true", depends="a")  # as it was: only --from has it built again
    done = resumed(tree, "--run")
    assert done.returncode == 0, done.stderr
    assert f"{tree.name('a')}: found" in done.stderr
    assert f"{tree.name('b')}: built" in done.stderr
    assert "nothing is left" in resumed(tree).stdout


def resumed(tree: Tree, *words: str) -> subprocess.CompletedProcess[str]:
    argv = tree.build_argv()[:3]
    return subprocess.run(
        [*argv, "resume", *words], env=tree.env(), capture_output=True, text=True, timeout=120
    )


def test_a_test_that_hangs_is_stopped_and_leaves_nothing(tree: Tree, client):
    tree.add("a", "RUN true", test="echo begun; sleep 300 & sleep 300")
    begun = time.monotonic()
    done = tree.build(tree.name("a"), "--test-timeout", "2")
    assert done.returncode == 1
    assert "stopped: it ran longer than 2 s" in done.stderr
    assert "hint: give --test-timeout SECONDS" in done.stderr
    assert time.monotonic() - begun < 60
    assert not mine(tree, client)


def mine(tree: Tree, client) -> list[str]:
    """The containers of this tree's tests, running or not."""
    return [
        container.id
        for container in client.containers.list(all=True, ignore_removed=True)
        if str(tree.folder) in json.dumps(container.attrs["Mounts"])
    ]


def test_a_test_of_a_run_that_was_killed_is_removed_by_the_next(tree: Tree, client):
    tree.add("a", "RUN true", test="echo begun; sleep 300")
    tree.add("b", "RUN true", test="true")
    run = subprocess.Popen(
        tree.build_argv(tree.name("a"), "--verbose"),
        env=tree.env(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stderr is not None
    for line in run.stderr:
        if line.strip() == "| begun":
            break
    assert mine(tree, client)
    os.kill(run.pid, signal.SIGKILL)
    run.wait(10)
    assert tree.build(tree.name("b")).returncode == 0
    assert not mine(tree, client)


def test_a_package_may_give_its_tests_more_time(tree: Tree):
    tree.add("a", "RUN true", test="sleep 3", header="test_timeout: 30")
    done = tree.build(tree.name("a"), "--test-timeout", "1")
    assert done.returncode == 0, done.stderr


def test_a_long_output_is_in_the_log_and_its_end_is_shown(tree: Tree):
    count = 200_000
    tree.add("a", "RUN true", test=f"seq {count}; echo fatal: at the end; exit 1")
    done = tree.build(tree.name("a"), "--verbose")
    assert done.returncode == 1
    assert "| fatal: at the end" in done.stderr
    assert done.stderr.count("\n") < 6000
    [log] = (tree.folder.parent / "logs").glob("*/*.log")
    assert log.read_text().count("\n") > count


@pytest.mark.parametrize("place", ["runs", "locks", ""])
def test_a_cache_that_cannot_be_written_ends_no_build(tree: Tree, place: str):
    tree.add("a", "RUN true", test="true")
    path = tree.folder.parent / "cache/jetson-containers" / place
    path.parent.mkdir(parents=True)
    path.write_text("in the way")
    done = tree.build(tree.name("a"))
    assert done.returncode == 0, done.stderr
    assert ("no record of this run can be kept" in done.stderr) == (place != "locks")
    assert done.stderr.count("a lock cannot be taken there") == (place != "runs")
    assert "set XDG_CACHE_HOME" in done.stderr


def test_what_a_failed_stage_test_spoils_is_not_named(tree: Tree, client):
    tree.add("a", "RUN true", test="exit 3")
    tree.add("b", "RUN sleep 2", depends="a")
    done = tree.build(tree.name("b"))
    assert done.returncode == 1
    names = [tag for image in client.api.images() for tag in image["RepoTags"] or ()]
    assert not [tag for tag in names if tree.reference("b") in tag]
    again = tree.build(tree.name("b"))
    assert again.returncode == 1, "a failed test is not remembered as passed"


def test_logs_of_stages_beside_each_other_are_files_of_their_own(tree: Tree):
    tree.add("a", f"RUN for i in $(seq 200); do echo aaa; done; : {tree.prefix}")
    tree.add("b", f"RUN for i in $(seq 200); do echo bbb; done; : {tree.prefix}")
    names = (tree.name("a"), tree.name("b"))
    assert tree.build(*names, "--multiple", "--jobs", "2").returncode == 0
    logs = sorted(Path(tree.folder.parent, "logs").glob("*/*.log"))
    lines = [log.read_text().splitlines() for log in logs]
    words = [{line for line in found if line in ("aaa", "bbb")} for found in lines]
    assert words == [{"aaa"}, {"bbb"}]
