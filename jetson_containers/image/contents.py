"""What an image of ours holds already, when it is a base for more."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from jetson_containers.image import labels as label_names
from jetson_containers.package.grammar import is_reference, split_reference
from jetson_containers.platform.target import Target

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Contents:
    """``packages`` are references, one of each name, in the order in which they came in.

    ``lineage`` is ``(package, fingerprint)`` of each stage, in the order in which they were built.
    """

    target: Target
    packages: tuple[str, ...]
    lineage: tuple[tuple[str, str], ...] = ()

    @property
    def versions(self) -> dict[str, str | None]:
        """The version of each package, ``None`` for one without."""
        return dict(split_reference(item) for item in self.packages)


def read_contents(labels: Mapping[str, str]) -> Contents | None:
    """What the labels tell; ``None`` for an image that does not claim to be one of ours.

    Raises ``ValueError`` for labels that cannot be read or contradict each other; it says which.
    """
    if label_names.PACKAGES not in labels and label_names.FINGERPRINT not in labels:
        return None
    target = _read(labels, label_names.TARGET, Target.from_dict)
    packages = _read(labels, label_names.PACKAGES, _references)
    lineage: tuple[tuple[str, str], ...] = ()
    if label_names.PLAN in labels:
        lineage = _read(labels, label_names.PLAN, _lineage)
    if len({item.partition(":")[0] for item in packages}) < len(packages):
        raise ValueError(f"the label {label_names.PACKAGES} names a package twice")
    if not {name for name, _ in lineage} <= set(packages):
        raise ValueError(
            f"the labels {label_names.PACKAGES} and {label_names.PLAN} contradict each other"
        )
    own = labels.get(label_names.FINGERPRINT)
    if lineage and own is not None and own != lineage[-1][1]:
        raise ValueError(
            f"the labels {label_names.FINGERPRINT} and {label_names.PLAN} contradict each other"
        )
    return Contents(target, packages, lineage)


def _read(labels: Mapping[str, str], name: str, reader: Callable[[Any], _Value]) -> _Value:
    if name not in labels:
        raise ValueError(f"the label {name} is missing")
    try:
        return reader(json.loads(labels[name]))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"the label {name} cannot be read") from error


def _references(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(
        isinstance(item, str) and is_reference(item) for item in value
    ):
        raise ValueError
    return tuple(value)


def _lineage(value: Any) -> tuple[tuple[str, str], ...]:
    names = _references([name for name, _ in value])
    return tuple(zip(names, (str(key) for _, key in value), strict=True))
