"""Work on several processes: in order, and nothing is left of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jetson_containers.check.pool import in_parallel
from jetson_containers.errors import BuilderError, Location


def children() -> set[int]:
    """The processes that this one started and that have not been waited for."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            _, _, after_name = entry.read_text().rpartition(") ")
            if int(after_name.split()[1]) == os.getpid():
                found.add(int(entry.parent.name))
    return found


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """However a piece of work ends, what was started for it is gone."""
    before = children()
    yield
    assert children() <= before


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_pieces(workers: int) -> None:
    assert in_parallel(20, lambda piece: (piece, "x" * 100_000), workers) == [
        (piece, "x" * 100_000) for piece in range(20)
    ]


def test_the_work_is_done_in_other_processes():
    assert os.getpid() not in in_parallel(4, lambda _: os.getpid(), 2)


def test_an_error_of_a_piece_is_raised_as_it_is():
    def work(piece: int) -> int:
        if piece == 3:
            raise BuilderError("no", where=Location("a", 2), hint="yes")
        return piece

    with pytest.raises(BuilderError) as caught:
        in_parallel(8, work, 2)
    assert str(caught.value) == "a:2: no\n  hint: yes"


def test_a_process_that_is_killed_is_told():
    def work(piece: int) -> int:
        if piece == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return piece

    with pytest.raises(RuntimeError, match="ended before"):
        in_parallel(2, work, 2)


def test_what_cannot_be_pickled_is_told():
    with pytest.raises(RuntimeError, match="function"):
        in_parallel(2, lambda piece: (lambda: piece), 2)
