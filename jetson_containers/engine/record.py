"""What a run did, as values: for the summary, and for reports."""

from __future__ import annotations

from dataclasses import dataclass

from jetson_containers.engine.imagetests import TestRecord
from jetson_containers.errors import BuilderError
from jetson_containers.plan.model import Stage


@dataclass(frozen=True, slots=True)
class StageRecord:
    """What became of a stage: ``built``, ``found`` or ``failed``; times in seconds."""

    stage: Stage
    status: str
    seconds: float = 0.0
    size: int = 0


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A finished image."""

    reference: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything that a run did."""

    stages: tuple[StageRecord, ...]
    tests: tuple[TestRecord, ...]
    images: tuple[ImageRecord, ...]
    errors: tuple[BuilderError, ...]
    seconds: float
