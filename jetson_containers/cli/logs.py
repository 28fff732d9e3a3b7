"""Logs: one file a stage, complete and without colour codes, below one directory a run.

Stages that are built at the same time have files of their own, so each log is contiguous.
"""

from __future__ import annotations

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
