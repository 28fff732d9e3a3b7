"""What is wrong with a package definition, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from jetson_containers.errors import Location
from jetson_containers.package.keys import KEYS
from jetson_containers.package.model import Package

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell about one package on one target.

    ``code`` is a stable word for programs (``unreadable-header``), ``message`` a sentence without
    a final full stop, ``hint`` how to mend it.
    """

    target: str
    package: str
    code: str
    message: str
    severity: Severity
    location: Location
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form (``check --json``)."""
        return {
            "target": self.target,
            "package": self.package,
            "code": self.code,
            "message": self.message,
            "severity": self.severity,
            "file": self.location.path,
            "line": self.location.line,
            "hint": self.hint,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Finding:
        """Read the JSON form back."""
        return cls(
            target=str(data["target"]),
            package=str(data["package"]),
            code=str(data["code"]),
            message=str(data["message"]),
            severity=data["severity"],
            location=Location(str(data["file"]), int(data["line"])),
            hint=str(data["hint"]),
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A package that exists but is not for this target, and every reason that applies."""

    package: Package
    reasons: tuple[str, ...]

    @property
    def reference(self) -> str:
        """``name:version`` of the refused package."""
        return self.package.reference


def unknown_key(target: str, package: str, key: str, where: Location, *, strict: bool) -> Finding:
    """A key that no package has: an error in this project's own tree, a warning in others."""
    from difflib import get_close_matches

    near = get_close_matches(key.lower(), sorted(KEYS), 1)
    return Finding(
        target,
        package,
        "unknown-key",
        f"unknown key {key!r}",
        "error" if strict else "warning",
        where,
        f"did you mean {near[0]}?" if near else f"known keys: {', '.join(sorted(KEYS))}",
    )


def one_line(text: str) -> str:
    """What a definition says, fit for a terminal: no line ends, no control characters."""
    return printable(" ".join(text.split()))


def printable(line: str) -> str:
    """``line`` with control characters, and halves of characters, spelled out: ``\\x1b``."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings without repetition, by place, then code."""
    unique = dict.fromkeys(findings)
    return tuple(
        sorted(unique, key=lambda item: (item.location, item.package, item.code, item.message))
    )
