"""What `doctor` says of recorded machines is what was reviewed."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.doctor.registry import CHECKS
from tests.golden.doctor import FOLDER, MACHINES, findings, golden


@pytest.mark.parametrize("machine", MACHINES, ids=lambda path: path.stem)
def test_the_findings_of_a_machine_are_the_reviewed_ones(machine: Path) -> None:
    expected = (FOLDER / f"{machine.stem}.txt").read_text(encoding="utf-8")
    assert golden(machine) == expected, "reviewed? then run: python -m tests.golden.doctor"


def test_every_text_has_its_machine() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == {path.stem for path in MACHINES}


def test_on_these_machines_every_check_has_something_to_say_and_most_something_wrong() -> None:
    said = {(item.check, item.severity) for path in MACHINES for item in findings(path)}
    names = {check.name for check in CHECKS}
    assert {check for check, _ in said} == names
    wrong = {check for check, severity in said if severity in ("error", "warning")}
    assert names - wrong == {
        *("target", "driver", "host-cuda", "kernel-modules", "cgroup", "user-namespaces"),
        "power-mode",
    }
