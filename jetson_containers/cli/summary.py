"""The words at the end of a build."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from jetson_containers.cli.connect import Connection
from jetson_containers.cli.logs import RunLogs
from jetson_containers.engine.command import pasteable
from jetson_containers.engine.record import RunRecord
from jetson_containers.errors import BuilderError, Problems
from jetson_containers.plan.model import Stage
from jetson_containers.units import clock, gigabytes


def summary(
    record: RunRecord, logs: RunLogs, program: str, trees: Sequence[str] = ()
) -> str:
    """The images, what took how long, the tests, and the commands that go on from here.

    ``program`` is how the user starts this program, ``trees`` the options that name package
    directories.
    """
    lines = []
    built = [item for item in record.stages if item.status == "built"]
    if built:
        slowest = sorted(built, key=lambda item: item.seconds, reverse=True)[:5]
        lines.append(
            "longest: "
            + ", ".join(f"{item.stage.title} {clock(item.seconds)}" for item in slowest)
        )
        lines.append(f"logs:    {logs.directory}")
    lines.append(_tests(record))
    deferred = [item for item in record.tests if item.status == "deferred" and item.final]
    lines += [
        f"  deferred: {item.test.package} {item.test.name}: {item.message}" for item in deferred
    ]
    stages = Counter(item.status for item in record.stages)
    counts = [f"{stages['built']} built", f"{stages['found']} found"]
    counts += [f"{stages[kind]} {kind}" for kind in ("failed", "blocked") if stages[kind]]
    lines.append(f"stages:  {', '.join(counts)}, in {clock(record.seconds)}")
    lines += _blocked(record)
    if record.unnamed:
        names = " ".join(record.unnamed)
        lines.append(f"  not tested and not named after the first failure (--fail-fast): {names}")
    waiting = {item.subject.stage for item in deferred}
    for image in record.images:
        lines.append(f"image:   {image.reference} ({gigabytes(image.size)})")
        lines.append(f"run:     {program} run {image.reference}")
        if image.stage in waiting:
            lines.append(f"test:    {pasteable([program, 'test', image.reference, *trees])}")
    return "\n".join(lines)


def _blocked(record: RunRecord) -> list[str]:
    """What was not built, and the failure that is in its way."""
    titles = {item.stage.id: item.stage.title for item in record.stages}
    users: dict[str, list[str]] = {}
    for item in record.stages:
        if item.status == "blocked":
            users.setdefault(item.because, []).append(item.stage.title)
    return [
        f"  not built because {titles[because]} failed: {' '.join(names)}"
        if because
        else f"  not begun after the first failure (--fail-fast): {' '.join(names)}"
        for because, names in users.items()
    ]


def _tests(record: RunRecord) -> str:
    counts = Counter(
        "remembered" if item.remembered else item.status for item in record.tests
    )
    kinds = ("passed", "deferred", "failed", "remembered")
    shown = [f"{counts[kind]} {kind}" for kind in kinds if counts[kind]]
    return f"tests:   {', '.join(shown) or 'none'}"


def failure(
    error: BuilderError, stages: Iterable[Stage], logs: RunLogs, connection: Connection
) -> str:
    """What failed, its failing lines, its log, and the command that repeats the step alone."""
    lines: list[str] = []
    for item in error.errors if isinstance(error, Problems) else (error,):
        lines.append(f"error: {item}")
        lines += [f"  | {line}" for line in getattr(item, "lines", ())]
        if command := getattr(item, "command", ()):
            lines.append(f"  repeat: {connection.pasteable(command)}")
    lines += [
        f"  log: {logs.path(stage.id)}"
        for stage in stages
        if stage.title in error.what and logs.path(stage.id).is_file()
    ]
    return "\n".join(lines)
