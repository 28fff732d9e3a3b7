"""The store's directory: whole or not at all, and nothing that is damaged."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from jetson_containers.engine.protocol import Interrupted
from jetson_containers.errors import BuilderError
from jetson_containers.wheels.entry import BadEntry
from jetson_containers.wheels.store import Kept, WheelDirectory
from tests.unit.wheels.entries import KEY, entry, fill

MADE = entry(one="sm_80", two="")


@pytest.fixture
def store(tmp_path: Path) -> WheelDirectory:
    return WheelDirectory(tmp_path / "wheels")


def add(store: WheelDirectory, made=MADE, signature: bytes | None = None) -> Kept:
    with store.scratch() as files:
        fill(files, made)
        return store.add(made, files, signature)


def left(store: WheelDirectory) -> list[str]:
    """What lies in the directory beside entries."""
    return sorted(path.name for path in store.directory.iterdir() if len(path.name) != 2)


def test_what_is_kept_is_found(store):
    assert store.find(KEY) is None
    kept = add(store, signature=b"signed")
    assert store.find(KEY) == kept
    assert kept.files == store.directory / KEY[:2] / KEY / "files"
    assert sorted(path.name for path in kept.files.iterdir()) == ["one", "two"]
    assert store.keys() == (KEY,)
    assert left(store) == []


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda files: (files / "one").write_text("eno"), "one is not what its hash says"),
        (lambda files: (files / "one").unlink(), "one is missing"),
        (lambda files: (files / "more").touch(), "more does not belong to it"),
        (lambda files: (files / "link").symlink_to("/etc/passwd"), "link is no file"),
        (lambda files: (files.parent / "index.json").write_text("{"), "no index"),
        (
            lambda files: (files.parent / "index.json").write_bytes(
                entry(key="0" * 64).to_json()
            ),
            "the entry of another key",
        ),
    ],
)
def test_a_damaged_entry_is_not_handed_out_and_the_next_one_takes_its_place(store, harm, told):
    harm(add(store).files)
    with pytest.raises(BadEntry, match=told):
        store.find(KEY)
    add(store)
    assert store.find(KEY) is not None
    assert left(store) == []


def test_what_fails_leaves_nothing(store):
    with pytest.raises(ZeroDivisionError), store.scratch() as files:
        fill(files, MADE)
        raise ZeroDivisionError
    assert store.find(KEY) is None
    assert left(store) == []


def _die(directory: Path) -> None:
    store = WheelDirectory(directory)
    with store.scratch() as files:
        fill(files, MADE)
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_left_is_swept_away_by_the_next(store):
    process = multiprocessing.get_context("fork").Process(target=_die, args=(store.directory,))
    process.start()
    process.join(20)
    assert len(left(store)) == 1
    with store.scratch():
        (own,) = left(store)
        with store.scratch():
            assert own in left(store), "another's scratch was swept away while it was used"
    assert left(store) == []


def _add_often(directory: Path) -> None:
    for _ in range(20):
        add(WheelDirectory(directory))


def test_processes_that_keep_one_key_at_once_leave_one_whole_entry(store):
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_add_often, args=(store.directory,)) for _ in range(3)]
    for process in others:
        process.start()
    for process in others:
        process.join(60)
    assert [process.exitcode for process in others] == [0, 0, 0]
    assert store.find(KEY) is not None
    assert left(store) == []


def test_a_key_is_held_by_one_and_the_waiting_can_be_stopped(store):
    waited: list[int] = []
    with (
        store.lock(KEY, waited.append, lambda: False),
        pytest.raises(Interrupted),
        store.lock(KEY, waited.append, lambda: True),
    ):
        pytest.fail("two hold one key")
    assert waited == [os.getpid()]
    with store.lock(KEY, waited.append, lambda: True):
        assert len(waited) == 1, "nobody holds it, and this one waited"


def test_a_place_that_cannot_be_made_is_told_with_the_remedy(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BuilderError, match="--no-wheel-store"):
        WheelDirectory(tmp_path / "file" / "wheels").make()
