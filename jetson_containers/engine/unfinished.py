"""Runs that did not come to their end: what they finished, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jetson_containers.engine.events import (
    StageBlocked,
    StageFailed,
    StageFinished,
    StageFound,
    StageStarted,
)
from jetson_containers.engine.journal import Run, list_runs, read_run
from jetson_containers.errors import BuilderError


@dataclass(frozen=True, slots=True)
class Left:
    """The stages of a run by what became of them, as titles in the order of its plans.

    ``begun`` were being built when it ended; ``images`` are the references that it was to make.
    """

    finished: tuple[str, ...]
    begun: tuple[str, ...]
    failed: tuple[str, ...]
    waiting: tuple[str, ...]
    images: tuple[str, ...]

    @property
    def stages(self) -> tuple[str, ...]:
        """All that is not finished."""
        return (*self.begun, *self.failed, *self.waiting)


def last_unfinished(runs: Path) -> Run | None:
    """The newest run below ``runs`` that was killed, interrupted or failed, and is still left.

    It is not left any more when the same words, typed in the same directory, came to their end
    later. Journals that cannot be read, and those of newer programs, are not looked at.
    """
    over: set[tuple[str, tuple[str, ...]]] = set()
    for directory in reversed(list_runs(runs)):
        try:
            run = read_run(directory)
        except BuilderError:
            continue
        words = (run.header.directory, run.header.argv)
        if run.ended and run.ended.status == "done":
            over.add(words)
        elif words not in over:
            return run
    return None


def left(run: Run) -> Left:
    """What a run finished and what not, by its journal alone."""
    states: dict[str, str] = {}
    for entry in run.entries:
        stage = entry.event.stage
        match entry.event:
            case StageFound() | StageFinished():
                states[stage] = "finished"
            case StageStarted():
                states[stage] = "begun"
            case StageFailed(interrupted=interrupted):
                states[stage] = "begun" if interrupted else "failed"
            case StageBlocked():
                states[stage] = "waiting"
    plans = run.plans()
    titles = {
        str(stage["id"]): ":".join(
            str(stage[key]) for key in ("package", "version") if stage.get(key)
        )
        for plan in plans
        for stage in plan["stages"]
    }

    def those(state: str) -> tuple[str, ...]:
        return tuple(
            title for item, title in titles.items() if states.get(item, "waiting") == state
        )

    return Left(
        finished=those("finished"),
        begun=those("begun"),
        failed=those("failed"),
        waiting=those("waiting"),
        images=tuple(str(image["reference"]) for plan in plans for image in plan["images"]),
    )
