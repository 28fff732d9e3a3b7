"""An image of ours as base: only what is missing is planned, and versions stay."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from jetson_containers.engine.base import planned_base
from jetson_containers.errors import BuilderError, TargetError
from jetson_containers.image import labels
from jetson_containers.image.contents import Contents, read_contents
from jetson_containers.image.listed import ListedImage
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.model import BaseImage, Plan
from jetson_containers.plan.onbase import resolver_on
from jetson_containers.plan.planner import make_plan
from tests.unit.shelves import X86, package

DOCKERFILE = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n"
TREE = ("torch:2.8", "torch:2.9*", "vision torch", "new torch>=2.9", "solo", "set vision solo",
        "picky !solo")  # fmt: skip


@pytest.fixture
def shelf(tmp_path: Path) -> Catalogue:
    packages = []
    for line in TREE:
        meta = line.startswith("set")
        item = package(line, tmp_path, dockerfile=None if meta else "Dockerfile")
        item.path.mkdir(exist_ok=True)
        (item.path / "Dockerfile").write_text(DOCKERFILE)
        packages.append(item)
    return Catalogue(target=X86, packages=tuple(packages))


def holding(*references: str, lineage: tuple[tuple[str, str], ...] = ()) -> BaseImage:
    return BaseImage("mine:1", "sha256:1", "local", Contents(X86, references, lineage))


def planned(shelf: Catalogue, base: BaseImage, *words: str) -> Plan:
    wanted = [parse_requirement(word) for word in words]
    return make_plan([resolver_on(shelf, base)(wanted)], base)


def test_only_what_the_base_lacks_is_planned_on_it(shelf):
    plan = planned(shelf, holding("torch:2.9"), "vision", "solo")
    assert [(stage.package, stage.base) for stage in plan.stages] == [
        ("solo", "mine:1"),
        ("vision", plan.stages[0].reference),
    ]
    assert plan.images[0].packages == ("torch:2.9", "solo", "vision")
    assert plan.images[0].reference == "solo:amd64-cu130-24.04"


def test_the_labels_of_the_result_include_those_of_the_base(shelf):
    base = holding("torch:2.9", lineage=(("torch:2.9", "f" * 64),))
    (stage,) = planned(shelf, base, "vision").stages
    found = read_contents(dict(stage.labels))
    assert found is not None
    assert found.packages == ("torch:2.9", "vision")
    assert found.lineage == (("torch:2.9", "f" * 64), ("vision", stage.fingerprint))


def test_the_version_of_the_base_wins_where_the_requirements_allow_it(shelf):
    plan = planned(shelf, holding("torch:2.8"), "vision")
    assert plan.images[0].packages == ("torch:2.8", "vision")


def test_another_version_of_what_the_base_holds_is_an_error_that_names_both(shelf):
    with pytest.raises(BuilderError) as caught:
        planned(shelf, holding("torch:2.8"), "new")
    assert "mine:1 holds torch:2.8, but new requires torch>=2.9" in caught.value.what
    assert "--skip-packages torch" in caught.value.hint
    assert caught.value.where is not None
    with pytest.raises(BuilderError, match=r"holds torch:2\.8, but torch:2\.9 was asked for"):
        planned(shelf, holding("torch:2.8"), "torch:2.9")


def test_what_stands_in_conflict_with_the_base_is_an_error(shelf):
    with pytest.raises(BuilderError, match="does not fit to what the base image mine:1 holds"):
        planned(shelf, holding("solo"), "picky")


def test_an_error_that_the_base_has_no_part_in_stays_as_it_is(shelf):
    with pytest.raises(BuilderError) as caught:
        planned(shelf, holding("torch:2.8"), "visoin")
    assert "mine:1" not in str(caught.value)


@pytest.mark.parametrize("word", ["vision", "torch:2.9", "set"])
def test_a_base_that_holds_everything_leaves_nothing_to_build(shelf, word):
    plan = planned(shelf, holding("torch:2.9", "vision", "solo"), word)
    assert plan.stages == ()
    assert plan.final_stage(plan.images[0]) is None


def test_what_nothing_here_defines_counts_as_held_too(shelf):
    plan = planned(shelf, holding("torch:2.10", "forgotten:1"), "vision", "new")
    assert [stage.package for stage in plan.stages] == ["vision", "new"]
    assert plan.images[0].packages == ("torch:2.10", "forgotten:1", "vision", "new")


def test_files_from_a_held_package_are_taken_from_the_base(shelf, tmp_path):
    (tmp_path / "vision" / "Dockerfile").write_text(
        DOCKERFILE + "RUN --mount=type=bind,from=torch,target=/t true\n"
    )
    (stage,) = planned(shelf, holding("torch:2.9"), "vision").stages
    assert stage.contexts == (("torch", "docker-image://mine:1"),)


def test_tests_of_what_the_base_holds_run_in_the_new_image(shelf):
    shelf = replace(
        shelf, packages=tuple(replace(item, tests=("true",)) for item in shelf.packages)
    )
    (stage,) = planned(shelf, holding("torch:2.9"), "vision").stages
    assert [test.package for test in stage.tests] == ["torch:2.9", "vision"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"cuda": Version("12.8")}, "CUDA 12.8, not 13.0"),
        ({"distro": "debian", "release": "12"}, "distribution debian 12, not ubuntu 24.04"),
        ({"arch": "aarch64", "system": "sbsa"}, "architecture aarch64, not x86_64"),
        ({"l4t": Version("36.4")}, "L4T 36.4, not none"),
        ({"gpu_architectures": (75,)}, "no code for sm 80 86"),
    ],
)
def test_a_base_for_another_target_is_refused(shelf, change, told):
    base = BaseImage("mine:1", contents=Contents(replace(X86, **change), ("torch:2.9",)))
    with pytest.raises(TargetError, match=told):
        resolver_on(shelf, base)


GOOD = {
    labels.TARGET: json.dumps(X86.to_dict()),
    labels.PACKAGES: '["torch:2.9", "vision"]',
    labels.PLAN: '[["torch:2.9", "aa"], ["vision", "bb"]]',
    labels.FINGERPRINT: "bb",
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({labels.TARGET: "{"}, "target cannot be read"),
        ({labels.TARGET: "{}"}, "target cannot be read"),
        ({labels.PACKAGES: '{"torch": 1}'}, "packages cannot be read"),
        ({labels.PACKAGES: '["../x"]'}, "packages cannot be read"),
        ({labels.PACKAGES: '["torch:1", "torch:2"]'}, "names a package twice"),
        ({labels.PACKAGES: '["vision"]'}, "contradict each other"),
        ({labels.PLAN: "[1]"}, "plan cannot be read"),
        ({labels.FINGERPRINT: "cc"}, "contradict each other"),
        ({labels.PACKAGES: "[" * 100_000}, "packages cannot be read"),
    ],
)
def test_labels_that_lie_are_warned_of_and_the_base_counts_as_a_foreign_one(changed, told):
    said: list[str] = []
    image = ListedImage("mine:1", "local", labels={**GOOD, **changed})
    assert planned_base(X86, "mine:1", [image], said.append).contents is None
    assert told in said[0]
    assert said[0].startswith("warning: ")


def test_labels_are_found_under_every_way_to_write_a_reference():
    image = ListedImage("docker.io/library/mine:latest", "local", labels=GOOD)
    base = planned_base(X86, "mine", [image])
    assert base.contents == read_contents(GOOD)
    assert base.to_dict()["packages"] == ["torch:2.9", "vision"]
    assert planned_base(X86, "ubuntu:24.04", [image]).contents is None


def test_an_image_that_is_not_ours_holds_nothing_and_nothing_is_said():
    assert read_contents({"maintainer": "somebody"}) is None
