"""Targets and throw-away trees for the package tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from packaging.version import Version

from jetson_containers.platform.target import Target

SAMPLE = Path(__file__).parents[2] / "data" / "trees" / "sample"

ORIN = Target(
    name="orin",
    system="tegra",
    arch="aarch64",
    l4t=Version("36.4.3"),
    jetpack=Version("6.2"),
    cuda=Version("12.6"),
    distro="ubuntu",
    release="22.04",
    python=Version("3.10"),
    gpu_architectures=(87,),
    base_image="ubuntu:22.04",
)
XAVIER = Target(
    name="xavier",
    system="tegra",
    arch="aarch64",
    l4t=Version("35.4.1"),
    jetpack=Version("5.1.2"),
    cuda=Version("11.4"),
    distro="ubuntu",
    release="20.04",
    python=Version("3.8"),
    gpu_architectures=(72, 87),
    base_image="ubuntu:20.04",
)
SBSA = Target(
    name="sbsa",
    system="sbsa",
    arch="aarch64",
    l4t=None,
    jetpack=None,
    cuda=Version("13.0"),
    distro="ubuntu",
    release="24.04",
    python=Version("3.12"),
    gpu_architectures=(90, 110),
    base_image="ubuntu:24.04",
)
DEBIAN = Target(
    name="debian",
    system="x86_64",
    arch="x86_64",
    l4t=None,
    jetpack=None,
    cuda=Version("13.0"),
    distro="debian",
    release="12",
    python=Version("3.11"),
    gpu_architectures=(80, 90),
    base_image="debian:12",
)
TARGETS = {target.name: target for target in (ORIN, XAVIER, SBSA, DEBIAN)}


@pytest.fixture
def orin() -> Target:
    return ORIN


@pytest.fixture
def targets() -> Mapping[str, Target]:
    return TARGETS


@pytest.fixture
def sample() -> Path:
    return SAMPLE


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Path]:
    """Write files, by path below a new search path, and return that search path."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        root = tmp_path / "tree"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return write
