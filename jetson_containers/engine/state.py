"""What is remembered between runs, below the user's cache directory.

Test results under what they depend on, locks for stages that are being built, how long and how
much disk each package took. Every file is written whole or not at all; an unreadable one counts
as absent.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from jetson_containers.files import write_whole
from jetson_containers.plan.fingerprint import FileFact, context_files
from jetson_containers.plan.model import StageTest, dumps

_REMEDY = (
    "\n  hint: give yourself the cache directory (`chown -R`), or set XDG_CACHE_HOME to one that "
    "you may write to"
)


class StageLock:
    """A stage that this process holds, until it is released.

    ``trouble`` tells what kept the lock from its place, and where it is instead.
    """

    def __init__(self, file: TextIO | None, trouble: str = "") -> None:
        self._file = file
        self.trouble = trouble

    def release(self) -> None:
        if self._file is not None:
            self._file.close()


class State:
    """The directory of one user's memory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def test_result(self, key: str) -> Mapping[str, Any] | None:
        """The remembered result of a test, or ``None``."""
        return self._read(self.directory / "tests" / f"{key}.json")

    def remember_test(self, key: str, result: Mapping[str, Any]) -> None:
        """Remember a result if the directory can be written; else the test is run again."""
        self._write(self.directory / "tests" / f"{key}.json", result)

    def forget_test(self, key: str) -> None:
        """The result of a test no longer holds."""
        with contextlib.suppress(OSError):
            (self.directory / "tests" / f"{key}.json").unlink(missing_ok=True)

    def disk_used(self, package: str) -> int | None:
        """Bytes by which the engine's disk grew when ``package`` was last built."""
        sizes = self._read(self.directory / "disk.json") or {}
        value = sizes.get(package)
        return value if isinstance(value, int) else None

    def remember_disk(self, package: str, used: int) -> None:
        self._merge("disk", package, used)

    def seconds(self, package: str) -> float | None:
        """How long ``package`` took when it was last built."""
        value = (self._read(self.directory / "seconds.json") or {}).get(package)
        return float(value) if isinstance(value, int | float) else None

    def remember_seconds(self, package: str, seconds: float) -> None:
        self._merge("seconds", package, round(seconds, 1))

    def try_lock(self, fingerprint: str) -> StageLock | int:
        """The stage for this process alone among all of this user, or who has it.

        That is the holder's process id, 0 when it is unknown. The lock goes with the process
        that holds it, however that ends.

        Where the directory takes no locks, they are in the temporary directory, and where that
        takes none either there are none: nothing is raised.
        """
        name = f"{fingerprint[:16]}.lock"
        own = self.directory / "locks"
        try:
            own.mkdir(parents=True, exist_ok=True)
            return _lock(own / name)
        except OSError as error:
            trouble = f"{own}: a lock cannot be taken there: {error.strerror}"
        import tempfile  # it brings much along, and most runs need it not

        spare = Path(tempfile.gettempdir()) / f"jetson-containers-{os.getuid()}"
        try:
            _make_own(spare)
            return _lock(spare / name, f"{trouble}; the locks of this run are in {spare}{_REMEDY}")
        except OSError:
            nothing = "other builds of the same stages are not waited for"
            return StageLock(None, f"{trouble}; {nothing}{_REMEDY}")

    def _merge(self, name: str, key: str, value: float) -> None:
        """Put one value into ``<name>.json``; nothing that others put there meanwhile is lost."""
        path = self.directory / f"{name}.json"
        lock = self.directory / "locks" / f"{name}.lock"
        with contextlib.suppress(OSError):
            lock.parent.mkdir(parents=True, exist_ok=True)
            with lock.open("a") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self._write(path, {**(self._read(path) or {}), key: value})

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def _write(self, path: Path, value: Mapping[str, Any]) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, dumps(value).encode())
        except OSError:
            return


def _lock(path: Path, trouble: str = "") -> StageLock | int:
    """The lock in the file at ``path``, or the process that has it. Raises ``OSError``."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.fdopen(os.open(path, flags, 0o600), "r+", encoding="utf-8", errors="replace")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with file:
            text = file.read().strip()
        return int(text) if text.isdigit() else 0
    except BaseException:
        file.close()
        raise
    with contextlib.suppress(OSError):  # a full disk: the lock holds, its holder is not known
        os.ftruncate(file.fileno(), 0)
        os.pwrite(file.fileno(), str(os.getpid()).encode(), 0)
    return StageLock(file, trouble)


def _make_own(directory: Path) -> None:
    """Make a directory where others may write too; raises ``OSError`` for one of theirs."""
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{directory} is somebody else's")


def files_of(test: StageTest) -> tuple[FileFact, ...]:
    """What a test can see of its package; the README, which is generated, does not count."""
    files = context_files(Path(test.directory), None)
    return tuple(item for item in files if item[0] != "README.md")


def result_key(
    fingerprint: str, test: StageTest, machine: Mapping[str, Any], files: Sequence[FileFact]
) -> str:
    """What a test's result depends on: the stage, its words and files, what matters of ``machine``.

    ``files`` are those of :func:`files_of`.
    """
    inputs = {
        "stage": fingerprint,
        "argv": list(test.argv),
        "files": [list(item) for item in files],
        "machine": dict(sorted(machine.items())),
    }
    return hashlib.sha256(dumps(inputs).encode()).hexdigest()


class NoState(State):
    """Remembers nothing and writes nothing: for an engine that does nothing."""

    def __init__(self) -> None:
        super().__init__(Path("/nonexistent"))

    def try_lock(self, fingerprint: str) -> StageLock | int:
        return StageLock(None)

    def _write(self, path: Path, value: Mapping[str, Any]) -> None:
        return

    def _merge(self, name: str, key: str, value: float) -> None:
        return
