"""Temporary directories that are gone with the program, also with one that was killed.

Each holds a lock of its own; what nobody holds any more goes when the next one is made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType

#: seconds after which a directory that nobody holds is one of a program that was killed
_ABANDONED = 60.0


class HeldFolder:
    """A directory ``path``, whose name begins with ``prefix``; it has a file ``lock`` in it."""

    def __init__(self, prefix: str, folder: Path | None = None) -> None:
        self._home = tempfile.TemporaryDirectory(prefix=prefix, dir=folder)
        self.path = Path(self._home.name)
        self._lock = (self.path / "lock").open("w", encoding="ascii")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        _remove_abandoned(self.path.parent, prefix)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._home.cleanup()
        self._lock.close()


def _remove_abandoned(folder: Path, prefix: str) -> None:
    for path in folder.glob(f"{prefix}*"):
        with contextlib.suppress(OSError), (path / "lock").open("r", encoding="ascii") as lock:
            facts = os.fstat(lock.fileno())
            old = time.time() - facts.st_mtime > _ABANDONED
            if old and facts.st_uid == os.geteuid() and not path.is_symlink():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
