"""Hosts as recorded evidence: what is derived from each.

Own cases lie beside this file; more, from the ecosystem's issue tracker, in ``../shared`` of some
checkouts, where they are read and not copied.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from jetson_containers.errors import TargetError
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.host import derive_facts, target_for
from jetson_containers.platform.named import named_target

OWN = Path(__file__).parent / "hosts"
SHARED = Path(__file__).parents[3] / "shared" / "cases" / "hosts"


def cases(folder: Path) -> list[Any]:
    found = sorted(folder.glob("*.json"))
    if not found:
        return [pytest.param(None, id=f"none in {folder.parents[1].name}")]
    return [pytest.param(path, id=path.stem) for path in found]


def check(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    evidence = Evidence.from_dict(case["evidence"])
    assert Evidence.from_json(evidence.to_json()) == evidence
    facts = derive_facts(evidence)
    said = facts.to_dict()
    for name, value in case["expect"].get("facts", {}).items():
        assert said[name]["value"] == value, name
        assert said[name]["source"] if value is not None else said[name]["reason"]
    refused = case["expect"].get("no_target")
    if refused:
        with pytest.raises(TargetError, match=re.escape(refused)):
            target_for(facts)
        return
    target = target_for(facts)
    assert named_target(target.name) == target
    values = target.to_dict()
    for name, value in case["expect"].get("target", {}).items():
        assert values[name] == value, name


@pytest.mark.parametrize("path", cases(OWN))
def test_own_host(path: Path) -> None:
    check(path)


@pytest.mark.parametrize("path", cases(SHARED))
def test_shared_host(path: Path | None) -> None:
    if path is None:
        pytest.skip(f"this checkout has no {SHARED}")
    check(path)
