"""Which stages keep apart what they compile, and what its key stands for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Package
from jetson_containers.plan.dockerfile import read_dockerfile
from jetson_containers.plan.model import BaseImage, Plan
from jetson_containers.plan.planner import make_plan
from jetson_containers.platform.target import Target
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import X86, package

BASE = BaseImage("debian:12", "sha256:" + "0" * 64, "local")
PLAIN = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n"
KEPT = (
    "ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS compile\nRUN make\n"
    "FROM scratch AS wheels\nCOPY --from=compile /wheels /\n"
    "FROM ${BASE_IMAGE}\nRUN --mount=type=bind,from=wheels,target=/wheels true\n"
)


@pytest.fixture
def planned(tmp_path: Path):
    """Write packages (line -> Dockerfile, ``None`` for one that only collects) and plan them."""

    def plan(definitions: dict[str, str | None], *words: str, target: Target = X86) -> Plan:
        packages: list[Package] = []
        for line, text in definitions.items():
            item = package(line, tmp_path, dockerfile=None if text is None else "Dockerfile")
            item.path.mkdir(exist_ok=True)
            (item.path / "Dockerfile").write_text(text or "")
            packages.append(item)
        shelf = Catalogue(target=target, packages=tuple(packages))
        return make_plan([resolve(shelf, [parse_requirement(word) for word in words])], BASE)

    return plan


def key(plan: Plan, name: str) -> str | None:
    return next(stage.artifact for stage in plan.stages if stage.package == name)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (("", ""), True),
        (("AS wheels", "as Wheels"), True),
        (("scratch AS wheels", "compile AS wheels"), False),
        (("wheels", "tools"), False),
    ],
)
def test_a_stage_from_scratch_that_is_called_wheels_is_kept(change, kept):
    facts = read_dockerfile(KEPT.replace(*change).encode())
    assert facts.artifact is kept
    assert facts.layers == 1, "layers of other stages are none of the image"


def test_a_plan_tells_the_key_where_there_is_one(planned):
    plan = planned({"plain": PLAIN, "kept plain": KEPT}, "kept")
    plain, kept = (stage.to_dict() for stage in plan.stages)
    assert "artifact" not in plain
    assert kept["artifact"] == key(plan, "kept")


def test_what_stands_before_it_without_being_needed_changes_the_stage_and_not_the_key(planned):
    tree = {"lib": PLAIN, "other": PLAIN, "kept lib": KEPT}
    alone, beside = planned(tree, "kept"), planned(tree, "kept", "other")
    assert alone.stages[-1].fingerprint != beside.stages[-1].fingerprint
    assert key(alone, "kept") == key(beside, "kept") is not None


def test_a_package_that_only_collects_stands_for_what_it_collects(planned):
    tree: dict[str, str | None] = {"lib": PLAIN, "all lib": None, "kept all": KEPT}
    before = key(planned(tree, "kept"), "kept")
    tree["lib"] = PLAIN.replace("true", "echo")
    assert key(planned(tree, "kept"), "kept") != before


def test_a_stage_that_files_are_taken_from_counts_by_its_key(planned):
    taking = KEPT.replace("RUN make", "COPY --from=lib /lib /lib")
    tree = {"lib": PLAIN, "other": PLAIN, "kept lib": taking, "low": PLAIN}
    alone = key(planned(tree, "kept"), "kept")
    assert key(planned(tree, "kept", "other", "low"), "kept") == alone
    tree["lib"] = PLAIN.replace("true", "echo")
    assert key(planned(tree, "kept"), "kept") != alone


def test_the_name_of_a_target_does_not_count_and_its_gpus_do(planned):
    named = key(planned({"kept": KEPT}, "kept"), "kept")
    renamed = replace(X86, name="host")
    assert key(planned({"kept": KEPT}, "kept", target=renamed), "kept") == named
    fewer = replace(X86, gpu_architectures=X86.gpu_architectures[:1])
    assert key(planned({"kept": KEPT}, "kept", target=fewer), "kept") != named
