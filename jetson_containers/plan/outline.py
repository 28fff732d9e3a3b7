"""A plan as its JSON tells it: what two plans, one of them from a file, are compared by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jetson_containers.errors import Location, UsageError
from jetson_containers.plan.model import PLAN_FORMAT


@dataclass(frozen=True, slots=True)
class StageOutline:
    """What a plan's JSON says of one stage; ``inputs`` is empty in plans that kept no digests."""

    package: str
    version: str | None
    fingerprint: str
    dockerfile: str
    build_args: Mapping[str, str]
    inputs: Mapping[str, str]

    @property
    def title(self) -> str:
        """``name:version`` for people."""
        return f"{self.package}:{self.version}" if self.version else self.package


@dataclass(frozen=True, slots=True)
class ImageOutline:
    """An image and its stages in build order."""

    reference: str
    stages: tuple[StageOutline, ...]

    @property
    def name(self) -> str:
        """The reference without its tag."""
        head, _, tail = self.reference.rpartition(":")
        return head if head and "/" not in tail else self.reference


@dataclass(frozen=True, slots=True)
class PlanOutline:
    """The parts of a plan that a comparison needs."""

    target: Mapping[str, Any]
    base: str
    images: tuple[ImageOutline, ...]


def read_outline(text: str, name: str) -> PlanOutline:
    """Read what ``plan --json`` wrote; ``name`` is where the text came from.

    Raises :class:`UsageError` for anything else, and for a format newer than this program's.
    """
    where = Location(name)
    hint = "name a file that `jetson-containers plan PKG... --json` wrote"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("this is no JSON", where=where, hint=hint) from None
    version = document.get("format") if isinstance(document, dict) else None
    if type(version) is int and version > PLAN_FORMAT:
        raise UsageError(
            f"this plan has format {version}, the newest that is known here is {PLAN_FORMAT}",
            where=where,
            hint="compare it with the program that wrote it, or a newer one",
        )
    try:
        return outline(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageError("this is no plan", where=where, hint=hint) from None


def outline(document: Mapping[str, Any]) -> PlanOutline:
    """The outline of a plan's JSON form, as ``Plan.to_dict`` gives it.

    Raises ``KeyError``, ``TypeError``, ``ValueError`` or ``AttributeError`` for anything else.
    """
    base = document["base"]
    stages = {str(stage["id"]): _stage(stage) for stage in document["stages"]}
    return PlanOutline(
        target=dict(document["target"]),
        base=str(base["digest"] or base["reference"]),
        images=tuple(
            ImageOutline(str(image["reference"]), tuple(stages[key] for key in image["stages"]))
            for image in document["images"]
        ),
    )


def _stage(stage: Mapping[str, Any]) -> StageOutline:
    version = stage["version"]
    return StageOutline(
        package=str(stage["package"]),
        version=None if version is None else str(version),
        fingerprint=str(stage["fingerprint"]),
        dockerfile=str(stage["dockerfile"]),
        build_args={str(key): str(value) for key, value in stage["build_args"].items()},
        inputs={str(key): str(value) for key, value in stage.get("inputs", {}).items()},
    )
