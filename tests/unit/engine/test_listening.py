"""Long works of an engine: heard to their end, and not for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from jetson_containers.engine.listening import Silence, listen


def test_all_that_is_said_comes_in_order() -> None:
    assert list(listen(lambda: range(5), 5.0, lambda: False)) == [0, 1, 2, 3, 4]


def test_what_goes_wrong_comes_after_what_was_said() -> None:
    def saying() -> Iterator[int]:
        yield 1
        raise OSError("broken")

    heard = listen(saying, 5.0, lambda: False)
    assert next(heard) == 1
    with pytest.raises(OSError, match="broken"):
        next(heard)


@pytest.mark.parametrize("first", [True, False])
def test_silence_has_an_end_from_the_first_word_on(first: bool) -> None:
    ended = threading.Event()

    def saying() -> Iterator[int]:
        if first:
            yield 1
        ended.wait(30)
        yield 2

    with pytest.raises(Silence):
        list(listen(saying, 0.05, lambda: False))
    ended.set()


def test_a_run_that_is_stopped_waits_for_no_word() -> None:
    ended, stopped = threading.Event(), threading.Event()

    def saying() -> Iterator[int]:
        yield 1
        ended.wait(30)
        yield 2

    heard = []
    for item in listen(saying, 30.0, stopped.is_set):
        heard.append(item)
        stopped.set()
    ended.set()
    assert heard == [1]
