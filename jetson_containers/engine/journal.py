"""The record of a run on disk: ``runs/<run id>/plan.json`` and ``journal.jsonl`` in the cache.

The first line of the journal tells of the run, each later one holds one event with the seconds
since the run began. Each line is one write at the end of the file, so that whatever stops the
program leaves whole lines and at most one torn one. Output of steps is in the logs, not here. A
run whose last event is no ``RunEnded`` goes on, or was killed: while it goes on, its process holds
a lock on the journal.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jetson_containers.engine import events
from jetson_containers.engine.events import (
    Event,
    LogLine,
    RunEnded,
    StageFinished,
    StageFound,
)
from jetson_containers.errors import BuilderError, Location
from jetson_containers.files import write_whole
from jetson_containers.plan.model import Plan, dumps

JOURNAL_FORMAT = 1

#: the events that journals hold, by name
_EVENTS: Mapping[str, type[Event]] = {
    name: item
    for name, item in vars(events).items()
    if isinstance(item, type) and issubclass(item, Event) and item is not LogLine
}


@dataclass(frozen=True, slots=True)
class Header:
    """What the first line of a journal tells of its run.

    ``begun`` is UTC in ISO 8601, ``program`` the version, ``argv`` the words behind the program's
    name, ``directory`` where they were typed; ``memory`` is in bytes, ``logs`` the directory of
    the logs, ``jobs`` how many stages are built at a time.
    """

    run: str
    begun: str
    program: str
    argv: tuple[str, ...]
    cores: int
    memory: int
    logs: str = ""
    directory: str = ""
    jobs: int = 1
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, and when it was: seconds since the run began, by a clock that never goes back."""

    t: float
    event: Event


@dataclass(frozen=True, slots=True)
class Run:
    """A journal as it was read; ``alive`` says that its process was there."""

    directory: Path
    header: Header
    entries: tuple[Entry, ...]
    alive: bool

    @property
    def ended(self) -> RunEnded | None:
        """The end of the run; ``None`` while it goes on, and when it was killed."""
        last = self.entries[-1].event if self.entries else None
        return last if isinstance(last, RunEnded) else None

    @property
    def finished(self) -> tuple[str, ...]:
        """The ids of the stages that the run built or found, in that order."""
        events = (entry.event for entry in self.entries)
        done = (item.stage for item in events if isinstance(item, StageFinished | StageFound))
        return tuple(dict.fromkeys(done))

    def plans(self) -> tuple[Mapping[str, Any], ...]:
        """The run's plans as they were serialised; none if they cannot be read."""
        try:
            value = json.loads((self.directory / "plan.json").read_text(encoding="utf-8"))
            return tuple(value["plans"])
        except (OSError, ValueError, TypeError, KeyError):
            return ()


class Journal:
    """Writes the journal of one run; a disk that takes no more ends the writing, not the run."""

    def __init__(self, directory: Path, handle: int, now: Callable[[], float]) -> None:
        self.directory = directory
        self._handle: int | None = handle
        self._now = now
        self._begun = now()
        self._lock = threading.Lock()

    @classmethod
    def begin(
        cls, directory: Path, header: Header, plans: Sequence[Plan], now: Callable[[], float]
    ) -> Journal:
        """The journal of a new run in its own directory, see :func:`new_run`. Raises ``OSError``.

        ``now`` is a clock that never goes back, in seconds.
        """
        content = {"format": JOURNAL_FORMAT, "plans": [plan.to_dict() for plan in plans]}
        write_whole(directory / "plan.json", (dumps(content) + "\n").encode())
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        handle = os.open(directory / "journal.jsonl", flags, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        journal = cls(directory, handle, now)
        journal._append({"format": JOURNAL_FORMAT, **_plain(header)})
        return journal

    def write(self, event: Event) -> None:
        """Note an event; output of steps is left to the logs."""
        if not isinstance(event, LogLine):
            t = round(self._now() - self._begun, 3)
            self._append({"t": t, "event": type(event).__name__, **_plain(event)})

    def close(self) -> None:
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _append(self, line: Mapping[str, Any]) -> None:
        data = (dumps(line) + "\n").encode(errors="replace")
        with self._lock:
            if self._handle is None:
                return
            try:
                whole = os.write(self._handle, data) == len(data)
            except OSError:
                whole = False
            if not whole:  # a full disk: what follows would be joined to half a line
                os.close(self._handle)
                self._handle = None


def new_run(runs: Path, begun: datetime) -> Path:
    """A new directory below ``runs``, named so that later runs sort behind earlier ones.

    The name begins with the time of day; where the clock went back, with the newest one there is.
    Raises ``OSError``.
    """
    runs.mkdir(parents=True, exist_ok=True)
    stamp, number = begun.strftime("%Y%m%d-%H%M%S"), 0
    newest = max((path.name for path in runs.iterdir()), default="")
    last, _, count = newest.rpartition("-")
    if count.isdigit() and last >= stamp:
        stamp, number = last, int(count) + 1
    while True:
        directory = runs / f"{stamp}-{number:03}"
        with contextlib.suppress(FileExistsError):
            directory.mkdir()
            return directory
        number += 1


def utc(begun: datetime) -> str:
    """A point in time as journals write it."""
    return begun.astimezone(timezone.utc).isoformat(timespec="milliseconds")


def list_runs(runs: Path) -> tuple[Path, ...]:
    """The directories of all runs below ``runs`` that have a journal, oldest first."""
    try:
        found = sorted(path for path in runs.iterdir() if (path / "journal.jsonl").is_file())
    except OSError:
        return ()
    return tuple(found)


def read_run(directory: Path) -> Run:
    """The run of a directory.

    A line that is not whole is left out, and so is an event that this program does not know.
    Raises :class:`BuilderError` for a journal that cannot be read, has no first line, or is from a
    newer program.
    """
    path = directory / "journal.jsonl"
    where = Location(str(path))
    try:
        with path.open("rb") as file:
            text = file.read().decode(errors="replace")
            alive = _is_locked(file.fileno())
    except OSError as error:
        raise BuilderError(
            f"the journal cannot be read: {error.strerror}",
            where=where,
            hint="`jetson-containers resume` works on the runs of the user who started them",
        ) from None
    first, *rest = [item for item in map(_read_line, text.split("\n")) if item] or [{}]
    if not isinstance(first.get("format"), int):
        raise BuilderError("the journal has no first line", where=where)
    if first["format"] > JOURNAL_FORMAT:
        raise BuilderError(
            f"the journal has format {first['format']}, this program knows {JOURNAL_FORMAT}",
            where=where,
            hint="use the newer program that wrote it",
        )
    header = _made(Header, first)
    if header is None:
        raise BuilderError("the first line of the journal makes no sense", where=where)
    entries = []
    for line in rest:
        kind = _EVENTS.get(str(line.get("event")))
        event = _made(kind, line) if kind else None
        if event is not None and isinstance(line.get("t"), int | float):
            entries.append(Entry(float(line["t"]), event))
    return Run(directory, header, tuple(entries), alive)


def is_over(directory: str) -> bool:
    """Whether the run of a directory has ended, however it did; not known is not over."""
    try:
        with (Path(directory) / "journal.jsonl").open("rb") as file:
            return not _is_locked(file.fileno())
    except OSError:
        return False


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _read_line(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _plain(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """The value of that kind, or ``None`` where a field that it has to have is missing."""
    known = {field.name for field in fields(kind)}
    given = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if name in known
    }
    try:
        return kind(**given)
    except TypeError:
        return None
