"""What an engine says of a long work, heard with an end to patience and to interruptions."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

#: seconds between two looks at whether the run was stopped
_LOOK = 0.2


class Silence(Exception):
    """Nothing more was said for too long."""


def listen(
    begin: Callable[[], Iterable[Any]], patience: float, stopped: Callable[[], bool]
) -> Iterator[Any]:
    """Each item of ``begin()``, until its end or until ``stopped``; what it raises is raised.

    Raises :class:`Silence` after ``patience`` seconds without one. The SDK waits for the answer
    to a pull without any limit, so the waiting is done in a thread, which ends with its next
    item or with the process.
    """
    items: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    left = threading.Event()

    def read() -> None:
        try:
            for item in begin():
                if left.is_set():
                    return
                items.put(("item", item))
            items.put(("end", None))
        except BaseException as error:
            items.put(("error", error))

    threading.Thread(target=read, name="engine-stream", daemon=True).start()
    heard = time.monotonic()
    try:
        while not stopped():
            try:
                kind, value = items.get(timeout=_LOOK)
            except queue.Empty:
                if time.monotonic() - heard > patience:
                    raise Silence from None
                continue
            heard = time.monotonic()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        left.set()
