"""Several questions at once, and an end to waiting for them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def ask_all(
    questions: Sequence[Callable[[], T]], *, workers: int, seconds: float
) -> list[T | BaseException | None]:
    """What each question gave or raised, in their order; ``None`` for what is not done in time.

    The threads are daemons: one that a registry keeps waiting does not keep the process.
    """
    results: list[T | BaseException | None] = [None] * len(questions)
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(questions)):
        waiting.put(number)

    def work() -> None:
        while True:
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                results[number] = questions[number]()
            except BaseException as error:
                results[number] = error

    threads = [
        threading.Thread(target=work, daemon=True) for _ in range(min(workers, len(questions)))
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(results)
