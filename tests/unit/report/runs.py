"""Run directories as a build leaves them, for the tests of reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BEGUN = "2026-11-21T10:00:00Z"


def stage(name: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    """A stage as a plan writes it."""
    return {
        "id": name,
        "package": name,
        "version": "1.0",
        "fingerprint": f"fingerprint-of-{name}",
        "parent": parent,
        "reference": f"jetson-stage/{name}:0123456789abcdef",
        "reason": "asked for",
        "inputs": {"dockerfile": f"digest-of-{name}"},
        **more,
    }


def plan(stages: Sequence[dict[str, Any]], target: str = "x86-cu130") -> dict[str, Any]:
    """A plan with one image that holds all stages."""
    names = [item["package"] for item in stages]
    end = names[-1] if names else "base"
    return {
        "format": 1,
        "target": {"name": target},
        "base": {"reference": "debian:12", "digest": None, "origin": "pulled"},
        "images": [
            {"reference": f"{end}:amd64", "packages": names, "stages": [s["id"] for s in stages]}
        ],
        "stages": list(stages),
    }


def event(t: float, kind: str, of: str = "", **fields: Any) -> dict[str, Any]:
    """A line of the journal."""
    return {"t": t, "event": kind, "stage": of, **fields}


def built(name: str, begun: float, seconds: float, lane: int = 1, size: int = 5_000_000) -> list:
    """A stage from its beginning to its end."""
    return [
        event(begun, "StageStarted", name, command=["docker"], why="never built here", lane=lane),
        event(begun + seconds, "StageFinished", name, seconds=seconds, size=size),
    ]


def end_of_test(name: str, t: float, status: str = "passed", **more: Any) -> dict[str, Any]:
    """The end of a test in the final image."""
    fields = {"package": name, "test": "check.sh", "final": True, "status": status, "seconds": 0.5}
    return event(t, "TestFinished", name, **{**fields, "message": "", "remembered": False, **more})


def ended(t: float, status: str = "done", **more: Any) -> dict[str, Any]:
    """The last line of a run that ended."""
    return event(t, "RunEnded", status=status, seconds=t, **{"images": [], "errors": [], **more})


def write_run(
    folder: Path,
    plans: Sequence[dict[str, Any]],
    events: Sequence[dict[str, Any]],
    **head: Any,
) -> Path:
    """A run directory with the events in order of time."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps({"format": 1, "plans": list(plans)}))
    first = {
        "format": 1,
        "run": folder.name,
        "begun": BEGUN,
        "program": "0.1.0",
        "argv": ["build", "c"],
        "cores": 4,
        "memory": 16_000_000_000,
        "logs": str(folder / "logs"),
        **head,
    }
    lines = [first, *sorted(events, key=lambda item: item["t"])]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "journal.jsonl").write_text(text)
    return folder


#: a on the base, b and c on it, d on b; c fails
FORK = [stage("a"), stage("b", "a"), stage("c", "a"), stage("d", "b"), stage("e", "c")]
FORK_EVENTS = [
    event(0.1, "StageFound", "a", reference="jetson-stage/a:0123", source="local", seconds=0.0),
    *built("b", 0.2, 10.0, lane=1, size=7_000_000),
    event(0.3, "StageStarted", "c", command=["docker"], why="the file x changed", lane=2),
    event(4.3, "StageFailed", "c", seconds=4.0, message="c failed at [2/3] RUN make"),
    event(4.4, "StageBlocked", "e", because="c"),
    *built("d", 10.3, 5.0, lane=1, size=9_500_000),
    event(15.4, "TestStarted", "d", package="d", test="check.sh", final=True),
    end_of_test("d", 15.9, "deferred", message="no GPU here"),
]
