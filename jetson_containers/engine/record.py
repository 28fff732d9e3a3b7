"""What a run did, as values: for the summary, and for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jetson_containers.engine.imagetests import TestRecord
from jetson_containers.errors import BuilderError
from jetson_containers.plan.model import Stage

StageStatus = Literal["built", "found", "failed", "blocked"]


@dataclass(frozen=True, slots=True)
class StageRecord:
    """What became of a stage; times in seconds, sizes in bytes.

    ``source`` is where a found one was, ``because`` the stage whose failure blocks a blocked one
    (empty when the run stopped at its first failure).
    """

    stage: Stage
    status: StageStatus
    seconds: float = 0.0
    size: int = 0
    source: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A finished image; ``stage`` is the id of its last stage, empty where it is the base alone."""

    reference: str
    digest: str
    size: int
    stage: str = ""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything that a run did.

    ``unnamed`` are the references of images whose stages are there, and that were neither tested
    nor named because the run stopped at its first failure.
    """

    stages: tuple[StageRecord, ...]
    tests: tuple[TestRecord, ...]
    images: tuple[ImageRecord, ...]
    errors: tuple[BuilderError, ...]
    seconds: float
    unnamed: tuple[str, ...] = ()
