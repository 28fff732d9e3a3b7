"""Why a stage is built again: followed from the stage to the input that changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.engine.stage_memory import MOST, StageMemory
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.model import BaseImage, Plan
from jetson_containers.plan.options import PlanOptions
from jetson_containers.plan.planner import make_plan
from jetson_containers.plan.why_rebuild import explain, read_inputs, stage_inputs, why_line
from jetson_containers.platform.named import named_target
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import package

BASE = BaseImage("ubuntu:24.04", "sha256:" + "0" * 64, "local")
BODY = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG SPEED\nCOPY a /a\nRUN true\n"
#: a chain lib -> mid -> app
CHAIN = ("lib:1.0*", "mid:1.0* lib", "app:1.0* mid")


class World:
    """A package tree, and what is remembered of it; the clock is only wound."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tree"
        self.folder.mkdir()
        self.time = 1_800_000_000.0
        self.memory = StageMemory(folder / "stages", now=lambda: self.time)

    def plan(
        self,
        *lines: str,
        base: BaseImage = BASE,
        target: str = "x86-cu130",
        options: PlanOptions | None = None,
    ) -> Plan:
        packages = [package(line, self.folder) for line in lines or CHAIN]
        for item in packages:
            item.path.mkdir(exist_ok=True)
            for name, text in (("Dockerfile", BODY), ("a", "1")):
                if not (item.path / name).exists():
                    (item.path / name).write_text(text)
        shelf = Catalogue(target=named_target(target), packages=tuple(packages))
        return make_plan([resolve(shelf, [parse_requirement("app")])], base, options)

    def build(self, plan: Plan) -> Plan:
        """As a build does: stage by stage, in order."""
        for stage in plan.stages:
            self.time += 60
            self.memory.remember(stage)
        return plan

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def lines(self, plan: Plan) -> dict[str, str]:
        """As a build does: each stage is explained before it is built, then remembered."""
        found = {}
        for stage in plan.stages:
            found[stage.package] = why_line(stage, self.memory)
            self.memory.remember(stage)
        return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_stage_that_was_never_built_says_so(world: World) -> None:
    assert set(world.lines(world.plan()).values()) == {"never built here"}


def test_a_stage_that_is_known_and_gone_says_so(world: World) -> None:
    plan = world.build(world.plan())
    assert world.lines(plan)["app"] == "built before, and no longer there"
    assert why_line(plan.stages[0], world.memory, "--force lib") == "--force lib"


def test_what_changed_below_is_named_before_that_is_built(world: World) -> None:
    world.build(world.plan())
    world.write("lib/a", "2")
    stages = world.plan().stages
    planned = {stage.fingerprint: stage_inputs(stage) for stage in stages}
    assert why_line(stages[-1], world.memory, "", planned) == "lib: file a: changed"


def test_a_changed_file_is_named_by_its_stage_and_by_those_above(world: World) -> None:
    world.build(world.plan())
    world.write("lib/a", "2")
    assert world.lines(world.plan()) == {
        "lib": "file a: changed",
        "mid": "lib: file a: changed",
        "app": "lib: file a: changed",
    }


def test_what_a_plan_is_about_to_build_explains_what_stands_on_it(world: World) -> None:
    world.build(world.plan())
    world.write("lib/a", "2")
    stages = [stage_inputs(stage) for stage in world.plan().stages]
    found = explain(stages[-1], world.memory, {one.fingerprint: one for one in stages})
    assert [(name, change.name, change.subject) for name, change in found.roots()] == [
        ("lib", "file", "a")
    ]
    assert [item.name for item in found.changes] == ["parent"]
    assert found.below[0].below[0].to_dict()["package"] == "lib"


def test_a_base_that_moved_is_the_reason_all_the_way_up(world: World) -> None:
    world.build(world.plan())
    moved = BaseImage("ubuntu:24.04", "sha256:" + "1" * 64, "local")
    reason = f"base: {BASE.digest} -> {moved.digest}"
    found = world.lines(world.plan(base=moved))
    assert (found["lib"], found["app"]) == (reason, f"lib: {reason}")


def test_an_argument_comes_with_both_values(world: World) -> None:
    world.build(world.plan("app"))
    again = world.plan("app", options=PlanOptions(build_args={"SPEED": "9"}))
    assert world.lines(again) == {"app": "build argument SPEED: nothing -> 9"}


def test_another_order_is_a_reason_of_its_own(world: World) -> None:
    world.build(world.plan())
    found = world.lines(world.plan("lib:1.0*", "app:1.0* lib"))
    assert found["app"] == "stands on lib:1.0 instead of mid:1.0"


def test_own_changes_and_those_below_are_both_roots_and_many_are_counted(world: World) -> None:
    world.build(world.plan())
    world.write("lib/a", "2")
    world.write("app/a", "2")
    world.write("app/Dockerfile", BODY + "RUN false\n")
    line = world.lines(world.plan())["app"]
    assert line.startswith("lib: file a: changed, Dockerfile ")
    assert line.endswith(" and 1 more")


def test_the_nearest_stage_is_the_one_with_the_fewest_other_inputs(world: World) -> None:
    world.build(world.plan("app"))
    world.write("app/a", "2")
    world.write("app/Dockerfile", BODY + "RUN false\n")
    world.build(world.plan("app"))
    world.write("app/Dockerfile", BODY)
    assert world.lines(world.plan("app"))["app"] == "Dockerfile tree/app/Dockerfile: changed"


def test_stages_of_the_same_target_are_nearer_than_any_other(world: World) -> None:
    world.build(world.plan("app"))
    world.build(world.plan("app", target="x86-cu129"))
    world.write("app/a", "2")
    assert world.lines(world.plan("app"))["app"] == "file a: changed"


def test_another_target_is_told_by_what_differs(world: World) -> None:
    world.build(world.plan("app"))
    line = world.lines(world.plan("app", target="x86-cu129"))["app"]
    assert line == "cuda of the target: 13.0 -> 12.9, name of the target: x86-cu130 -> x86-cu129"


def test_inputs_are_read_back_as_they_were_written(world: World) -> None:
    for stage in world.plan().stages:
        one = stage_inputs(stage, 5.0)
        assert read_inputs(one.to_dict()) == one


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', '{"format": 9}', "[" * 100_000])
def test_a_memory_that_is_torn_or_foreign_is_none(world: World, text: str) -> None:
    plan = world.build(world.plan("app"))
    for path in world.memory.folder.rglob("*.json"):
        path.write_text(text)
    assert world.memory.of("app") == ()
    assert why_line(plan.stages[0], world.memory) == "never built here"


def test_a_memory_that_cannot_be_written_is_no_fault(world: World) -> None:
    world.memory.folder.write_text("in the way")
    world.build(world.plan("app"))
    assert world.memory.of("app") == ()


def test_old_stages_are_forgotten(world: World) -> None:
    for number in range(MOST + 3):
        world.build(world.plan("app", options=PlanOptions(build_args={"SPEED": str(number)})))
    assert len(world.memory.of("app")) == MOST
