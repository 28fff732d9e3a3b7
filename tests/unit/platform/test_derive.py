"""Overrides, the ecosystem's names for them, and what is refused."""

import pytest

from jetson_containers.errors import Problems, TargetError
from jetson_containers.platform.derive import Overrides, derive
from jetson_containers.platform.named import named_target
from jetson_containers.platform.nearest import ImpossibleTarget
from jetson_containers.platform.settings import overrides_from_settings, target_from_settings

#: base, overrides -> canonical name
DERIVED = [
    ("x86-cu130", Overrides(), "x86-cu130"),
    ("x86-cu130", Overrides(distro="debian:12", python="3.11"), "x86-cu130+debian12"),
    ("x86-cu130", Overrides(distro="ubuntu:22.04"), "x86-cu130+ubuntu22.04"),
    ("x86-cu130", Overrides(distro="22.04", python="3.12"), "x86-cu130+ubuntu22.04+py312"),
    ("x86-cu130", Overrides(cuda="cu129"), "x86-cu129"),
    ("x86-cu128", Overrides(cuda="130"), "x86-cu130"),
    ("x86-cu130", Overrides(cuda="12.6"), "x86-cu128+cu126"),
    ("x86-cu130", Overrides(arch="amd64"), "x86-cu130"),
    ("x86-cu130", Overrides(gpu_architectures=(89, 80, 89)), "x86-cu130+sm80.89"),
    ("x86-cu130+debian12", Overrides(cuda="12.9"), "x86-cu129+debian12"),
    ("orin-jp62", Overrides(l4t="r36.3.0"), "orin-jp60"),
    ("orin-jp62", Overrides(l4t="36.4.7"), "orin-jp62+r36.4.7"),
    ("orin-jp62", Overrides(l4t="36.4.5"), "orin-jp62+r36.4.5"),
    ("orin-jp62", Overrides(cuda="12.8", distro="24.04"), "orin-jp62+cu128+ubuntu24.04"),
    ("orin-jp5", Overrides(l4t="35.4.1", cuda="12.2"), "orin-jp5+r35.4.1+cu122"),
    ("orin-jp5", Overrides(python="3.10"), "orin-jp5+py310"),
    ("xavier-jp5", Overrides(l4t="32.7.1"), "xavier-jp5+r32.7.1"),
    ("thor-jp70", Overrides(l4t="38.4"), "thor-jp71"),
    ("sbsa-cu130", Overrides(arch="arm64", cuda="13.2"), "sbsa-cu130+cu132"),
]

#: base, overrides -> every reason (a part of it), nearest possible target
REFUSED = [
    ("x86-cu130", Overrides(distro="ubuntu:18.04", python="3.14"),
     ["CUDA 13.0 cannot be had on ubuntu:18.04", "Python 3.14 cannot be had on ubuntu:18.04"],
     "x86-cu130+py314"),
    ("orin-jp5", Overrides(cuda="13.0"), ["no CUDA 13.0 for L4T 35.6.4"], "orin-jp5+cu122"),
    ("nano-jp46", Overrides(cuda="11.4"), ["no CUDA 11.4 for L4T 32.7.6"], "nano-jp46"),
    ("x86-cu130", Overrides(l4t="36.4.3"), ["no Jetson and has no L4T"], "orin-jp62"),
    ("x86-cu130", Overrides(arch="aarch64"), ["target of x86_64 machines"], "sbsa-cu130"),
    ("x86-cu128", Overrides(gpu_architectures=(103,)), ["does not know sm_103"], "x86-cu129+sm103"),
    ("x86-cu130", Overrides(gpu_architectures=(70,)), ["no longer knows sm_70"], "x86-cu129+sm70"),
    ("x86-cu130", Overrides(gpu_architectures=(110,)), ["integrated GPU"], "x86-cu130"),
    ("orin-jp62", Overrides(gpu_architectures=(90,)), ["does not run on sm_90"], "orin-jp62"),
    ("orin-jp62", Overrides(distro="20.04"), ["goes with ubuntu:22.04 or"], "orin-jp5"),
    ("orin-jp62", Overrides(distro="24.04"), ["CUDA 12.6 cannot be had on ubuntu:24.04"],
     "orin-jp62+cu128+ubuntu24.04"),
    ("orin-jp5", Overrides(distro="22.04"), ["goes with ubuntu:20.04"], "orin-jp60"),
    ("orin-jp62", Overrides(l4t="38.4.0"), ["does not run on sm_87 of Jetson Orin"], "thor-jp71"),
    ("orin-jp62", Overrides(l4t="41.0"), ["major version 41, which is not"], "orin-jp72"),
    ("orin-jp72", Overrides(cuda="13.0"), ["does not know sm_87"], "orin-jp72"),
    ("x86-cu130", Overrides(distro="debian:12", python="3.12"),
     ["Python 3.12 cannot be had on debian:12"], "x86-cu130"),
    ("x86-cu130", Overrides(cuda="14.7", distro="fedora:40", python="3.20"),
     ["CUDA 14.7 is not in the table", "fedora:40 is not in the table"],
     "x86-cu130+cu132+py314"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "overrides", "name"), DERIVED)
