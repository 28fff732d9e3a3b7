"""Read what a run left behind: ``plan.json`` and ``journal.jsonl`` of its directory.

A run may have been stopped at any moment, so its journal may end in half a line, or anywhere.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

from jetson_containers.engine.journal import JOURNAL_FORMAT
from jetson_containers.errors import BuilderError, Location
from jetson_containers.report.run.model import (
    ImageReport,
    RunReport,
    RunStatus,
    StageReport,
    TestReport,
)

JOURNAL = "journal.jsonl"
PLAN = "plan.json"


class RunUnreadable(BuilderError):
    """A run directory that holds no record, a damaged one, or one of a newer program."""


def read_run(directory: Path) -> RunReport:
    """The run recorded in ``directory``. Raises :class:`RunUnreadable`.

    Law: a journal cut off at any byte after its first line reads, and says of the run no more
    than the whole lines do.
    """
    head, events, unreadable = _journal(directory / JOURNAL)
    story = _Story(*_plans(directory / PLAN))
    ended: Mapping[str, Any] = {}
    for event in events:
        if event.get("event") == "RunEnded":
            ended = event
        story.tell(event)
    status = _text(ended, "status")
    if status not in ("done", "failed", "interrupted"):
        status = "running" if _is_locked(directory / JOURNAL) else "killed"
    stages, tests = story.told(status == "running")
    results = {_text(item, "reference"): item for item in _mappings(ended.get("images"))}
    logs = _text(head, "logs")
    return RunReport(
        id=_text(head, "run") or directory.name,
        directory=directory,
        begun=_text(head, "begun"),
        program=_text(head, "program"),
        argv=_texts(head.get("argv")),
        cores=int(_number(head, "cores")),
        memory=int(_number(head, "memory")),
        status=cast(RunStatus, status),
        seconds=_number(ended, "seconds") or story.now,
        images=tuple(
            replace(
                image,
                digest=_text(results.get(image.reference, {}), "digest"),
                size=_size(results.get(image.reference, {})) or story.tagged.get(image.reference),
            )
            for image in story.images
        ),
        stages=stages,
        tests=tests,
        warnings=tuple(story.warnings),
        errors=_texts(ended.get("errors")),
        logs=Path(logs) if logs else None,
        unreadable=unreadable,
    )


def _journal(path: Path) -> tuple[Mapping[str, Any], list[Mapping[str, Any]], int]:
    """The first line, the events, and how many lines could not be read."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RunUnreadable(
            f"the run left no journal: {error.strerror}", where=Location(str(path))
        ) from None
    whole = lines[:-1]  # what stands after the last line feed was being written
    head = _json(whole[0]) if whole else None
    if head is None or "run" not in head:
        raise RunUnreadable(
            "this is no journal of a run, or the run was stopped before it began",
            where=Location(str(path), 1),
        )
    _refuse_newer(head, path)
    events = [_json(line) for line in whole[1:]]
    found = [event for event in events if event is not None]
    return head, found, len(events) - len(found)


