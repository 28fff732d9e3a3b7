"""Which image runs on which machine, rule by rule."""

import pytest

from tests.unit.image.images import codes, image


@pytest.mark.parametrize(
    ("tag", "arch", "on", "expected"),
    [
        # architecture
        ("r36.4.0", "arm64", "x86-cu128", ["wrong-arch"]),
        ("amd64-cu128-24.04", "amd64", "orin-jp62", ["wrong-arch"]),
        ("amd64-cu128-24.04", "", "x86-cu128", []),
        ("r36.4.0-cu128", "amd64", "x86-cu128", []),
        # system
        ("sbsa-cu129", "arm64", "orin-jp62", ["wrong-system", ]),
        ("r36.4.0-cu128", "arm64", "sbsa-cu130", ["wrong-system"]),
        ("sbsa-cu130", "arm64", "sbsa-cu130", []),
        ("r38.4.arm64-sbsa-cu130-24.04", "arm64", "sbsa-cu130", []),
        ("cuda-12.9", "arm64", "sbsa-cu129", []),
        # L4T
        ("r36.4.0", "arm64", "orin-jp62", []),
        ("r36.4.tegra-aarch64-cu129-22.04", "arm64", "orin-jp62", []),
        ("r36.3.0", "arm64", "orin-jp62", ["l4t-window"]),
        ("r36.2.0", "arm64", "orin-jp60", []),
        ("r36.4.0", "arm64", "orin-jp60", ["l4t-window"]),
        ("r35.4.1", "arm64", "orin-jp62", ["l4t-window"]),
        ("r35.2.1", "arm64", "orin-jp5", []),
        ("r36.4.0", "arm64", "orin-jp5", ["l4t-window"]),
        ("r32.7.1", "arm64", "nano-jp46", []),
        ("r32.6.1", "arm64", "nano-jp46", ["l4t-window"]),
        ("r36.4.0", "arm64", "thor-jp70", ["l4t-window"]),
        ("r38.2.arm64-sbsa-cu130-24.04", "arm64", "thor-jp71", []),
        ("sbsa-cu130-24.04", "arm64", "thor-jp71", []),
        # CUDA of a Jetson
        ("r36.4.0-cu128", "arm64", "orin-jp62", []),
        ("r36.4.0-cu130", "arm64", "orin-jp62", ["cuda-major"]),
        ("r35.4.1-cu122", "arm64", "orin-jp5", []),
        ("r35.4.1-cu126", "arm64", "orin-jp5", ["driver-too-old"]),
        ("sbsa-cu129", "arm64", "thor-jp70", ["cuda-major"]),
        # driver
        ("amd64-cu130-24.04", "amd64", "x86-cu129", ["driver-too-old"]),
        ("cuda-12.9", "amd64", "x86-cu128", []),
        ("amd64-cu128-24.04", "amd64", "x86-cu130", []),
        ("sbsa-cu130", "arm64", "sbsa-cu129", ["driver-too-old"]),
        # Orin among SBSA machines
        ("sbsa-cu130", "arm64", "orin-jp72", ["sm-missing"]),
        ("sbsa-cu132", "arm64", "orin-jp72", []),
    ],
)
def test_by_tag(tag: str, arch: str, on: str, expected: list[str]) -> None:
    assert codes("app", on, image(f"app:{tag}", *filter(None, [arch]))) == expected


@pytest.mark.parametrize(
    ("target", "on", "expected"),
    [
        ("orin-jp62", "orin-jp62", []),
        ("orin-jp62", "orin-jp61", []),
        ("orin-jp60", "orin-jp62", ["l4t-window"]),
        ("thor-jp71", "thor-jp70", []),
        ("orin-jp72", "orin-jp72", []),
        ("sbsa-cu130", "orin-jp72", ["sm-missing"]),
        ("x86-cu130", "x86-cu130", []),
        ("x86-cu130", "orin-jp62", ["wrong-arch"]),
        ("x86-cu130", "x86-cu128", ["driver-too-old"]),
    ],
)
def test_by_label(target: str, on: str, expected: list[str]) -> None:
    # the tag says nothing at all: the label wins
    assert codes("app", on, image("app:latest", target=target, packages=["app:1"])) == expected


def test_an_index_of_two_architectures_fits_both() -> None:
    both = image("app:v1-cuda-12.9", "amd64", "arm64")
    assert codes("app", "x86-cu129", both) == codes("app", "sbsa-cu129", both) == []
    assert codes("app", "orin-jp62", both) == ["wrong-system"]


def test_the_configuration_wins_over_a_label_that_lies() -> None:
    lying = image("app:latest", "arm64", target="x86-cu130", packages=["app:1"])
    assert codes("app", "x86-cu130", lying) == ["wrong-arch"]
