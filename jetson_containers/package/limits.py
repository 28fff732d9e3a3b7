"""How much time and memory a definition may take."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from jetson_containers.package.failure import TimeUp

#: bytes of memory that a definition may use, bytes of a file
MAX_MEMORY = 1 << 30
MAX_FILE = 1 << 24


def limit_memory() -> None:
    """Children get this much beyond what is there now; a big file is beyond them too."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    for kind, most in (
        (resource.RLIMIT_AS, pages * resource.getpagesize() + MAX_MEMORY),
        (resource.RLIMIT_FSIZE, MAX_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        _, ceiling = resource.getrlimit(kind)
        if ceiling == resource.RLIM_INFINITY or most < ceiling:
            resource.setrlimit(kind, (most, most))


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise :class:`TimeUp` in the code that still runs after ``seconds``."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeUp(f"{seconds:g} s")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
