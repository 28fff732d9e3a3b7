"""JSON of unknown make: what is not as it should be counts as missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def parsed(line: bytes) -> Mapping[str, Any] | None:
    """The object that stands there, if it is one."""
    try:
        value = json.loads(line)
    except (RecursionError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def text(event: Mapping[str, Any], key: str) -> str:
    """A text, else an empty one."""
    value = event.get(key)
    return value if isinstance(value, str) else ""


def number(event: Mapping[str, Any], key: str) -> float:
    """A number that is no NaN and no nonsense, else 0."""
    value = event.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    return float(value) if 0 <= value < 1e18 else 0.0


def size_of(event: Mapping[str, Any]) -> int | None:
    """The bytes under ``size``, if anything stands there."""
    return int(number(event, "size")) if event.get("size") is not None else None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, else an empty one."""
    return value if isinstance(value, dict) else {}


def strings(value: Any) -> Mapping[str, str]:
    """An object's values as texts."""
    return {key: str(item) for key, item in mapping(value).items()}


def mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list."""
    items = value if isinstance(value, list) else []
    return (item for item in items if isinstance(item, dict))
