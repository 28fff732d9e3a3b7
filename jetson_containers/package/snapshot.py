"""The trees as they are at one moment: each walked once, each file looked at once."""
# Thousands of paths are looked at for each start, and texts are cheaper.
# ruff: noqa: PTH115, PTH116, PTH123

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from jetson_containers.package.scan import Directory, Skipped, scan

#: what was looked at: a file's bytes, what kind of thing a path is and its mode, where a link
#: leads, what this user may do with it, the names in a directory, or which run of the program it is
How = Literal["read", "stat", "link", "access", "list", "run"]
#: a place that decided a result, and what of it did
Look = tuple[How, str]

#: a bigger file counts by its size and time of change: no definition is read from it
MAX_BYTES = 10_000_000


class Snapshot:
    """What definitions depend on, as it was when first asked for; for one run of the program.

    Law: two looks at the same thing have the same state exactly when it did not change, whether
    it is there or not. Nothing is written, and what cannot be read has a state too.
    """

    def __init__(self) -> None:
        #: nanoseconds since the epoch: what changed later may differ from what was evaluated
        self.started = time.time_ns()
        #: stands for this run of the program: nothing else has it
        self.run: Look = ("run", f"{self.started} {os.getpid()}")
        self._states: dict[Look, str] = {self.run: "this one"}
        self._scans: dict[
            tuple[Path, ...], tuple[tuple[Directory, ...], tuple[Skipped, ...]]
        ] = {}

    def scan(self, entries: Sequence[Path]) -> tuple[tuple[Directory, ...], tuple[Skipped, ...]]:
        """See :func:`jetson_containers.package.scan.scan`."""
        key = tuple(entries)
        if key not in self._scans:
            self._scans[key] = scan(key)
        return self._scans[key]

    def state(self, look: Look) -> str:
        """What was found there, as a text to compare."""
        known = self._states.get(look)
        if known is None:
            known = self._states[look] = _look(*look)[0]
        return known

    def settled(self, look: Look) -> bool:
        """Whether it is still as it was and was not touched since the snapshot began.

        A result that was evaluated meanwhile belongs to this state, then, and to no other.
        """
        state, changed = _look(*look)
        return state == self.state(look) and changed <= self.started


def _look(how: How, path: str) -> tuple[str, int]:
    """The state, and when it last changed (0 where that does not tell)."""
    if how == "run":
        return "another one", 0
    try:
        if how == "link":
            status = os.lstat(path)
            text = os.readlink(path) if stat.S_ISLNK(status.st_mode) else "no link"
            return text, status.st_ctime_ns
        status = os.stat(path)
        if how == "access":
            allowed = [os.access(path, mode) for mode in (os.R_OK, os.W_OK, os.X_OK)]
            return f"{allowed} {status.st_mode:o}", status.st_ctime_ns
        if not stat.S_ISREG(status.st_mode):
            if not stat.S_ISDIR(status.st_mode):
                return f"special {status.st_mode:o}", 0
            if how != "list":
                return f"directory {status.st_mode:o}", 0
            return _listing(path), status.st_ctime_ns
        if how == "read" and status.st_size <= MAX_BYTES:
            with open(path, "rb", buffering=0) as file:
                return hashlib.sha256(file.read()).hexdigest(), status.st_ctime_ns
        if how == "read":
            return f"large {status.st_size} {status.st_mtime_ns}", status.st_ctime_ns
        return f"file {status.st_size} {status.st_mode:o}", status.st_ctime_ns
    except (FileNotFoundError, NotADirectoryError):
        return "absent", 0
    except (OSError, ValueError) as error:
        return f"unreadable {getattr(error, 'errno', 0)}", 0


def _listing(path: str) -> str:
    with os.scandir(path) as entries:
        names = sorted(f"{entry.name}\0{entry.is_dir()}{entry.is_symlink()}" for entry in entries)
    return hashlib.sha256("\0\0".join(names).encode(errors="surrogateescape")).hexdigest()
