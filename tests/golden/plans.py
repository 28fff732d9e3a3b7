"""Golden plans: what `plan sglang` says for four targets, to be read and reviewed in a diff.

After an intended change: ``python -m tests.golden.plans`` writes them anew.
"""

from __future__ import annotations

from pathlib import Path

from jetson_containers.cli.plan import render
from jetson_containers.engine.base import planned_base
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.model import Plan
from jetson_containers.plan.planner import make_plan
from jetson_containers.platform.named import named_target
from jetson_containers.resolve.resolver import resolve
from tests.own_tree import catalogue

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(__file__).parent / "plans"
TARGETS = ("orin-jp62", "thor-jp72", "sbsa-cu130", "x86-cu129")


def plan(target_name: str, *words: str) -> Plan:
    """The plan of packages of the project's own tree for a named target."""
    target = named_target(target_name)
    resolution = resolve(catalogue(target_name), [parse_requirement(word) for word in words])
    return make_plan([resolution], planned_base(target, ""))


def golden(target_name: str) -> str:
    """The text of the golden file of a target."""
    return render(plan(target_name, "sglang"))


if __name__ == "__main__":
    for name in TARGETS:
        (FOLDER / f"sglang-{name}.txt").write_text(golden(name), encoding="utf-8")
