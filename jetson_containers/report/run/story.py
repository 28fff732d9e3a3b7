"""What the events of a journal tell, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from jetson_containers.report.run.model import ImageReport, StageReport, TestReport
from jetson_containers.report.run.raw import number, size_of, text, texts


class Story:
    """What events tell, one after the other; times are seconds since the run began."""

    def __init__(self, images: list[ImageReport], stages: list[StageReport]) -> None:
        self.images = images
        self.stages = {stage.id: stage for stage in stages}
        self.tests: dict[tuple[str, str, str, bool], TestReport] = {}
        self.steps: dict[str, list[tuple[float, str]]] = {}
        self.tagged: dict[str, int] = {}
        self.pushed: dict[str, list[str]] = {}
        self.warnings: list[str] = []
        self.now = 0.0

    def tell(self, event: Mapping[str, Any]) -> None:
        """Take in one event; one of a kind that is not known changes the time only."""
        self.now = max(self.now, number(event, "t"))
        kind = text(event, "event")
        if kind == "Warned":
            self.warnings.append(text(event, "message"))
        elif kind == "ImageTagged":
            self.tagged[text(event, "reference")] = size_of(event) or 0
        elif kind == "ImagePushed":
            self.pushed.setdefault(text(event, "image"), []).append(text(event, "reference"))
        elif kind in ("TestStarted", "TestFinished"):
            self._test(event, ended=kind == "TestFinished")
        elif kind == "StepStarted":
            self.steps.setdefault(text(event, "stage"), []).append(
                (self.now, text(event, "step"))
            )
        stage = self.stages.get(text(event, "stage"))
        if stage is not None:
            self.stages[stage.id] = self._after(stage, kind, event)

    def _after(self, stage: StageReport, kind: str, event: Mapping[str, Any]) -> StageReport:
        seconds = number(event, "seconds")
        match kind:
            case "StageWaiting":
                return replace(stage, status="killed", begun=self.now)
            case "StageStarted":
                return replace(
                    stage,
                    status="killed",
                    begun=self.now,
                    waited=self.now - stage.begun if stage.begun is not None else 0.0,
                    source="",  # where it could not be had from, if it was tried
                    why=text(event, "why"),
                    lane=int(number(event, "lane")),
                    command=texts(event.get("command")),
                )
            case "StageFetching":
                return replace(
                    stage,
                    status="killed",
                    begun=self.now,
                    source=text(event, "source"),
                    lane=int(number(event, "lane")),
                )
            case "StageFound":
                fetched = stage.source != ""
                return replace(
                    stage,
                    status="fetched" if fetched else "found",
                    source=text(event, "source") or "local",
                    seconds=seconds if fetched else 0.0,
                    begun=stage.begun if fetched else None,
                    waited=self.now - stage.begun if stage.begun is not None else 0.0,
                )
            case "StageFinished":
                return replace(stage, status="built", seconds=seconds, size=size_of(event))
            case "StageFailed":
                return replace(
                    stage,
                    status="interrupted" if event.get("interrupted") is True else "failed",
                    seconds=seconds,
                    message=text(event, "message"),
                )
            case "StageStored":
                return replace(stage, stored=seconds)
            case "StageBlocked":
                return replace(stage, status="blocked", because=text(event, "because"))
        return stage

    def _test(self, event: Mapping[str, Any], *, ended: bool) -> None:
        final = event.get("final") is True
        key = (text(event, "stage"), text(event, "package"), text(event, "test"), final)
        before = self.tests.get(key)
        self.tests[key] = TestReport(
            *key,
            status=text(event, "status") if ended else "killed",
            begun=before.begun if before else None if ended else self.now,
            seconds=number(event, "seconds"),
            message=text(event, "message"),
            remembered=event.get("remembered") is True,
        )

    def told(self, alive: bool) -> tuple[tuple[StageReport, ...], tuple[TestReport, ...]]:
        """Everything, with what was cut short going on to the last thing recorded.

        ``alive`` says that it still goes on.
        """
        stages = [
            replace(stage, steps=tuple(self.steps.get(stage.id, ())))
            for stage in self.stages.values()
        ]
        word: Literal["running", "killed"] = "running" if alive else "killed"
        return (
            tuple(
                replace(stage, status=word, seconds=self._cut(stage.begun))
                if stage.status == "killed"
                else stage
                for stage in stages
            ),
            tuple(
                replace(test, status=word, seconds=self._cut(test.begun))
                if test.status == "killed"
                else test
                for test in self.tests.values()
            ),
        )

    def _cut(self, begun: float | None) -> float:
        return round(self.now - (begun or 0.0), 3)
