"""The engine's disk, looked at while a run builds: the run stops before it is full, not after."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from jetson_containers.engine.preflight import disk_error, free_bytes
from jetson_containers.errors import BuilderError

#: seconds between two looks
_LOOK = 0.5


class DiskWatch:
    """Calls ``stop`` once there are fewer than ``min_free`` bytes free on the disk of ``root``.

    ``error`` is what the run failed of then. Without a ``root`` nothing can be seen.
    """

    def __init__(self, root: Path | None, min_free: int, stop: Callable[[], None]) -> None:
        self._root = root
        self._min_free = min_free
        self._stop = stop
        self.error: BuilderError | None = None

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Looks, from another thread, as long as the block lasts.

        What the block raises because it was stopped becomes ``error``.
        """
        if self._root is None:
            yield
            return
        ended = threading.Event()
        thread = threading.Thread(
            target=self._look, args=(self._root, ended), name="disk-watch", daemon=True
        )
        thread.start()
        try:
            yield
        except BaseException:
            if self.error is not None:
                raise self.error from None
            raise
        finally:
            ended.set()
            thread.join()

    def _look(self, root: Path, ended: threading.Event) -> None:
        while not ended.wait(_LOOK):
            free = free_bytes(root)
            if free is not None and free < self._min_free:
                self.error = disk_error(root, free, self._min_free)
                self._stop()
                return