def _is_locked(path: Path) -> bool:
    """Whether the run goes on: its process holds a lock on the journal until it ends."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _plans(path: Path) -> tuple[list[ImageReport], list[StageReport]]:
    """The images and stages of all plans of the run, each stage once."""
    try:
        document = _json(path.read_bytes())
    except OSError as error:
        raise RunUnreadable(
            f"the run left no plan: {error.strerror}", where=Location(str(path))
        ) from None
    if document is None:
        raise RunUnreadable("the plan of the run is damaged", where=Location(str(path)))
    _refuse_newer(document, path)
    images: list[ImageReport] = []
    stages: dict[str, StageReport] = {}
    for plan in _mappings(document.get("plans")):
        target = _text(_mapping(plan.get("target")), "name")
        base = _text(_mapping(plan.get("base")), "reference")
        for item in _mappings(plan.get("images")):
            images.append(
                ImageReport(
                    reference=_text(item, "reference"),
                    target=target,
                    base=base,
                    packages=_texts(item.get("packages")),
                    stages=_texts(item.get("stages")),
                )
            )
        for item in _mappings(plan.get("stages")):
            stages.setdefault(_text(item, "id"), _planned(item, target))
    return images, list(stages.values())


def _refuse_newer(document: Mapping[str, Any], path: Path) -> None:
    told = document.get("format")
    if told != JOURNAL_FORMAT:
        raise RunUnreadable(
            f"the record has format {told}, this program reads {JOURNAL_FORMAT}",
            where=Location(str(path)),
            hint="read it with the program that wrote it, or a newer one",
        )


def _planned(item: Mapping[str, Any], target: str) -> StageReport:
    return StageReport(
        id=_text(item, "id"),
        package=_text(item, "package"),
        version=_text(item, "version") or None,
        target=target,
        parent=_text(item, "parent") or None,
        reference=_text(item, "reference"),
        fingerprint=_text(item, "fingerprint"),
        reason=_text(item, "reason"),
        inputs=_strings(item.get("inputs")),
        dockerfile=_text(item, "dockerfile"),
        build_args=_strings(item.get("build_args")),
        status="not reached",
    )


class _Story:
    """What events tell, one after the other; times are seconds since the run began."""

    def __init__(self, images: list[ImageReport], stages: list[StageReport]) -> None:
        self.images = images
        self.stages = {stage.id: stage for stage in stages}
        self.tests: dict[tuple[str, str, str, bool], TestReport] = {}
        self.steps: dict[str, list[tuple[float, str]]] = {}
        self.tagged: dict[str, int] = {}
        self.warnings: list[str] = []
        self.now = 0.0

    def tell(self, event: Mapping[str, Any]) -> None:
        """Take in one event; one of a kind that is not known changes the time only."""
        self.now = max(self.now, _number(event, "t"))
        kind = _text(event, "event")
        if kind == "Warned":
            self.warnings.append(_text(event, "message"))
        elif kind == "ImageTagged":
            self.tagged[_text(event, "reference")] = _size(event) or 0
        elif kind in ("TestStarted", "TestFinished"):
            self._test(event, ended=kind == "TestFinished")
        elif kind == "StepStarted":
            self.steps.setdefault(_text(event, "stage"), []).append(
                (self.now, _text(event, "step"))
            )
        stage = self.stages.get(_text(event, "stage"))
        if stage is not None:
            self.stages[stage.id] = self._after(stage, kind, event)

    def _after(self, stage: StageReport, kind: str, event: Mapping[str, Any]) -> StageReport:
        seconds = _number(event, "seconds")
        match kind:
            case "StageWaiting":
                return replace(stage, status="killed", begun=self.now)
            case "StageStarted":
                return replace(
                    stage,
                    status="killed",
                    begun=self.now,
                    waited=self.now - stage.begun if stage.begun is not None else 0.0,
                    why=_text(event, "why"),
                    lane=int(_number(event, "lane")),
                    command=_texts(event.get("command")),
                )
            case "StageFetching":
                return replace(
                    stage,
                    status="killed",
                    begun=self.now,
                    source=_text(event, "source"),
                    lane=int(_number(event, "lane")),
                )
            case "StageFound":
                fetched = stage.source != ""
                return replace(
                    stage,
                    status="fetched" if fetched else "found",
                    source=_text(event, "source") or "local",
                    seconds=seconds if fetched else 0.0,
                    begun=stage.begun if fetched else None,
                    waited=self.now - stage.begun if stage.begun is not None else 0.0,
                )
            case "StageFinished":
                return replace(stage, status="built", seconds=seconds, size=_size(event))
            case "StageFailed":
                return replace(
                    stage,
                    status="interrupted" if event.get("interrupted") is True else "failed",
                    seconds=seconds,
                    message=_text(event, "message"),
                )
            case "StageBlocked":
                return replace(stage, status="blocked", because=_text(event, "because"))
        return stage

    def _test(self, event: Mapping[str, Any], *, ended: bool) -> None:
        final = event.get("final") is True
        key = (_text(event, "stage"), _text(event, "package"), _text(event, "test"), final)
        before = self.tests.get(key)
        self.tests[key] = TestReport(
            *key,
            status=_text(event, "status") if ended else "killed",
            begun=before.begun if before else None if ended else self.now,
            seconds=_number(event, "seconds"),
            message=_text(event, "message"),
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


def _json(line: bytes) -> Mapping[str, Any] | None:
    try:
        value = json.loads(line)
    except (RecursionError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _text(event: Mapping[str, Any], key: str) -> str:
    value = event.get(key)
    return value if isinstance(value, str) else ""


def _number(event: Mapping[str, Any], key: str) -> float:
    """A number that is no NaN and no nonsense, else 0."""
    value = event.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    return float(value) if 0 <= value < 1e18 else 0.0


def _size(event: Mapping[str, Any]) -> int | None:
    return int(_number(event, "size")) if event.get("size") is not None else None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _strings(value: Any) -> Mapping[str, str]:
    return {key: str(item) for key, item in _mapping(value).items()}


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    items = value if isinstance(value, list) else []
    return (item for item in items if isinstance(item, dict))
