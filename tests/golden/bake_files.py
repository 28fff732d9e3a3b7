"""Golden bake files: three small packages, read and reviewed in a diff.

After an intended change: ``python -m tests.golden.bake_files`` writes them anew.
"""

from __future__ import annotations

from pathlib import Path

from jetson_containers.engine.base import planned_base
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.loader import load_catalogue
from jetson_containers.plan.bake import BakeOptions, bake_text
from jetson_containers.plan.model import Plan
from jetson_containers.plan.output import stage_epochs
from jetson_containers.plan.planner import make_plan
from jetson_containers.platform.named import named_target
from jetson_containers.resolve.resolver import resolve

TREE = Path(__file__).resolve().parent.parent / "data" / "trees" / "bake"
FOLDER = Path(__file__).parent / "bake"

def plan(target_name: str, word: str = "engine") -> Plan:
    """The plan of a package of the small tree."""
    target = named_target(target_name)
    catalogue = load_catalogue(target, [TREE])
    return make_plan([resolve(catalogue, [parse_requirement(word)])], planned_base(target, ""))


#: golden file -> targets, options
CASES: dict[str, tuple[tuple[str, ...], BakeOptions]] = {
    "local": (("x86-cu130",), BakeOptions(secrets={"netrc": "src=/root/.netrc"})),
    "fleet": (
        ("x86-cu130", "orin-jp62"),
        BakeOptions(
            secrets={"netrc": "env=NETRC"},
            budget={"MAX_JOBS": "8"},
            proxies=("HTTPS_PROXY",),
            registry="registry.local:5000/images",
            stage_registry="registry.local:5000/stages",
            cache_from=("type=registry,ref=registry.local:5000/cache",),
            epochs=stage_epochs([plan("x86-cu130"), plan("orin-jp62")], None),
            attest=("type=provenance,mode=max",),
        ),
    ),
}


def golden(name: str) -> str:
    """The text of a golden file, without this checkout's place."""
    targets, options = CASES[name]
    return bake_text([plan(target) for target in targets], options).replace(str(TREE), "/tree")


if __name__ == "__main__":
    for name in CASES:
        (FOLDER / f"{name}.json").write_text(golden(name), encoding="utf-8")
