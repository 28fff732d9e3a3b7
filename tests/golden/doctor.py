"""What `doctor` says of recorded machines, to be read and reviewed in a diff.

The machines lie in ``tests/data/doctor``; those called *as reported* are from the ecosystem's issue
tracker. After an intended change: ``python -m tests.golden.doctor`` writes the texts anew.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jetson_containers.cli.doctor import table
from jetson_containers.doctor.diagnose import diagnose
from jetson_containers.doctor.indexes import wheel_indexes
from jetson_containers.doctor.model import Finding, Host, WheelIndex
from jetson_containers.errors import TargetError
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.host import derive_facts, target_for
from jetson_containers.platform.target import Target

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(__file__).parent / "doctor"
MACHINES = tuple(sorted((ROOT / "tests" / "data" / "doctor").glob("*.json")))


def host_of(evidence: Evidence) -> Host:
    """The host that evidence tells of, for its own target."""
    facts = derive_facts(evidence)
    try:
        target = target_for(facts)
    except TargetError:
        return Host(evidence, facts)
    return Host(evidence, facts, target, indexes_of(target))


@cache
def indexes_of(target: Target) -> tuple[WheelIndex, ...]:
    """The wheel indexes of a target, by the project's own data."""
    return wheel_indexes(target, ROOT / "packages")


@cache
def findings(path: Path) -> tuple[Finding, ...]:
    """What all checks say of a recorded machine."""
    return diagnose(host_of(Evidence.from_json(path.read_text(encoding="utf-8"))))


def golden(path: Path) -> str:
    """The text of the golden file of a machine."""
    return table(findings(path)) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for machine in MACHINES:
        (FOLDER / f"{machine.stem}.txt").write_text(golden(machine), encoding="utf-8")
