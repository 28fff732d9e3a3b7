"""Logs: one file a stage, complete and without colour codes, below one directory a run.

Stages that are built at the same time have files of their own, so each log is contiguous.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from jetson_containers.engine.command import pasteable
from jetson_containers.engine.events import (
    Event,
    LogLine,
    StageFailed,
    StageFetching,
    StageFinished,
    StageStarted,
    StepStarted,
    TestFinished,
    TestStarted,
    Warned,
)
from jetson_containers.plan.model import Stage

#: what BuildKit writes where it leaves something out (moby/buildkit, util/progress/logs/logs.go)
_CLIPPED = re.compile(r"\[output clipped, log limit .{1,40} reached\]")


class RunLogs:
    """Writes ``<directory>/<nn>-<package>.log`` as events come; made on first use."""

    def __init__(self, directory: Path, stages: Mapping[str, Stage]) -> None:
        self.directory = directory
        self._names = {
            stage.id: f"{number:02}-{stage.package.replace('/', '_')}.log"
            for number, stage in enumerate(stages.values(), 1)
        }
        self._files: dict[str, TextIO] = {}
        self._lock = threading.Lock()

    def path(self, stage: str) -> Path:
        """The log of a stage."""
        return self.directory / self._names[stage]

    def write(self, event: Event) -> None:
        """Note an event in its stage's log."""
        text = _text(event)
        if text is None or event.stage not in self._names:
            return
        with self._lock:
            if event.stage not in self._files:
                self.directory.mkdir(parents=True, exist_ok=True)
                path = self.path(event.stage)
                self._files[event.stage] = path.open("a", encoding="utf-8", buffering=1)
            self._files[event.stage].write(text + "\n")
            if isinstance(event, (StageFinished, StageFailed)):
                self._files.pop(event.stage).close()

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()


class ClipWatch:
    """Notices where BuildKit left out a part of a step's output; tells it once a stage."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def warning(self, event: Event) -> Warned | None:
        """What there is to say after ``event``."""
        if not isinstance(event, LogLine) or not _CLIPPED.fullmatch(event.text.strip()):
            return None
        with self._lock:
            if event.stage in self._told:
                return None
            self._told.add(event.stage)
        return Warned(
            event.stage,
            "the log is not complete: the engine left out a part of a step's output; give its "
            "daemon BUILDKIT_STEP_LOG_MAX_SIZE=-1 and BUILDKIT_STEP_LOG_MAX_SPEED=-1 in its "
            "environment (a private engine: `jetson-containers engine down`, it is started so)",
        )


def _text(event: Event) -> str | None:
    match event:
        case StageStarted():
            why = f"# {event.why}\n" if event.why else ""
            return f"{why}$ {pasteable(event.command)}"
        case StageFetching():
            return f"# fetched from {event.source}"
        case Warned():
            return f"# warning: {event.message}"
        case StepStarted():
            return f"# {event.step}"
        case LogLine():
            return event.text
        case StageFinished():
            return f"# built in {event.seconds:.1f} s"
        case StageFailed():
            return f"# failed after {event.seconds:.1f} s: {event.message}"
        case TestStarted():
            return f"# test of {event.package}: {event.test}"
        case TestFinished() if not event.remembered:
            return f"# test of {event.package}: {event.status} {event.message}".rstrip()
    return None
