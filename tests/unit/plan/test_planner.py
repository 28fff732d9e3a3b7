"""Stages, images, labels and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jetson_containers.errors import BuilderError, Problems, UsageError
from jetson_containers.image import labels
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.model import BaseImage
from jetson_containers.plan.options import PlanOptions
from jetson_containers.plan.planner import OnFault, make_plan
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import X86, package

BASE = BaseImage("ubuntu:24.04", "sha256:" + "0" * 64, "local")
PLAIN = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n"


@pytest.fixture
def tree(tmp_path: Path):
    """Write packages (``line -> Dockerfile``, ``None`` for a meta package) and plan them."""

    def plan(
        definitions: dict[str, str | None],
        *words: str,
        options: PlanOptions | None = None,
        multiple: bool = False,
        on_fault: OnFault | None = None,
        **more: object,
    ):
        packages = []
        for line, dockerfile in definitions.items():
            item = package(
                line, tmp_path, dockerfile=None if dockerfile is None else "Dockerfile", **more
            )
            item.path.mkdir(exist_ok=True)
            if dockerfile:
                (item.path / "Dockerfile").write_text(dockerfile)
            packages.append(item)
        shelf = Catalogue(target=X86, packages=tuple(packages))
        wanted = [parse_requirement(word) for word in words]
        groups = [[item] for item in wanted] if multiple else [wanted]
        return make_plan([resolve(shelf, group) for group in groups], BASE, options, on_fault)

    return plan


def test_stages_are_chained_labelled_and_tagged(tree):
    plan = tree({"lib:1.0*": PLAIN, "app:2.0* lib": PLAIN}, "app")
    first, second = plan.stages
    assert (first.parent, first.base) == (None, "ubuntu:24.04")
    assert (second.parent, second.base) == (first.id, first.reference)
    assert second.reference == f"jetson-stage/app:{second.fingerprint[:16]}"
    assert plan.images[0].reference == "app:2.0-amd64-cu130-24.04"
    found = labels.read_labels(dict(second.labels))
    assert found is not None
    assert found.target == X86
    assert found.packages == ("lib:1.0", "app:2.0")
    assert found.fingerprint == second.fingerprint
    lineage = json.loads(dict(second.labels)[labels.PLAN])
    assert lineage == [["lib:1.0", first.fingerprint], ["app:2.0", second.fingerprint]]


def test_equal_steps_of_other_packages_are_other_stages(tree):
    plan = tree({"one": PLAIN, "two": PLAIN}, "one", "two", multiple=True)
    first, second = plan.stages
    assert first.fingerprint != second.fingerprint, "their labels differ, so do their images"


def test_images_that_share_packages_share_stages(tree):
    plan = tree(
        {"lib": PLAIN, "one lib": PLAIN, "two lib": PLAIN}, "one", "two", multiple=True
    )
    assert [stage.package for stage in plan.stages] == ["lib", "one", "two"]
    assert [len(image.stages) for image in plan.images] == [2, 2]


def test_a_meta_package_adds_its_name_and_its_tests_but_no_stage(tree):
    plan = tree({"lib": PLAIN, "all lib": None}, "all", tests=("test.sh",))
    assert [stage.package for stage in plan.stages] == ["lib"]
    assert plan.images[0].packages == ("lib", "all")
    assert [test.package for test in plan.stages[0].tests] == ["lib", "all"]


def test_an_image_says_every_package_of_it_whatever_its_order(tree):
    definitions = {"lib": PLAIN, "app lib": PLAIN, "all app": None, "meta": None}
    last = tree(definitions, "all", "meta").stages[-1]
    told = labels.read_labels(dict(last.labels))
    assert told is not None
    assert sorted(told.packages) == ["all", "app", "lib", "meta"]
    alone = tree(definitions, "app").stages[-1]
    assert alone.fingerprint != last.fingerprint, "their labels differ, so do their images"


def test_images_that_share_all_stages_keep_their_own_tests(tree):
    definitions = {"lib": PLAIN, "all lib": None}
    plan = tree(definitions, "lib", "all", multiple=True, tests=("test.sh",))
    last = [plan.stage(image.stages[-1]) for image in plan.images]
    tested = [[test.package for test in stage.tests] for stage in last]
    assert tested == [["lib"], ["lib", "all"]]


def test_a_request_without_any_stage_is_refused(tree):
    with pytest.raises(BuilderError, match="there is nothing to build in meta"):
        tree({"meta": None}, "meta")


@pytest.mark.parametrize("name", ["My/LLM", "foo bar", "a:b:c", "x/", ":tag", "host:port/x"])
def test_a_name_that_no_engine_takes_is_refused_before_anything_is_built(tree, name):
    if name == "x/":
        assert tree({"app": PLAIN}, "app", options=PlanOptions(name=name)).images
        return
    with pytest.raises(BuilderError, match="is no name for an image"):
        tree({"app": PLAIN}, "app", options=PlanOptions(name=name))


def test_job_counts_do_not_change_the_fingerprint(tree):
    steps = {"app": PLAIN + "ARG MAX_JOBS\n"}
    plain = tree(steps, "app").stages[0]
    told = tree(steps, "app", options=PlanOptions(build_args={"MAX_JOBS": "1"})).stages[0]
    assert told.fingerprint == plain.fingerprint
    assert dict(told.build_args) == {"MAX_JOBS": "1"}


def test_a_meta_package_can_be_mounted_by_name(tree, tmp_path):
    mounting = PLAIN + "RUN --mount=type=bind,from=wheels,target=/w /w/install\n"
    definitions = {"wheels": None, "app wheels": mounting}
    tree(definitions, "app")
    (tmp_path / "wheels" / "install").write_text("echo")
    before = tree(definitions, "app").stages[0]
    assert before.contexts == (("wheels", str(tmp_path / "wheels")),)
    (tmp_path / "wheels" / "install").write_text("echo 2")
    assert tree(definitions, "app").stages[0].fingerprint != before.fingerprint


def test_a_stage_can_take_files_from_another_stage(tree):
    plan = tree(
        {"wheels": PLAIN, "app wheels": PLAIN + "COPY --from=wheels /x /y\n"}, "app"
    )
    first, second = plan.stages
    assert second.contexts == (("wheels", f"docker-image://{first.reference}"),)


def test_tests_become_argument_lists(tree):
    plan = tree({"app": PLAIN}, "app", tests=("test.py --fast", "check.sh", "python3 -c 'x y'"))
    assert [test.argv for test in plan.stages[0].tests] == [
        ("python3", "/test/test.py", "--fast"),
        ("bash", "/test/check.sh"),
        ("sh", "-c", "python3 -c 'x y'"),
    ]


@pytest.mark.parametrize(
    ("options", "tested"),
    [
        (PlanOptions(skip_tests=("all",)), []),
        (PlanOptions(skip_tests=("li*",)), ["app"]),
        (PlanOptions(only_tests=("lib",)), ["lib"]),
        (PlanOptions(), ["lib", "app"]),
    ],
)
def test_which_tests_are_planned(tree, options, tested):
    plan = tree({"lib": PLAIN, "app lib": PLAIN}, "app", options=options, tests=("test.sh",))
    assert [test.package for stage in plan.stages for test in stage.tests] == tested


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("", "app:2.0-amd64-cu130-24.04"),
        ("my/app", "my/app:2.0-amd64-cu130-24.04"),
        ("my/app:latest", "my/app:latest"),
        ("my/", "my/app:2.0-amd64-cu130-24.04"),
        ("host:5000/app", "host:5000/app:2.0-amd64-cu130-24.04"),
    ],
)
def test_the_name_of_the_image(tree, name, reference):
    plan = tree({"app:2.0*": PLAIN}, "app", options=PlanOptions(name=name))
    assert plan.images[0].reference == reference


def test_base_image_has_to_be_declared(tree):
    with pytest.raises(BuilderError, match="does not build on BASE_IMAGE"):
        tree({"app": "FROM ${BASE_IMAGE}\n"}, "app")


def test_all_faults_are_told_in_one_go(tree):
    with pytest.raises(Problems) as caught:
        tree(
            {"gone": "", "fixed gone": "FROM debian:12\n", "app fixed": PLAIN},
            "app",
            options=PlanOptions(build_args={"NOBODY": "1"}),
        )
    told = [str(error) for error in caught.value.errors]
    assert len(told) == 3
    assert "the Dockerfile of gone cannot be read: No such file or directory" in told[0]
    assert "the Dockerfile of fixed does not build on BASE_IMAGE" in told[1]
    assert "no Dockerfile of this plan declares the build argument NOBODY" in told[2]


def test_an_image_with_faults_may_cost_only_itself(tree):
    told: list[str] = []
    plan = tree(
        {"lib": PLAIN, "gone lib": "", "app lib": PLAIN},
        "gone",
        "app",
        multiple=True,
        on_fault=lambda resolution, error: told.append(f"{resolution.request[0]}: {error.what}"),
    )
    assert [image.reference for image in plan.images] == ["app:amd64-cu130-24.04"]
    assert [stage.package for stage in plan.stages] == ["lib", "app"]
    assert len(told) == 1
    assert told[0].startswith("gone: the Dockerfile of gone cannot be read")


def test_an_image_has_the_stages_that_it_has_when_planned_alone(tree):
    shared = {
        "lib": PLAIN,
        "index": None,
        "user lib index": PLAIN + "RUN --mount=type=bind,from=index,target=/i true\n",
        "app lib": PLAIN,
        "both user app": PLAIN,
        "last app user index": PLAIN,
    }
    words = ("lib", "user", "app", "both", "last")
    together = tree(shared, *words, multiple=True)
    for word, image in zip(words, together.images, strict=True):
        alone = tree(shared, word)
        assert image.stages == tuple(stage.id for stage in alone.stages)
        for stage in alone.stages:
            assert stage == replace(together.stage(stage.id), reason=stage.reason)


def test_images_that_would_have_one_name_are_refused(tree):
    with pytest.raises(UsageError, match="the images of one and two would both be named mine:1"):
        tree(
            {"one": PLAIN, "two": PLAIN}, "one", "two", multiple=True,
            options=PlanOptions(name="mine:1"),
        )  # fmt: skip


def test_one_image_asked_for_twice_is_planned_once(tree):
    plan = tree({"one:1*": PLAIN}, "one", "one:1", "one>=1", multiple=True)
    assert len(plan.images) == 1


def test_too_many_layers_are_refused(tree):
    with pytest.raises(BuilderError, match="128 layers, engines allow 127"):
        tree({"app": PLAIN + "RUN true\n" * 127}, "app")


@pytest.mark.parametrize(("device", "expected"), [(None, "a/b=c"), ("", None), ("x/y=z", "x/y=z")])
def test_a_request_replaces_the_device_of_a_package(tree, device, expected):
    plan = tree({"app": PLAIN}, "app", options=PlanOptions(device=device), buildkit_device="a/b=c")
    assert plan.stages[0].device == expected
