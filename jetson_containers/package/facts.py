"""The target in the words of a ``config.py``: the names that the ecosystem's files import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from packaging.version import Version

from jetson_containers.platform.l4t import newest_l4t
from jetson_containers.platform.target import DOCKER_ARCH, Target

#: releases by number with their code names (Ubuntu's and Debian's release pages)
UBUNTU = {
    "16.04": "xenial",
    "18.04": "bionic",
    "20.04": "focal",
    "22.04": "jammy",
    "24.04": "noble",
    "26.04": "resolute",
}
DEBIAN = {"10": "buster", "11": "bullseye", "12": "bookworm", "13": "trixie"}

#: the ecosystem's names of CUDA's platforms, and Docker's name of each
CUDA_ARCHS = {"tegra-aarch64": "arm64", "aarch64": "arm64", "x86_64": "amd64"}

_CUDA_ARCH = {"tegra": "tegra-aarch64", "sbsa": "aarch64", "x86_64": "x86_64"}


def cuda_short_version(cuda: Version) -> str:
    """``cu126`` for 12.6, ``cu1310`` for 13.10."""
    return f"cu{cuda.major}{cuda.minor}"


def tegra_release(target: Target) -> str:
    """The text of ``/etc/nv_tegra_release`` on ``target``; the same for the same target."""
    l4t = target.l4t or newest_l4t().version
    return (
        f"# R{l4t.major} (release), REVISION: {l4t.minor}.{l4t.micro}, GCID: 0, BOARD: generic, "
        f"EABI: {target.arch}, DATE: Thu Jan  1 00:00:00 UTC 1970\n"
        "# KERNEL_VARIANT: oot\n"
        "TARGET_USERSPACE_LIB_DIR=nvidia\n"
        f"TARGET_USERSPACE_LIB_DIR_PATH=/usr/lib/{target.arch}-linux-gnu/nvidia\n"
    )


def machine_files(target: Target) -> dict[str, str | None]:
    """Files of the target's machine that definitions read, ``None`` where it has none.

    They are those of a Jetson, on a Jetson.
    """
    return {"/etc/nv_tegra_release": tegra_release(target) if target.l4t else None}


def _free_threading(settings: Mapping[str, str]) -> bool:
    return settings.get("PYTHON_FREE_THREADING") == "1" or settings.get(
        "PYTHON_VERSION", ""
    ).lower().endswith(("t", "-nogil"))


#: Every constant of ``packages.md`` for a target, freshly made: a definition that changes a list
#: changes its own. Off Jetson the newest listed L4T and JetPack stand in, as in the ecosystem. Each
#: reads of the target only what it needs; settings decide only what a target does not say.
FACTS: Mapping[str, Callable[[Target, Mapping[str, str]], Any]] = {
    "L4T_VERSION": lambda target, _: target.l4t or newest_l4t().version,
    "JETPACK_VERSION": lambda target, _: target.jetpack or newest_l4t().jetpack,
    "CUDA_VERSION": lambda target, _: target.cuda,
    "CUDA_SHORT_VERSION": lambda target, _: cuda_short_version(target.cuda),
    "CUDA_ARCHITECTURES": lambda target, _: list(target.gpu_architectures),
    "CUDA_ARCH": lambda target, _: _CUDA_ARCH[target.system],
    "CUDA_ARCHS": lambda *_: dict(CUDA_ARCHS),
    "PYTHON_VERSION": lambda target, _: target.python,
    "PYTHON_FREE_THREADING": lambda _, settings: _free_threading(settings),
    "LSB_RELEASE": lambda target, _: target.release,
    "LSB_RELEASES": lambda *_: dict(UBUNTU),
    "LSB_CODENAME": lambda target, _: (UBUNTU | DEBIAN).get(target.release, ""),
    "SYSTEM_ARCH": lambda target, _: target.arch,
    "SYSTEM_ARCH_LIST": lambda *_: [word for pair in CUDA_ARCHS.items() for word in pair],
    "DOCKER_ARCH": lambda target, _: DOCKER_ARCH[target.arch],
    "SYSTEM_ARM": lambda target, _: target.arch == "aarch64",
    "SYSTEM_X86": lambda target, _: target.arch == "x86_64",
    "IS_TEGRA": lambda target, _: target.system == "tegra",
    "IS_SBSA": lambda target, _: target.system == "sbsa",
}
