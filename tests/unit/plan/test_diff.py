"""Two plans compared: what is built again, and because of which input."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.cli.plan_diff import render
from jetson_containers.errors import UsageError
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.diff import PlanDiff, diff
from jetson_containers.plan.model import BaseImage, Plan
from jetson_containers.plan.options import PlanOptions
from jetson_containers.plan.outline import outline, read_outline
from jetson_containers.plan.planner import make_plan
from jetson_containers.platform.named import named_target
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import package

BASE = BaseImage("ubuntu:24.04", "sha256:" + "0" * 64, "local")
BODY = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG SPEED\nCOPY a /a\nRUN true\n"
#: a chain lib -> mid -> app
CHAIN = ("lib:1.0*", "mid:1.0* lib", "app:1.0* mid")


@pytest.fixture
def plan(tmp_path: Path):
    """Plan packages written one a line, all with the same Dockerfile; a list is one image."""

    def make(
        *lines: str,
        wanted: tuple[str, ...] = ("app",),
        base: BaseImage = BASE,
        target: str = "x86-cu130",
        options: PlanOptions | None = None,
    ) -> Plan:
        packages = []
        for line in lines:
            item = package(line.removesuffix(" meta"), tmp_path)
            if line.endswith(" meta"):
                item = package(line.removesuffix(" meta"), tmp_path, dockerfile=None)
            item.path.mkdir(exist_ok=True)
            for name, text in (("Dockerfile", BODY), ("a", "1")):
                if not (item.path / name).exists():
                    (item.path / name).write_text(text)
            packages.append(item)
        shelf = Catalogue(target=named_target(target), packages=tuple(packages))
        chains = [resolve(shelf, [parse_requirement(word)]) for word in wanted]
        return make_plan(chains, base, options)

    return make


def compare(old: Plan, new: Plan) -> PlanDiff:
    """As the command does: the old one comes from a file."""
    return diff(read_outline(old.to_json(), "old.json"), outline(new.to_dict()))


def changed(found: PlanDiff) -> dict[str, list[str]]:
    """Package -> kind and the names of the inputs."""
    return {
        change.package: [
            change.kind,
            *(f"{item.name} {item.subject}".strip() for item in change.because),
        ]
        for image in found.images
        for change in image.changes
    }


def test_a_plan_and_itself_are_equal(plan):
    found = compare(plan(*CHAIN), plan(*CHAIN))
    assert found.equal
    assert [(image.shared, image.stages) for image in found.images] == [(3, 3)]
    assert render(found) == "nothing changed\n"


def test_a_changed_file_rebuilds_its_stage_and_those_above(plan, tmp_path):
    old = plan(*CHAIN)
    (tmp_path / "mid" / "a").write_text("2")
    found = compare(old, plan(*CHAIN))
    assert changed(found) == {"mid": ["rebuilt", "file a"], "app": ["rebuilt", "parent mid"]}
    assert found.images[0].shared == 1
    assert render(found).splitlines() == [
        "image   app:1.0-amd64-cu130-24.04",
        "  ~ mid:1.0 rebuilt",
        "      file a: changed",
        "  ~ 1 rebuilt only because of this: app",
        "  = 1 of 3 stages stay",
    ]


def test_stages_that_are_rebuilt_for_the_same_reason_stand_together(plan, tmp_path):
    for name in ("one", "two", "app"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(BODY + "RUN --mount=from=kit,target=/k true\n")
    lines = ("kit meta", "one kit", "two one kit", "app:1.0* two kit")
    old = plan(*lines)
    (tmp_path / "kit" / "a").write_text("2")
    found = compare(old, plan(*lines))
    assert changed(found)["app"] == ["rebuilt", "parent two", "file kit/a"]
    assert render(found).splitlines()[1:] == [
        "  ~ 3 rebuilt: one two app:1.0",
        "      file kit/a: changed",
        "  = 0 of 3 stages stay",
    ]


def test_a_changed_dockerfile_is_named(plan, tmp_path):
    old = plan(*CHAIN)
    (tmp_path / "app" / "Dockerfile").write_text(BODY + "RUN false\n")
    found = compare(old, plan(*CHAIN))
    assert changed(found) == {"app": ["rebuilt", f"dockerfile {tmp_path.name}/app/Dockerfile"]}


def test_build_arguments_come_with_their_values(plan):
    new = plan(*CHAIN, options=PlanOptions(build_args={"SPEED": "9"}))
    text = render(compare(plan(*CHAIN), new))
    assert "      build argument SPEED: nothing -> 9\n" in text


def test_another_base_is_said_once_and_rebuilds_everything(plan):
    found = compare(plan(*CHAIN), plan(*CHAIN, base=BaseImage("debian:12")))
    assert found.base is not None and found.base.after == "debian:12"
    assert changed(found)["lib"] == ["rebuilt", "base"]
    assert found.images[0].shared == 0


def test_another_target_says_what_of_it_changed(plan):
    found = compare(plan(*CHAIN), plan(*CHAIN, target="x86-cu129"))
    assert [item.subject for item in found.target] == ["cuda", "name"]
    assert changed(found)["lib"] == ["rebuilt", "target"]
    assert found.images[0].before == "app:1.0-amd64-cu130-24.04"
    assert found.images[0].after == "app:1.0-amd64-cu129-24.04"


def test_a_stage_more_changes_the_order_above_it(plan):
    found = compare(plan(*CHAIN), plan("lib:1.0*", "mid:1.0* lib", "new mid", "app:1.0* mid new"))
    assert changed(found) == {"new": ["added"], "app": ["rebuilt", "order"]}
    assert "      stands on new instead of mid:1.0\n" in render(found)


def test_a_stage_less_is_named(plan):
    found = compare(plan(*CHAIN), plan("lib:1.0*", "app:1.0* lib"))
    assert changed(found) == {"app": ["rebuilt", "order"], "mid": ["removed"]}
    assert "  - mid:1.0 removed\n" in render(found)


def test_another_version_is_a_rebuild_of_the_same_stage(plan):
    found = compare(plan("app:1.0*"), plan("app:1.1*"))
    assert changed(found) == {"app": ["rebuilt", "version"]}
    assert "  ~ app:1.1 rebuilt\n      version: 1.0 -> 1.1\n" in render(found)


def test_a_package_without_a_stage_counts_where_it_is_collected(plan):
    found = compare(plan("app:1.0*"), plan("extra meta", "app:1.0* extra"))
    assert changed(found) == {"app": ["rebuilt", "packages"]}


def test_two_packages_that_change_places_are_reordered(plan):
    users = ("u1 b", "u2 b", "u3 a")
    old = plan("a", "b", *users, "app:1.0* a b")
    new = plan("a", "b", *users, "u4 a", "u5 a", "app:1.0* a b")
    found = compare(old, new)
    assert found.images[0].reordered
    assert changed(found)["a"][:2] == ["rebuilt", "order"]


def test_images_that_come_and_go_are_named(plan):
    old = plan(*CHAIN, wanted=("lib", "app"))
    found = compare(old, plan(*CHAIN, wanted=("app", "mid")))
    assert (found.added, found.removed) == (
        ("mid:1.0-amd64-cu130-24.04",),
        ("lib:1.0-amd64-cu130-24.04",),
    )
    assert not found.equal and all(image.equal for image in found.images)


def test_a_plan_without_digests_says_that_it_cannot_tell(plan, tmp_path):
    document = plan("app").to_dict()
    for stage in document["stages"]:
        del stage["inputs"]
    (tmp_path / "app" / "a").write_text("2")
    found = diff(outline(document), outline(plan("app").to_dict()))
    assert changed(found) == {"app": ["rebuilt", "unrecorded"]}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "this is no JSON"),
        ("[" * 100_000, "this is no JSON"),
        ("[]", "this is no plan"),
        ('{"format": 1, "stages": 3}', "this is no plan"),
        ('{"format": 7}', "this plan has format 7, the newest that is known here is 1"),
    ],
)
def test_what_is_no_plan_is_one_error_with_the_file(text, what):
    with pytest.raises(UsageError) as raised:
        read_outline(text, "old.json")
    assert raised.value.what == what
    assert str(raised.value.where) == "old.json"


def test_an_image_is_known_again_when_only_its_tag_changed(plan):
    old = plan("app:1.0*", options=PlanOptions(name="host:5000/me/app:one"))
    new = plan("app:1.0*", options=PlanOptions(name="host:5000/me/app:two"))
    found = compare(old, new)
    assert [(image.before, image.after) for image in found.images] == [
        ("host:5000/me/app:one", "host:5000/me/app:two")
    ]
    assert found.images[0].shared == 1 and not found.equal
