"""Errors a user reads: what is wrong, where it stands, and how to mend it.

Every error that leaves the program is a :class:`BuilderError`. Nothing below ``cli/`` prints or
exits; an error carries the exit code with which ``cli/`` ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every verb."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file; ``line`` counts from 1, and is 0 when only the file is known."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


def place_keys(place: Location | None) -> dict[str, str | int | None]:
    """What a JSON document says of a place: ``null`` and 0 where none is known."""
    return {"file": place.path if place else None, "line": place.line if place else 0}


class BuilderError(Exception):
    """One thing that is wrong.

    ``what`` is a sentence without a final full stop, ``where`` the place that has to change,
    ``hint`` how to mend it.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, what: str, *, where: Location | None = None, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{place}{self.what}{hint}"


class UsageError(BuilderError):
    """The words of the command line do not fit together, or name something unknown."""

    exit_code = ExitCode.USAGE


class DefinitionError(BuilderError):
    """A package definition cannot be read."""


class TargetError(UsageError):
    """A target is unknown or impossible."""


class UnreachableError(BuilderError):
    """Something outside (an engine, a registry, an index) could not be reached."""

    exit_code = ExitCode.UNREACHABLE


class Problems(BuilderError):
    """Several errors of one run, reported together."""

    def __init__(self, errors: Iterable[BuilderError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))
        self.exit_code = max(
            (error.exit_code for error in self.errors), default=ExitCode.FAILED
        )

    def __str__(self) -> str:
        return self.what


def raise_all(errors: Iterable[BuilderError]) -> None:
    """Raise nothing for no error, the error itself for one, :class:`Problems` for several."""
    found = tuple(errors)
    if len(found) == 1:
        raise found[0]
    if found:
        raise Problems(found)
