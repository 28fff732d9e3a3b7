"""Targets by name, and the tables of docs/targets.md."""

from pathlib import Path

import pytest

from jetson_containers.errors import TargetError
from jetson_containers.platform.distro import distributions
from jetson_containers.platform.named import cut_architectures, named_target, named_targets
from jetson_containers.platform.target import Target

DOCS = Path(__file__).parents[3] / "docs" / "targets.md"

#: name -> system, L4T, JetPack, CUDA, release, Python, GPU architectures, base image
EXPECTED = {
    "orin-jp62": "tegra 36.4.3 6.2 12.6 22.04 3.10 87 ubuntu:22.04",
    "orin-jp61": "tegra 36.4.0 6.1 12.6 22.04 3.10 87 ubuntu:22.04",
    "orin-jp60": "tegra 36.3.0 6.0 12.2 22.04 3.10 87 ubuntu:22.04",
    "xavier-jp5": "tegra 35.6.4 5.1.6 11.4 20.04 3.8 72 nvcr.io/nvidia/l4t-jetpack:r35.4.1",
    "orin-jp5": "tegra 35.6.4 5.1.6 11.4 20.04 3.8 87 nvcr.io/nvidia/l4t-jetpack:r35.4.1",
    "nano-jp46": "tegra 32.7.6 4.6.6 10.2 18.04 3.6 53 nvcr.io/nvidia/l4t-base:r32.7.1",
    "thor-jp70": "sbsa 38.2.0 7.0 13.0 24.04 3.12 110 ubuntu:24.04",
    "thor-jp71": "sbsa 38.4.0 7.1 13.0 24.04 3.12 110 ubuntu:24.04",
    "orin-jp72": "sbsa 39.2.0 7.2 13.2 24.04 3.12 87 ubuntu:24.04",
    "thor-jp72": "sbsa 39.2.0 7.2 13.2 24.04 3.12 110 ubuntu:24.04",
    "sbsa-cu128": "sbsa - - 12.8 24.04 3.12 80,90,100,120 ubuntu:24.04",
    "sbsa-cu129": "sbsa - - 12.9 24.04 3.12 80,90,100,103,120,121 ubuntu:24.04",
    "sbsa-cu130": "sbsa - - 13.0 24.04 3.12 80,90,100,103,110,120,121 ubuntu:24.04",
    "x86-cu128": "x86_64 - - 12.8 24.04 3.12 75,80,86,89,90,100,120 ubuntu:24.04",
    "x86-cu129": "x86_64 - - 12.9 24.04 3.12 75,80,86,89,90,100,103,120 ubuntu:24.04",
    "x86-cu130": "x86_64 - - 13.0 24.04 3.12 75,80,86,89,90,100,103,120 ubuntu:24.04",
}


def cells(target: Target) -> list[str]:
    gpus = ",".join(map(str, target.gpu_architectures))
    values = (target.system, target.l4t, target.jetpack, target.cuda, target.release)
    return [str(v or "-") for v in (*values, target.python, gpus, target.base_image)]


def test_every_named_target() -> None:
    assert {t.name: " ".join(cells(t)) for t in named_targets()} == EXPECTED


def test_the_guide_lists_the_same() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for target in named_targets():
        system, l4t, jetpack, cuda, release, python, gpus, base = cells(target)
        where = f"{target.distro} {release}"
        row = (f"`{target.name}`", system, l4t, jetpack, cuda, where, python, gpus, f"`{base}`")
        assert "| " + " | ".join(row) + " |" in text


def test_the_guide_lists_the_pythons() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for item in distributions():
        own = ", ".join(str(v) for v, how in item.pythons.items() if how == "own")
        more = ", ".join(str(v) for v, how in item.pythons.items() if how == "deadsnakes") or "-"
        row = (f"{item.id} {item.release}", item.codename, str(item.python), own, more)
        assert "| " + " | ".join(row) + " |" in text


@pytest.mark.parametrize("name", EXPECTED)
def test_serialises(name: str) -> None:
    target = named_target(name)
    assert Target.from_dict(target.to_dict()) == target


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(TargetError) as caught:
        named_target("orin-jp63")
    assert "orin-jp62" in caught.value.hint


@pytest.mark.parametrize("name", ["x86-cu130+", "x86-cu130+wat", "x86-cu130+py311+py312"])
def test_a_wrong_part_is_named(name: str) -> None:
    with pytest.raises(TargetError, match="in target"):
        named_target(name)


def test_an_impossible_name_is_refused() -> None:
    with pytest.raises(TargetError, match=r"no CUDA 13\.0 for L4T 35\.6\.4"):
        named_target("orin-jp5+cu130")


def test_cut_architectures_are_reported() -> None:
    assert [number for number, _ in cut_architectures(named_target("sbsa-cu129"))] == [87, 110]
    assert cut_architectures(named_target("x86-cu130")) == ()
