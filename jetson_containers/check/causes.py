"""Findings put together by what has to be mended: one place, whatever shows it how often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jetson_containers.errors import Location
from jetson_containers.package.findings import Finding, Severity

_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Cause:
    """One place with one kind of fault.

    ``messages`` are what is said of it, each with its hint; ``packages`` and ``targets`` those it
    concerns, in the order of the findings.
    """

    severity: Severity
    code: str
    where: Location
    messages: tuple[tuple[str, str], ...]
    packages: tuple[str, ...]
    targets: tuple[str, ...]


def causes(findings: Iterable[Finding]) -> tuple[Cause, ...]:
    """The findings by place and code: what weighs most first, then by code and place."""
    groups: dict[tuple[Severity, str, Location], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.code, finding.location), []).append(finding)
    return tuple(
        Cause(
            severity,
            code,
            where,
            messages=tuple({item.message: (item.message, item.hint) for item in group}.values()),
            packages=tuple(dict.fromkeys(item.package for item in group if item.package)),
            targets=tuple(dict.fromkeys(item.target for item in group)),
        )
        for (severity, code, where), group in sorted(
            groups.items(), key=lambda item: (_RANK[item[0][0]], *item[0][1:])
        )
    )
