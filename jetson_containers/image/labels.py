"""Labels: what an image says of itself, in full; they win over its tag."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jetson_containers.platform.target import Target

if TYPE_CHECKING:
    from jetson_containers.package.model import Package
    from jetson_containers.plan.model import BaseImage

PREFIX = "io.jetson-containers."
TARGET = PREFIX + "target"
PACKAGES = PREFIX + "packages"
FINGERPRINT = PREFIX + "fingerprint"
PLAN = PREFIX + "plan"
STAGE = PREFIX + "stage"
BASE = PREFIX + "base"


def stage_labels(
    *,
    target: Target,
    package: Package,
    packages: Sequence[str],
    fingerprint: str,
    base: BaseImage,
    lineage: Sequence[Sequence[str]],
) -> tuple[tuple[str, str], ...]:
    """The labels of a stage: everything that its image holds, from the base up.

    ``lineage`` is ``[package, fingerprint]`` of every stage so far, this one included.
    """
    return (
        ("org.opencontainers.image.title", package.name),
        ("org.opencontainers.image.version", package.version or ""),
        ("org.opencontainers.image.base.name", base.reference),
        ("org.opencontainers.image.base.digest", base.digest or ""),
        (TARGET, _json(target.to_dict())),
        (PACKAGES, _json(list(packages))),
        (FINGERPRINT, fingerprint),
        (PLAN, _json([list(item) for item in lineage])),
        (STAGE, package.reference),
        (BASE, base.origin),
    )


@dataclass(frozen=True, slots=True)
class ImageLabels:
    """The labels of an image of ours, read back."""

    target: Target
    packages: tuple[str, ...]
    fingerprint: str
    stage: str


def read_labels(labels: Mapping[str, str]) -> ImageLabels | None:
    """The labels as values; ``None`` for an image that is not ours or whose labels lie."""
    try:
        packages = json.loads(labels[PACKAGES])
        return ImageLabels(
            target=Target.from_dict(json.loads(labels[TARGET])),
            packages=tuple(str(item) for item in packages),
            fingerprint=labels[FINGERPRINT],
            stage=labels[STAGE],
        )
    except (KeyError, TypeError, ValueError):
        return None


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
