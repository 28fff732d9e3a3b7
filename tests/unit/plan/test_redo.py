"""What is built again on purpose: never a stage without what stands on it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.errors import UsageError
from jetson_containers.plan.model import BaseImage, Plan, Stage
from jetson_containers.plan.redo import Redo, redo
from jetson_containers.platform.named import named_target
from tests.unit.engine.test_cachereg import stage


def chain(*names: str, below: Stage | None = None) -> list[Stage]:
    """Stages on each other, in order; the first one on ``below``."""
    found: list[Stage] = [] if below is None else [below]
    for name in names:
        one = stage(name, f"{hash((name, len(found))) & 0xFFFFFFFFFFFF:012x}".ljust(64, "0"))
        found.append(replace(one, parent=found[-1].id if found else None))
    return found[1:] if below else found


def plan(*stages: Stage) -> Plan:
    return Plan(named_target("x86-cu130"), BaseImage("base:1"), stages, ())


def packages(plans: list[Plan], ids: frozenset[str]) -> list[str]:
    return [stage.package for plan in plans for stage in plan.stages if stage.id in ids]


LIB, MID, APP = chain("lib", "mid", "app")
SIDE = chain("side", below=LIB)[0]
TAKES = replace(
    chain("takes")[0], contexts=(("mid", f"docker-image://{MID.reference}"), ("d", "/dir"))
)


def test_from_goes_on_without_the_build_cache() -> None:
    plans = [plan(LIB, MID, SIDE, APP)]
    found = redo(plans, begin=["mid"])
    assert packages(plans, found.stages) == ["mid", "app"] == packages(plans, found.uncached)


def test_force_leaves_the_build_cache_to_what_stands_on_it() -> None:
    plans = [plan(LIB, MID, SIDE, APP)]
    found = redo(plans, force=["mid"])
    assert packages(plans, found.stages) == ["mid", "app"]
    assert packages(plans, found.uncached) == ["mid"]


def test_what_takes_files_from_a_stage_follows_it() -> None:
    plans = [plan(LIB, MID, TAKES)]
    assert packages(plans, redo(plans, force=["mid"]).stages) == ["mid", "takes"]


def test_stages_of_every_plan_are_meant() -> None:
    plans = [plan(LIB, MID), plan(LIB, SIDE)]
    assert packages(plans, redo(plans, begin=["lib"]).stages) == ["lib", "mid", "lib", "side"]


def test_each_stage_has_the_option_that_it_is_built_again_for() -> None:
    found = redo([plan(LIB, MID, SIDE, APP)], begin=["mid"], force=["lib", "app"])
    assert found.because == {
        LIB.id: "--force lib",
        SIDE.id: "--force lib",
        MID.id: "--from mid",
        APP.id: "--from mid",
    }


def test_what_was_built_again_before_is_not_built_once_more() -> None:
    plans = [plan(LIB, MID, SIDE, APP)]
    rest = redo(plans, begin=["mid"], done=[LIB.id, MID.id])
    assert packages(plans, rest.stages) == ["app"] == packages(plans, rest.uncached)
    assert rest.because == {APP.id: "--from mid"}
    rest = redo(plans, force=["lib"], done=[LIB.id])
    assert packages(plans, rest.stages) == ["mid", "side", "app"]
    assert packages(plans, rest.uncached) == []
    assert redo(plans, force=["mid"], done=[MID.id, APP.id]) == Redo()


def test_what_stands_on_a_stage_that_is_still_to_be_built_again_follows_it() -> None:
    plans = [plan(LIB, MID, APP)]
    rest = redo(plans, begin=["mid"], done=[APP.id])
    assert packages(plans, rest.stages) == ["mid", "app"]


def test_nothing_asked_is_nothing_redone() -> None:
    assert redo([plan(LIB, MID)]) == Redo()


def test_packages_without_a_stage_are_all_named() -> None:
    with pytest.raises(UsageError) as raised:
        redo([plan(LIB, MID)], begin=["lib"], force=["nowhere"])
    assert raised.value.what == "--force nowhere: nothing that is asked for has a stage of it"
    assert raised.value.hint == "there are stages of lib, mid"


@given(
    st.lists(st.integers(-1, 6), min_size=1, max_size=8),
    st.sets(st.integers(0, 7)),
    st.sets(st.integers(0, 7)),
    st.sets(st.integers(0, 7)),
)
def test_what_stands_on_a_redone_stage_is_redone(
    parents: list[int], begin: set[int], force: set[int], before: set[int]
) -> None:
    stages: list[Stage] = []
    for number, parent in enumerate(parents):
        one = stage(f"p{number}", f"{number:064x}"[::-1])
        low = stages[parent].id if 0 <= parent < number else None
        stages.append(replace(one, parent=low))
    names = {number: f"p{number}" for number in range(len(stages))}
    first = [names[n] for n in begin if n in names]
    done = {stages[n].id for n in before if n in names}
    asked = {names[n] for n in begin | force if n in names}
    forced = [names[n] for n in force if n in names]
    for known in (set(), done):
        found = redo([plan(*stages)], first, forced, known)
        assert found.uncached <= found.stages
        assert found.because.keys() == found.stages
        assert all(one.id in found.stages for one in stages if one.parent in found.stages)
        uncached = {one.package for one in stages if one.id in found.uncached}
        assert asked <= uncached | {one.package for one in stages if one.id in known}
