"""Excerpts of logs: the beginning and the end of a file of any size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jetson_containers.report.run.model import RunReport, StageReport

#: bytes of one log that a report holds, and of all logs together
MOST_OF_ONE = 64_000
MOST_OF_ALL = 4_000_000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A log as far as it is shown: ``head``, then ``left_out`` bytes that are not, then ``tail``.
    """

    path: Path
    head: str
    tail: str = ""
    left_out: int = 0


def excerpt(path: Path, most: int = MOST_OF_ONE) -> Excerpt | None:
    """At most ``most`` bytes of a log, in whole lines where they are short enough.

    A fourth is of its beginning: a failure stands at the end. ``None`` where nothing can be read;
    what lies between is not read, however much it is.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            if size <= most:
                return Excerpt(path, _decoded(file.read(most)))
            head = file.read(most // 4)
            tail_size = most - len(head)
            file.seek(size - tail_size)
            tail = file.read(tail_size)
    except OSError:
        return None
    head = head[: head.rfind(b"\n") + 1] or head
    tail = tail[tail.find(b"\n") + 1 :] or tail
    return Excerpt(path, _decoded(head), _decoded(tail), size - len(head) - len(tail))


def excerpts(run: RunReport, most: int = MOST_OF_ALL) -> Mapping[str, Excerpt]:
    """Excerpts of the logs of a run by stage id, together about ``most`` bytes.

    Those of stages that failed come first, then the longest, so the bound costs the others.
    """
    found: dict[str, Excerpt] = {}
    for stage in _by_interest(run.stages):
        path = run.log_of(stage)
        if path is None or most <= 0:
            continue
        taken = excerpt(path, min(MOST_OF_ONE, most))
        if taken is not None:
            found[stage.id] = taken
            most -= len(taken.head) + len(taken.tail)
    return found


def _by_interest(stages: Iterable[StageReport]) -> list[StageReport]:
    fine = ("built", "found", "fetched")
    return sorted(stages, key=lambda stage: (stage.status in fine, -stage.seconds))


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")
