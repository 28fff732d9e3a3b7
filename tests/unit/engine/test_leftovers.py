"""What runs leave in the cache: found by its form, chosen by age, removed without the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jetson_containers.engine import leftovers
from jetson_containers.engine.leftovers import Leftover
from tests.unit.report.runs import FORK, FORK_EVENTS, plan, write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with two logs."""
    folder = write_run(
        tmp_path / "runs" / "20261121-100000-000",
        [plan(FORK)],
        FORK_EVENTS,
        logs=str(tmp_path / "logs" / "one"),
    )
    logs = tmp_path / "logs" / "one"
    logs.mkdir(parents=True)
    for name in ("02-b.log", "03-c.log"):
        (logs / name).write_text("words\n")
    return folder


def test_a_run_goes_with_its_logs(run, tmp_path):
    (found,) = leftovers.runs(tmp_path / "runs")
    assert "fingerprint-of-d" in found.fingerprints
    assert not found.running
    assert found.files.size > 0
    leftovers.remove(found.files)
    assert not run.exists()
    assert not (tmp_path / "logs" / "one").exists()


def test_a_file_that_somebody_put_beside_the_logs_stays(run, tmp_path):
    (tmp_path / "logs" / "one" / "notes.txt").write_text("mine")
    (run / "notes.txt").write_text("mine")
    leftovers.remove(leftovers.runs(tmp_path / "runs")[0].files)
    assert [path.name for path in (tmp_path / "logs" / "one").iterdir()] == ["notes.txt"]
    assert [path.name for path in run.iterdir()] == ["notes.txt"]


def test_a_directory_that_is_no_run_is_none(tmp_path):
    (tmp_path / "runs" / "x").mkdir(parents=True)
    assert leftovers.runs(tmp_path / "runs") == ()
    assert leftovers.runs(tmp_path / "nonexistent") == ()


def test_a_damaged_record_is_a_leftover_that_planned_nothing(run, tmp_path):
    (run / "journal.jsonl").write_text("garbage\n")
    (found,) = leftovers.runs(tmp_path / "runs")
    assert found.fingerprints == frozenset()


def test_the_last_ones_stay_and_what_is_young():
    found = [Leftover(str(age), (), 0, float(age)) for age in (1, 2, 3, 4)]
    assert [item.name for item in leftovers.chosen(found, keep_last=1, before=None)] == [
        "1",
        "2",
        "3",
    ]
    assert [item.name for item in leftovers.chosen(found, keep_last=0, before=2.5)] == ["1", "2"]
    assert leftovers.chosen(found, keep_last=9, before=None) == ()


def test_entries_of_the_wheel_store_are_found_by_their_keys(tmp_path):
    key = "ab" + "0" * 62
    files = tmp_path / "ab" / key / "files"
    files.mkdir(parents=True)
    (files / "x.whl").write_bytes(b"x" * 5000)
    (tmp_path / "ab" / key / "index.json").write_text("{}")
    (tmp_path / "ab" / "notes").mkdir()
    os.utime(files / "x.whl", (5, 5))
    (found,) = leftovers.wheels(tmp_path)
    assert found.name == key
    assert found.size >= 5000
    leftovers.remove(found)
    assert [path.name for path in (tmp_path / "ab").iterdir()] == ["notes"]
