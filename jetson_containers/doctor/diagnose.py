"""Run all checks on a host. Each has a time limit, and one that fails is a finding itself."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from jetson_containers.doctor.model import SEVERITIES, Check, Finding, Host
from jetson_containers.doctor.registry import CHECKS

#: seconds for one check; they only read texts, so this is generous
LIMIT = 5.0


def diagnose(
    host: Host, checks: Sequence[Check] = CHECKS, *, limit: float = LIMIT
) -> tuple[Finding, ...]:
    """What every check says, the worst first, checks of one severity in their own order.

    Law: never raises; every check is run, whatever the others do.
    """
    found = [finding for check in checks for finding in _run(check, host, limit)]
    return tuple(sorted(found, key=lambda item: SEVERITIES.index(item.severity)))


def failed(findings: Sequence[Finding]) -> bool:
    """Whether anything stands in the way."""
    return any(finding.severity == "error" for finding in findings)


def _run(check: Check, host: Host, limit: float) -> list[Finding]:
    said: list[Finding] = []
    trouble: list[str] = []

    def ask() -> None:
        try:
            said.extend(
                Finding(check.name, item.severity, item.message, item.remedy)
                for item in check.judge(host)
            )
        except Exception as error:
            trouble.append(f"{type(error).__name__}: {error}")

    # a daemon, so that a check that never ends does not keep the program
    thread = threading.Thread(target=ask, name=f"doctor {check.name}", daemon=True)
    thread.start()
    thread.join(limit)
    if thread.is_alive():
        trouble.append(f"it did not end within {limit:g} s")
    if trouble:
        message = f"this check failed, so {check.about} is not known: {trouble[0]}"
        return [Finding(check.name, "warning", message)]
    return said
