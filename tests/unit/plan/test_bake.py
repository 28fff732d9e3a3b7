"""Bake files: how stages are linked, named, kept, and what no bake file can hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jetson_containers.errors import BuilderError, UsageError
from jetson_containers.plan.bake import BakeOptions, bake_file, bake_text, target_name
from jetson_containers.plan.model import Plan
from jetson_containers.plan.output import UNKNOWN_EPOCH, epoch_of, source_date_epoch, stage_epochs
from jetson_containers.platform.named import named_target
from tests.golden.bake_files import plan

PLAN = plan("x86-cu130")
FIRST, SECOND, LAST = PLAN.stages


def _with(flags: tuple[str, ...] = (), device: str | None = None) -> Plan:
    """The plan with build flags at its last stage."""
    last = replace(LAST, build_flags=flags, device=device)
    return replace(PLAN, stages=(FIRST, SECOND, last))


def _last(document: dict) -> dict:
    return document["target"][target_name(LAST)]


def test_a_stage_finds_its_parent_under_the_name_that_its_dockerfile_is_given():
    found = bake_file([PLAN])["target"][target_name(SECOND)]
    assert found["args"]["BASE_IMAGE"] == FIRST.reference
    assert found["contexts"][FIRST.reference] == f"target:{target_name(FIRST)}"


def test_files_of_another_stage_come_from_its_target():
    assert _last(bake_file([PLAN]))["contexts"]["base-tools"] == f"target:{target_name(FIRST)}"


def test_labels_are_those_of_the_plan():
    assert _last(bake_file([PLAN]))["labels"] == dict(LAST.labels)


def test_equal_plans_are_one_file_to_the_byte():
    assert bake_text([PLAN]) == bake_text([plan("x86-cu130"), PLAN])


def test_images_are_groups_and_all_of_them_the_default():
    document = bake_file([PLAN, plan("orin-jp62")])
    assert document["group"]["default"]["targets"] == ["engine-x86-cu130", "engine-orin-jp62"]
    assert document["group"]["engine-x86-cu130"]["targets"] == [
        target_name(stage) for stage in PLAN.stages
    ]


def test_images_of_one_name_and_target_are_told_apart_by_their_tags():
    other = replace(PLAN, images=(replace(PLAN.images[0], reference="engine:mine"),))
    assert bake_file([PLAN, other])["group"]["default"]["targets"] == [
        "engine-amd64-cu130-24_04",
        "engine-mine",
    ]


def test_a_group_never_has_the_name_of_a_target():
    named = replace(PLAN.images[0], reference=f"{target_name(LAST)}:1")
    groups = bake_file([replace(PLAN, images=(named,))])["group"]
    assert groups["default"]["targets"] == [f"{target_name(LAST)}-2"]


def test_an_image_that_its_base_holds_whole_needs_no_target():
    whole = replace(PLAN, stages=(), images=(replace(PLAN.images[0], stages=()),))
    assert bake_file([whole]) == {"group": {"default": {"targets": []}}, "target": {}}


def test_stages_that_are_there_are_left_out_and_taken_from_the_store():
    document = bake_file([PLAN], BakeOptions(only={LAST.id}))
    assert list(document["target"]) == [target_name(LAST)]
    assert "contexts" in _last(document)
    assert _last(document)["contexts"] == {"base-tools": f"docker-image://{FIRST.reference}"}


def test_with_a_registry_nothing_but_images_leaves_the_builder():
    document = bake_file([PLAN], BakeOptions(registry="host/ns"))
    assert _last(document)["tags"] == ["host/ns/engine:amd64-cu130-24.04"]
    assert _last(document)["output"][0].endswith(",push=true")
    between = document["target"][target_name(SECOND)]
    assert "tags" not in between
    assert between["output"] == ["type=cacheonly"]


def test_stages_go_to_their_own_registry_under_their_fingerprint():
    document = bake_file([PLAN], BakeOptions(stage_registry="host/ns/"))
    assert _last(document)["tags"] == [f"host/ns/engine:{LAST.fingerprint[:16]}"]


@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        (("--network=host",), "network", "host"),
        (("--network", "host"), "network", "host"),
        (("--no-cache",), "no-cache", True),
        (("--pull=false",), "pull", False),
        (("--ulimit", "nofile=1", "--ulimit=core=0"), "ulimits", ["nofile=1", "core=0"]),
    ],
)
def test_build_flags_become_fields(flags, field, value):
    assert _last(bake_file([_with(flags)]))[field] == value


def test_arguments_and_labels_among_the_flags_win():
    flags = ("--build-arg", "BASE_IMAGE=mine", "--label=a=b", "--tag", "more:1")
    found = _last(bake_file([_with(flags)]))
    assert found["args"]["BASE_IMAGE"] == "mine"
    assert found["labels"]["a"] == "b"
    assert found["tags"][-1] == "more:1"


def test_what_a_bake_file_has_no_field_for_is_refused_with_all_of_it():
    with pytest.raises(BuilderError) as caught:
        bake_file([_with(("--cgroup-parent=x", "--isolation=y"), "nvidia.com/gpu=all")])
    told = str(caught.value)
    assert "--device nvidia.com/gpu=all" in told
    assert "--cgroup-parent=x" in told
    assert "--isolation=y" in told


def test_the_time_of_a_reproducible_image_is_its_distributions_unless_one_is_given():
    own = _last(bake_file([PLAN], BakeOptions(epochs=stage_epochs([PLAN], None))))
    assert own["args"]["SOURCE_DATE_EPOCH"] == "1714003200"  # 2024-04-25, Ubuntu 24.04
    assert own["output"][0].endswith("rewrite-timestamp=true,unpack=false")
    given = _last(bake_file([PLAN], BakeOptions(epochs=stage_epochs([PLAN], 0))))
    assert given["args"]["SOURCE_DATE_EPOCH"] == "0"


def test_a_distribution_that_no_table_knows_has_a_time_too():
    assert source_date_epoch(replace(named_target("x86-cu130"), distro="alpine")) == UNKNOWN_EPOCH


def test_the_environments_time_is_a_number_of_seconds_or_refused():
    assert epoch_of({"SOURCE_DATE_EPOCH": "17"}) == 17
    assert epoch_of({}) is None
    for text in ("yesterday", "-1", "1.5", "٣"):
        with pytest.raises(UsageError):
            epoch_of({"SOURCE_DATE_EPOCH": text})
