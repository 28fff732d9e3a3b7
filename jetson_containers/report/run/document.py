"""A run as data: the JSON form, format 1. ``docs/reports.md`` describes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jetson_containers.report.run.model import RunReport, StageReport, TestReport
from jetson_containers.report.run.sizes import ImageLayers

REPORT_FORMAT = 1


def to_document(run: RunReport, layers: Sequence[ImageLayers] = ()) -> dict[str, Any]:
    """The JSON form of a run; ``layers`` only of images whose layers are known."""
    held = {item.reference: item for item in layers}
    return {
        "format": REPORT_FORMAT,
        "run": run.id,
        "begun": run.begun,
        "program": run.program,
        "argv": list(run.argv),
        "cores": run.cores,
        "memory": run.memory,
        "status": run.status,
        "seconds": run.seconds,
        "targets": list(run.targets),
        "images": [
            {
                "reference": image.reference,
                "target": image.target,
                "packages": list(image.packages),
                "stages": list(image.stages),
                "digest": image.digest or None,
                "size": image.size,
                "pushed": list(image.pushed),
                "layers": _layers(held.get(image.reference)),
            }
            for image in run.images
        ],
        "critical": [stage.id for stage in run.critical],
        "stages": [_stage(run, item) for item in run.stages],
        "tests": [_test(item) for item in run.tests],
        "warnings": list(run.warnings),
        "errors": list(run.errors),
        "unreadable_lines": run.unreadable,
    }


def _layers(found: ImageLayers | None) -> list[dict[str, Any]] | None:
    if found is None:
        return None
    return [
        {"stage": layer.stage or None, "instruction": layer.instruction, "size": layer.size}
        for layer in found.layers
    ]


def _stage(run: RunReport, stage: StageReport) -> dict[str, Any]:
    log = run.log_of(stage)
    return {
        "id": stage.id,
        "package": stage.package,
        "version": stage.version,
        "target": stage.target,
        "parent": stage.parent,
        "reference": stage.reference,
        "fingerprint": stage.fingerprint,
        "reason": stage.reason,
        "status": stage.status,
        "begun": stage.begun,
        "seconds": stage.seconds,
        "waited": stage.waited,
        "lane": stage.lane or None,
        "why": stage.why or None,
        "source": stage.source or None,
        "because": stage.because or None,
        "message": stage.message or None,
        "size": stage.size,
        "stored": stage.stored,
        "steps": [{"t": t, "step": step} for t, step in stage.steps],
        "log": str(log) if log else None,
    }


def _test(test: TestReport) -> dict[str, Any]:
    return {
        "stage": test.stage,
        "package": test.package,
        "test": test.name,
        "final": test.final,
        "status": test.status,
        "begun": test.begun,
        "seconds": test.seconds,
        "message": test.message or None,
        "remembered": test.remembered,
    }
