"""Read what a run left behind: ``plan.json`` and ``journal.jsonl`` of its directory.

A run may have been stopped at any moment, so its journal may end in half a line, or anywhere.
"""

from __future__ import annotations

import fcntl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from jetson_containers.engine.journal import JOURNAL_FORMAT
from jetson_containers.errors import BuilderError, Location
from jetson_containers.report.run.model import ImageReport, RunReport, RunStatus, StageReport
from jetson_containers.report.run.raw import (
    mapping,
    mappings,
    number,
    parsed,
    size_of,
    strings,
    text,
    texts,
)
from jetson_containers.report.run.story import Story

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
    story = Story(*_plans(directory / PLAN))
    ended: Mapping[str, Any] = {}
    for event in events:
        if event.get("event") == "RunEnded":
            ended = event
        story.tell(event)
    status = text(ended, "status")
    if status not in ("done", "failed", "interrupted"):
        status = "running" if _is_locked(directory / JOURNAL) else "killed"
    stages, tests = story.told(status == "running")
    results = {text(item, "reference"): item for item in mappings(ended.get("images"))}
    logs = text(head, "logs")
    return RunReport(
        id=text(head, "run") or directory.name,
        directory=directory,
        begun=text(head, "begun"),
        program=text(head, "program"),
        argv=texts(head.get("argv")),
        cores=int(number(head, "cores")),
        memory=int(number(head, "memory")),
        status=cast(RunStatus, status),
        seconds=number(ended, "seconds") or story.now,
        images=tuple(
            replace(
                image,
                digest=text(results.get(image.reference, {}), "digest"),
                size=size_of(results.get(image.reference, {})) or story.tagged.get(image.reference),
                pushed=tuple(dict.fromkeys(story.pushed.get(image.reference, ()))),
            )
            for image in story.images
        ),
        stages=stages,
        tests=tests,
        warnings=tuple(story.warnings),
        errors=texts(ended.get("errors")),
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
    head = parsed(whole[0]) if whole else None
    if head is None or "run" not in head:
        raise RunUnreadable(
            "this is no journal of a run, or the run was stopped before it began",
            where=Location(str(path), 1),
        )
    _refuse_newer(head, path)
    events = [parsed(line) for line in whole[1:]]
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
        document = parsed(path.read_bytes())
    except OSError as error:
        raise RunUnreadable(
            f"the run left no plan: {error.strerror}", where=Location(str(path))
        ) from None
    if document is None:
        raise RunUnreadable("the plan of the run is damaged", where=Location(str(path)))
    _refuse_newer(document, path)
    images: list[ImageReport] = []
    stages: dict[str, StageReport] = {}
    for plan in mappings(document.get("plans")):
        target = text(mapping(plan.get("target")), "name")
        base = text(mapping(plan.get("base")), "reference")
        for item in mappings(plan.get("images")):
            images.append(
                ImageReport(
                    reference=text(item, "reference"),
                    target=target,
                    base=base,
                    packages=texts(item.get("packages")),
                    stages=texts(item.get("stages")),
                )
            )
        for item in mappings(plan.get("stages")):
            stages.setdefault(text(item, "id"), _planned(item, target))
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
        id=text(item, "id"),
        package=text(item, "package"),
        version=text(item, "version") or None,
        target=target,
        parent=text(item, "parent") or None,
        reference=text(item, "reference"),
        fingerprint=text(item, "fingerprint"),
        reason=text(item, "reason"),
        inputs=strings(item.get("inputs")),
        dockerfile=text(item, "dockerfile"),
        build_args=strings(item.get("build_args")),
        status="not reached",
    )
