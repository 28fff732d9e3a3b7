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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from jetson_containers.errors import BuilderError, Location
from jetson_containers.files import write_whole
from jetson_containers.plan.fingerprint import FileFact, context_files
from jetson_containers.plan.model import StageTest, dumps


class StageLock:
    """A stage that this process holds, until it is released."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file

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
        """
        path = self.directory / "locks" / f"{fingerprint[:16]}.lock"
        self._mkdir(path.parent)
        file = self._open(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                text = file.read().strip()
            return int(text) if text.isdigit() else 0
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        return StageLock(file)

    @staticmethod
    def _open(path: Path) -> TextIO:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            return os.fdopen(handle, "r+", encoding="utf-8")
        except OSError as error:
            raise BuilderError(
                f"a lock cannot be taken: {error.strerror}",
                where=Location(str(path)),
                hint="give yourself the cache directory (`chown -R`), or set XDG_CACHE_HOME",
            ) from None

    def _mkdir(self, directory: Path) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BuilderError(
                f"the cache directory cannot be made: {error.strerror}",
                where=Location(str(directory)),
                hint="set XDG_CACHE_HOME to a directory that you may write to",
            ) from None

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