def test_derived(base: str, overrides: Overrides, name: str) -> None:
    target = derive(named_target(base), overrides)
    assert target.name == name
    assert named_target(name) == target


def test_values_of_a_derived_target() -> None:
    target = derive(named_target("x86-cu130"), Overrides(distro="debian:12", python="3.11"))
    assert (target.distro, target.release, str(target.python)) == ("debian", "12", "3.11")
    assert target.base_image == "debian:12"
    assert target.ubuntu is None


def test_an_unlisted_l4t_is_marked() -> None:
    target = derive(named_target("orin-jp62"), Overrides(l4t="36.4.5"))
    assert target.inferred
    assert (str(target.l4t), str(target.jetpack)) == ("36.4.4", "6.2.1")


@pytest.mark.parametrize(("base", "overrides", "reasons", "nearest"), REFUSED)
def test_refused(base: str, overrides: Overrides, reasons: list[str], nearest: str) -> None:
    with pytest.raises(ImpossibleTarget) as caught:
        derive(named_target(base), overrides)
    error = caught.value
    assert len(error.reasons) == len(reasons)
    assert all(part in said for part, said in zip(reasons, error.reasons, strict=True))
    assert error.nearest.name == nearest
    assert nearest in error.hint
    assert named_target(nearest) == error.nearest


def test_every_unreadable_word_is_reported() -> None:
    with pytest.raises(Problems) as caught:
        derive(named_target("x86-cu130"), Overrides(cuda="new", python="best", arch="riscv"))
    assert all(word in str(caught.value) for word in ("'new'", "'best'", "'riscv'"))


def test_environment_names() -> None:
    settings = {
        "L4T_VERSION": "36.4.3",
        "CUDA_VERSION": "12.8",
        "PYTHON_VERSION": "3.12t",
        "LSB_RELEASE": "24.04",
        "CUDA_ARCH": "tegra-aarch64",
        "SYSTEM_ARCH": "aarch64",
        "PYTORCH_VERSION": "2.8",
        "HOME": "/root",
    }
    overrides = overrides_from_settings(settings)
    assert overrides == Overrides(
        cuda="12.8", python="3.12", distro="24.04", arch="aarch64", l4t="36.4.3"
    )
    target = derive(named_target("orin-jp60"), overrides)
    assert target.name == "orin-jp62+cu128+ubuntu24.04"


def test_empty_settings_change_nothing() -> None:
    assert overrides_from_settings({"CUDA_VERSION": "", "SYSTEM_ARCH": " "}) == Overrides()


def test_contradicting_architectures() -> None:
    with pytest.raises(TargetError, match="different machines"):
        overrides_from_settings({"CUDA_ARCH": "x86_64", "SYSTEM_ARCH": "aarch64"})


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"CUDA_VERSION": "12.9"}, "x86-cu129"),
        ({"SYSTEM_ARCH": "x86_64"}, "x86-cu130"),
        ({"SYSTEM_ARCH": "aarch64"}, "sbsa-cu130"),
        ({"CUDA_ARCH": "tegra-aarch64"}, "orin-jp62"),
        ({"L4T_VERSION": "36.4.0", "SYSTEM_ARCH": "aarch64"}, "orin-jp61"),
        ({"L4T_VERSION": "38.2.0", "CUDA_ARCH": "aarch64"}, "thor-jp70"),
        ({"L4T_VERSION": "35.4.1", "CUDA_ARCH": "tegra-aarch64"}, "orin-jp5+r35.4.1"),
    ],
)
def test_settings_can_describe_another_machine(settings: dict[str, str], name: str) -> None:
    assert target_from_settings(named_target("x86-cu130"), settings).name == name


def test_l4t_alone_does_not_make_an_x86_machine_a_jetson() -> None:
    with pytest.raises(TargetError):
        target_from_settings(named_target("x86-cu130"), {"L4T_VERSION": "36.4.0"})
