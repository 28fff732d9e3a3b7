"""What a check finds, and how much it weighs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jetson_containers.errors import Location
from jetson_containers.package.findings import Finding, Severity

#: how much each rule weighs in a tree that is not this project's own; there all are errors
FOREIGN: Mapping[str, Severity] = {
    "missing-package": "error",
    "version-conflict": "error",
    "dependency-cycle": "error",
    "unresolvable": "error",
    "unreadable-dockerfile": "error",
    "unknown-instruction": "error",
    "not-on-base-image": "error",
    "late-context": "error",
    "too-many-layers": "error",
    "untaggable": "error",
    "reserved-name": "warning",
    "missing-source": "warning",
    "missing-test": "warning",
    "missing-docs": "warning",
    "undeclared-build-arg": "warning",
    "unset-arg": "warning",
    "secret-in-image": "warning",
    "unpinned-download": "info",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What one rule found at one place, whatever the package and target it was looked at for.

    ``message`` is a sentence without a final full stop, ``hint`` how to mend it.
    """

    code: str
    message: str
    where: Location
    hint: str = ""

    def finding(self, target: str, package: str, *, own: bool) -> Finding:
        """The fault as a finding about one package on one target."""
        severity = self.severity(own=own)
        return Finding(target, package, self.code, self.message, severity, self.where, self.hint)

    def severity(self, *, own: bool) -> Severity:
        """How much it weighs in this project's ``own`` tree, or in another."""
        return "error" if own else FOREIGN[self.code]


@dataclass(frozen=True, slots=True)
class TargetReport:
    """One target: how many packages it has, how many resolve, are fine, are not for it.

    ``checked`` counts the packages that are for the target and were looked at, ``ok`` those of them
    without an error, ``refused`` those that are not for the target. ``findings`` are in a stable
    order; ``notes`` counts, by code, those that are left out because they are no more than
    information.
    """

    target: str
    checked: int
    resolved: int
    ok: int
    refused: int
    findings: tuple[Finding, ...]
    notes: tuple[tuple[str, int], ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings are of that severity, those that are left out included."""
        found = sum(1 for finding in self.findings if finding.severity == severity)
        return found + sum(count for _, count in self.notes if severity == "info")

    def to_plain(self) -> tuple[Any, ...]:
        """The report in plain values, to hand it to another process or a file."""
        return (
            *(self.target, self.checked, self.resolved, self.ok, self.refused, self.notes),
            [
                (
                    *(item.package, item.code, item.message, item.severity),
                    *(item.location.path, item.location.line, item.hint),
                )
                for item in self.findings
            ],
        )

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> TargetReport:
        """Read the plain form back."""
        target, checked, resolved, ok, refused, notes, found = plain
        return cls(
            *(target, checked, resolved, ok, refused),
            findings=tuple(
                Finding(target, package, code, message, severity, Location(path, line), hint)
                for package, code, message, severity, path, line, hint in found
            ),
            notes=tuple((code, count) for code, count in notes),
        )


@dataclass(frozen=True, slots=True)
class Report:
    """All targets, in the order they were asked for; ``seconds`` is the wall time it took."""

    targets: tuple[TargetReport, ...]
    seconds: float

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, target by target."""
        return tuple(finding for target in self.targets for finding in target.findings)

    @property
    def has_errors(self) -> bool:
        """Whether something is wrong that has to be mended."""
        return any(finding.severity == "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form (``check --json``); ``notes`` counts what ``--verbose`` would list."""
        notes = Counter[str]()
        for target in self.targets:
            notes.update(dict(target.notes))
        return {
            "format": 1,
            "targets": [target.target for target in self.targets],
            "checked": sum(target.checked for target in self.targets),
            "ok": sum(target.ok for target in self.targets),
            "findings": [finding.to_dict() for finding in self.findings],
            "notes": dict(sorted(notes.items())),
            "seconds": round(self.seconds, 3),
        }
