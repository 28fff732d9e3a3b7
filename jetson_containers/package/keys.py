"""The keys of a package definition, and its values brought into one plain shape."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

#: keys the ecosystem's trees use, then the ones that are new here
ECOSYSTEM_KEYS = frozenset(
    (
        "alias",
        "build_args",
        "build_flags",
        "buildkit_device",
        "config",
        "depends",
        "disabled",
        "dockerfile",
        "docs",
        "group",
        "name",
        "notes",
        "path",
        "postfix",
        "prefix",
        "requires",
        "test",
    )
)
NEW_KEYS = frozenset(
    ("conflicts", "heavy", "runtime", "secrets", "sources", "test_timeout")
)
KEYS = ECOSYSTEM_KEYS | NEW_KEYS

#: keys that say how to build something; no file about something else has them by chance
TELLING_KEYS = ("build_args", "depends", "dockerfile", "requires")

#: keys whose single string stands for a list of one
LIST_KEYS = ("alias", "config", "depends", "test")

#: how deep values may be nested, and how long a number may be
MOST_LEVELS = 40
MOST_BITS = 1024

#: the ``requires`` of a directory that states none: what that ecosystem still supports
DEFAULT_REQUIRES = ">=32.6"


def is_definition(value: object) -> bool:
    """Whether ``value`` is a mapping that holds nothing but keys of a package."""
    return isinstance(value, Mapping) and all(key in KEYS for key in value)


def looks_like_definition(value: object) -> bool:
    """Whether ``value`` is a mapping with at least one key that says how to build something.

    Such a mapping is a definition with a spelling mistake, not a file about something else.
    """
    return isinstance(value, Mapping) and any(key in value for key in TELLING_KEYS)


def as_lists(package: dict[str, Any]) -> dict[str, Any]:
    """The same mapping, with a single string of a list key turned into a list of one."""
    for key in LIST_KEYS:
        if isinstance(package.get(key), str):
            package[key] = [package[key]]
    return package


def strings(value: object) -> list[str]:
    """A string, or any nesting of lists of strings, as one flat list; ``None`` is empty."""
    if value is None or value == "":
        return []
    if isinstance(value, (list, tuple, set, frozenset)):
        return [text for item in value for text in strings(item)]
    return [str(value)]


def plain(value: object) -> Any:
    """``value`` with JSON's types alone: what an evaluation may hand to the program.

    A mapping's keys and everything unknown (a version, a path, a number that is none) become
    text that can be written down, a set a sorted list. Raises :class:`ValueError` for what has no
    end: a list that holds itself, a number of thousands of digits.
    """
    return _plain(value, MOST_LEVELS)


def _plain(value: object, levels: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if value.isascii() else _text(str(value))
    if isinstance(value, int):
        if value.bit_length() > MOST_BITS:
            raise ValueError(f"a number of more than {MOST_BITS} bits")
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if not levels:
        raise ValueError("values that are nested too deeply, or hold themselves")
    if isinstance(value, Mapping):
        return {_text(str(key)): _plain(item, levels - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, levels - 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(item, levels - 1) for item in value), key=str)
    return _text(str(value))


def _text(value: str) -> str:
    """Text without halves of characters, which no file can hold."""
    return value.encode(errors="replace").decode()
