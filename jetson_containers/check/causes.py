"""Findings put together by what has to be mended: one place, whatever shows it how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from jetson_containers.errors import Location
from jetson_containers.package.findings import Finding, Severity

_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Cause:
    """One place with one kind of fault.

    ``messages`` are what is said of it, each with a hint; ``packages`` and ``targets`` those it
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
            messages=tuple(
                (message, _hint([item for item in group if item.message == message]))
                for message in dict.fromkeys(item.message for item in group)
            ),
            packages=tuple(dict.fromkeys(item.package for item in group if item.package)),
            targets=tuple(dict.fromkeys(item.target for item in group)),
        )
        for (severity, code, where), group in sorted(
            groups.items(), key=lambda item: (_RANK[item[0][0]], *item[0][1:])
        )
    )


def _hint(findings: list[Finding]) -> str:
    """The hint of what says the same of several packages: that of the package it is said of.

    What mends another package may leave this one as it is; so the next best hint is the one that
    most of them have.
    """
    own = [item for item in findings if item.message.startswith(f"{item.package} ")]
    return Counter(item.hint for item in own or findings).most_common(1)[0][0]
