"""Logs: one file a stage, complete and without colour codes, below one directory a run."""

from __future__ import annotations

import os
import threading
from datetime import datetime
from pathlib import Path
from typing import TextIO

from jetson_containers.engine.command import pasteable
from jetson_containers.engine.events import (
    Event,
    LogLine,
    StageFailed,
    StageFinished,
    StageStarted,
    StepStarted,
    TestFinished,
    TestStarted,
)
from jetson_containers.plan.model import Plan


class RunLogs:
    """Writes ``<directory>/<run>/<nn>-<package>.log`` as events come; made on first use."""

    def __init__(self, directory: Path, plan: Plan, begun: datetime) -> None:
        self.directory = directory / begun.strftime("%Y%m%d-%H%M%S")
        if self.directory.exists():
            self.directory = directory / f"{self.directory.name}-{os.getpid()}"
        self._names = {
            stage.id: f"{number:02}-{stage.package.replace('/', '_')}.log"
            for number, stage in enumerate(plan.stages, 1)
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

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()


def _text(event: Event) -> str | None:
    match event:
        case StageStarted():
            return f"$ {pasteable(event.command)}"
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
