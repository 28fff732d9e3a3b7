"""Evidence: the raw text of a machine's files and commands, from which facts are derived."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jetson_containers.errors import Location, UsageError

#: the version of the JSON form that is read and written
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a machine says of itself, unread.

    ``machine`` is ``uname -m``, ``kernel`` ``uname -r``; ``files`` are texts by absolute path,
    ``commands`` standard outputs by command line. What is not listed does not exist.
    ``engine`` is what the container engine says (``server_version``, ``runtimes``, ...).
    Law: ``Evidence.from_json(e.to_json()) == e``.
    """

    machine: str
    kernel: str = ""
    files: Mapping[str, str] = field(default_factory=dict, hash=False)
    commands: Mapping[str, str] = field(default_factory=dict, hash=False)
    engine: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def to_json(self) -> str:
        """The form that ``--facts`` reads."""
        data = {
            "format": FORMAT,
            "machine": self.machine,
            "kernel": self.kernel,
            "files": dict(self.files),
            "commands": dict(self.commands),
            "engine": dict(self.engine),
        }
        return json.dumps(data, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str, *, path: str = "<evidence>") -> Evidence:
        """Read recorded evidence; raises :class:`UsageError` naming ``path`` and what is wrong."""
        where = Location(path)
        try:
            data = json.loads(text.removeprefix("\ufeff"))
        except (RecursionError, ValueError) as error:
            raise UsageError(
                f"recorded facts are not JSON: {error}",
                where=where,
                hint="docs/targets.md shows the form",
            ) from error
        return cls.from_dict(data, where=where)

    @classmethod
    def from_dict(cls, data: Any, *, where: Location | None = None) -> Evidence:
        """Read the parsed form; raises :class:`UsageError` with everything that is wrong."""
        if not isinstance(data, Mapping):
            raise UsageError("recorded facts are not a JSON object", where=where)
        # true is 1 in Python, not in JSON
        if type(data.get("format")) is not int or data["format"] != FORMAT:
            raise UsageError(
                f"recorded facts have format {data.get('format')!r}, this program reads {FORMAT}",
                where=where,
                hint="docs/targets.md shows the form",
            )
        wrong = [
            f"{key!r} is no {kind}"
            for key, ok, kind in (
                ("machine", _is_text(data.get("machine")), "text"),
                ("kernel", _is_text(data.get("kernel", "")), "text"),
                ("files", _are_texts(data.get("files", {})), "mapping of texts"),
                ("commands", _are_texts(data.get("commands", {})), "mapping of texts"),
                ("engine", _is_object(data.get("engine") or {}), "object"),
            )
            if not ok
        ]
        if wrong:
            raise UsageError(f"recorded facts cannot be read: {'; '.join(wrong)}", where=where)
        return cls(
            machine=data["machine"],
            kernel=data.get("kernel", ""),
            files=dict(data.get("files", {})),
            commands=dict(data.get("commands", {})),
            engine=dict(data.get("engine") or {}),
        )


def _is_text(value: object) -> bool:
    """Text that can be written: JSON can escape halves of characters."""
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _are_texts(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        _is_text(part) for item in value.items() for part in item
    )


def _is_object(value: object) -> bool:
    """An object of proper JSON, which has no NaN and no infinity."""
    if not isinstance(value, Mapping):
        return False
    try:
        return _is_text(json.dumps(value, ensure_ascii=False, allow_nan=False))
    except (RecursionError, TypeError, ValueError):
        return False
