"""What is remembered between runs, and who may build a stage."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jetson_containers.engine.state import StageLock, State, files_of, result_key
from jetson_containers.plan.model import StageTest

KEY = "f" * 64


def test_a_stage_is_held_by_one_at_a_time_and_told_by_whom(tmp_path):
    state = State(tmp_path)
    lock = state.try_lock(KEY)
    assert isinstance(lock, StageLock)
    assert isinstance(state.try_lock("0" * 64), StageLock), "another stage is free"
    code = (
        "import sys; from pathlib import Path; from jetson_containers.engine.state import State\n"
        "found = State(Path(sys.argv[1])).try_lock(sys.argv[2])\n"
        "print(found if isinstance(found, int) else 'free')"
    )

    def other() -> str:
        argv = [sys.executable, "-c", code, str(tmp_path), KEY]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()

    assert other() == str(os.getpid())
    lock.release()
    assert other() == "free", "a lock goes with its process"
    assert isinstance(state.try_lock(KEY), StageLock)


def test_without_the_cache_directory_locks_are_in_the_temporary_one(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    state = State(tmp_path / "file")
    lock = state.try_lock(KEY)
    assert isinstance(lock, StageLock)
    spare = tmp_path / "tmp" / f"jetson-containers-{os.getuid()}"
    assert f"{tmp_path}/file/locks: a lock cannot be taken there" in lock.trouble
    assert f"the locks of this run are in {spare}\n" in lock.trouble
    assert "set XDG_CACHE_HOME" in lock.trouble
    assert state.try_lock(KEY) == os.getpid()
    lock.release()
    assert isinstance(state.try_lock(KEY), StageLock)


@pytest.mark.parametrize("spare", ["a link", "a file", "no place"])
def test_where_no_lock_can_be_taken_a_stage_is_built_without(tmp_path, monkeypatch, spare):
    (tmp_path / "file").write_text("")
    temporary = tmp_path / "tmp"
    if spare != "no place":
        temporary.mkdir()
        name = temporary / f"jetson-containers-{os.getuid()}"
        (tmp_path / "target").mkdir()
        name.symlink_to(tmp_path / "target") if spare == "a link" else name.write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    lock = State(tmp_path / "file").try_lock(KEY)
    assert isinstance(lock, StageLock)
    assert "are not waited for" in lock.trouble
    assert not list(tmp_path.glob("target/*")), "a lock where somebody else pointed"
    lock.release()


def test_a_disk_that_is_full_keeps_no_stage_from_its_lock(tmp_path, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    lock = State(tmp_path).try_lock(KEY)
    assert isinstance(lock, StageLock)
    assert not lock.trouble
    assert State(tmp_path).try_lock(KEY) == 0


def test_what_cannot_be_read_or_written_is_not_remembered(tmp_path):
    (tmp_path / "file").write_text("")
    state = State(tmp_path / "file")
    state.remember_seconds("a", 3.0)
    assert state.seconds("a") is None
    (tmp_path / "seconds.json").write_text('{"a": "long"')
    assert State(tmp_path).seconds("a") is None


def test_times_and_sizes_are_remembered_by_package(tmp_path):
    state = State(tmp_path)
    state.remember_seconds("a", 61.26)
    state.remember_seconds("b", 2)
    state.remember_disk("a", 10)
    assert (state.seconds("a"), state.seconds("b"), state.disk_used("a")) == (61.3, 2.0, 10)


def test_what_several_remember_at_the_same_time_is_not_lost(tmp_path):
    code = (
        "import sys; from pathlib import Path; from jetson_containers.engine.state import State\n"
        "for i in range(40): State(Path(sys.argv[1])).remember_seconds(f'{sys.argv[2]}-{i}', i)"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "abc"
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: State(tmp_path).remember_seconds(f"own-{i}", i), range(40)))
    assert [other.wait(60) for other in others] == [0, 0, 0]
    names = [f"{name}-{i}" for name in ("a", "b", "c", "own") for i in range(40)]
    assert [name for name in names if State(tmp_path).seconds(name) is None] == []


def test_a_result_that_is_forgotten_is_gone(tmp_path):
    state = State(tmp_path)
    state.remember_test(KEY, {"status": "passed"})
    assert state.test_result(KEY) == {"status": "passed"}
    state.forget_test(KEY)
    state.forget_test(KEY)
    assert state.test_result(KEY) is None


def test_a_result_depends_on_the_stage_the_test_and_the_machine(tmp_path: Path):
    (tmp_path / "test.sh").write_text("true")
    test = StageTest("a", "test.sh", ("bash", "/test/test.sh"), str(tmp_path))
    machine = {"gpu": False, "arch": "amd64"}
    known = result_key(KEY, test, machine, files_of(test))
    assert known == result_key(KEY, test, {"arch": "amd64", "gpu": False}, files_of(test))
    (tmp_path / "README.md").write_text("generated")
    assert known == result_key(KEY, test, machine, files_of(test))
    others = {
        result_key("0" * 64, test, machine, files_of(test)),
        result_key(KEY, test, {**machine, "gpu": True}, files_of(test)),
        result_key(KEY, StageTest("a", "x", ("sh",), str(tmp_path)), machine, files_of(test)),
    }
    (tmp_path / "test.sh").write_text("false")
    others.add(result_key(KEY, test, machine, files_of(test)))
    assert known not in others
    assert len(others) == 4
