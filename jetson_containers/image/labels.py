"""Labels: what an image says of itself, in full; they win over its tag."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from packaging.version import Version

from jetson_containers.errors import BuilderError
from jetson_containers.platform.gpu_code import GpuCode, parse_gpu_code
from jetson_containers.platform.target import Arch, System, Target

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
#: read where a builder sets it: the oldest driver, where the image asks for more than its CUDA does
DRIVER = PREFIX + "driver"

#: characters of a label that are read; an image of many packages needs some thousand
LONGEST = 1 << 20
MOST_CODES = 100

_Value = TypeVar("_Value")


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
    """The labels of an image of ours, read back.

    ``gpu_code`` is what the target's list of architectures says, suffixes and PTX included.
    ``least_driver`` is the oldest driver that the image asks for, where it asks for one.
    """

    target: Target
    packages: tuple[str, ...]
    fingerprint: str
    stage: str
    gpu_code: tuple[GpuCode, ...] = ()
    least_driver: Version | None = None


class LabelError(BuilderError):
    """Labels that claim to be ours and lie: wrong types, no JSON, too long, impossible values."""


def read_labels(labels: Mapping[str, str]) -> ImageLabels | None:
    """The labels as values; ``None`` for an image that does not claim to be ours.

    Raises :class:`LabelError` for one that does and cannot be believed.
    """
    if TARGET not in labels and PACKAGES not in labels:
        return None
    document = _mapping(labels, TARGET)
    gpu_code = _read(labels, TARGET, _gpu_code, document.get("gpu_architectures"))
    plain = {**document, "gpu_architectures": [code.number for code in gpu_code]}
    driver = labels.get(DRIVER)
    return ImageLabels(
        target=_read(labels, TARGET, _target, plain),
        packages=_read(labels, PACKAGES, _texts, _document(labels, PACKAGES)),
        fingerprint=_read(labels, FINGERPRINT, _text, labels.get(FINGERPRINT)),
        stage=_read(labels, STAGE, _text, labels.get(STAGE)),
        gpu_code=gpu_code,
        least_driver=None if driver is None else _read(labels, DRIVER, Version, driver),
    )


def _read(
    labels: Mapping[str, str], name: str, reader: Callable[[Any], _Value], value: Any
) -> _Value:
    try:
        return reader(value)
    except (ArithmeticError, KeyError, RecursionError, TypeError, ValueError, BuilderError):
        raise _lie(labels, name, "cannot be believed") from None


def _lie(labels: Mapping[str, str], name: str, why: str) -> LabelError:
    text = labels.get(name)
    if text is None:
        return LabelError(f"the label {name} is missing", hint="rebuild the image")
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    return LabelError(f"the label {name} {why}: {shown!r}", hint="rebuild the image")


def _document(labels: Mapping[str, str], name: str) -> Any:
    text = labels.get(name, "")
    if len(text) > LONGEST:
        raise _lie(labels, name, f"has {len(text)} characters")
    try:
        return json.loads(text)
    except (RecursionError, ValueError):
        raise _lie(labels, name, "is not JSON") from None


def _mapping(labels: Mapping[str, str], name: str) -> Mapping[str, Any]:
    value = _document(labels, name)
    if not isinstance(value, dict):
        raise _lie(labels, name, "is no JSON object")
    return value


def _target(document: Mapping[str, Any]) -> Target:
    target = Target.from_dict(document)
    if target.system not in get_args(System) or target.arch not in get_args(Arch):
        raise ValueError
    return target


def _gpu_code(value: Any) -> tuple[GpuCode, ...]:
    if not isinstance(value, list) or len(value) > MOST_CODES:
        raise TypeError
    return tuple(code for item in value for code in parse_gpu_code(_word(item)))


def _word(item: Any) -> str:
    if isinstance(item, bool) or not isinstance(item, (int, str)):
        raise TypeError
    return str(item)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError
    return tuple(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
