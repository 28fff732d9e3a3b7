"""The plans of the flagship image are what was reviewed."""

from __future__ import annotations

import json

import pytest

from tests.golden.plans import FOLDER, TARGETS, golden, plan


@pytest.mark.parametrize("target", TARGETS)
def test_the_plan_of_sglang_is_the_reviewed_one(target):
    expected = (FOLDER / f"sglang-{target}.txt").read_text(encoding="utf-8")
    assert golden(target) == expected, "reviewed? then run: python -m tests.golden.plans"


@pytest.mark.parametrize("target", TARGETS)
def test_equal_plans_are_equal_to_the_byte(target):
    first, second = plan(target, "sglang").to_json(), plan(target, "sglang").to_json()
    assert first == second
    document = json.loads(first)
    assert document["format"] == 1
    assert document["images"][0]["stages"] == [stage["id"] for stage in document["stages"]]
    parents = [stage["parent"] for stage in document["stages"]]
    assert parents == [None, *(stage["id"] for stage in document["stages"][:-1])]
