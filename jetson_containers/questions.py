"""Several questions at once, and an end to waiting for them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def ask_all(
    questions: Sequence[Callable[[], T]], *, seconds: float, workers: int | None = None
) -> list[T | BaseException | None]:
    """What each question gave or raised, in their order; ``None`` for what is not done in time.

    Not more than ``workers`` are asked at the same time. The threads are daemons: one that is
    kept waiting, by a registry or a broken driver, does not keep the process.
    """
    results: list[T | BaseException | None] = [None] * len(questions)
    waiting = deque(range(len(questions)))

    def work() -> None:
        while True:
            try:
                number = waiting.popleft()
            except IndexError:
                return
            try:
                results[number] = questions[number]()
            except BaseException as error:
                results[number] = error

    threads = [
        threading.Thread(target=work, daemon=True)
        for _ in range(min(workers or len(questions), len(questions)))
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(results)
