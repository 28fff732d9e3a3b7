"""The target in the words of a ``config.py``: the names that the ecosystem's files import."""

from __future__ import annotations

from collections.abc import Mapping
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


def target_facts(target: Target, settings: Mapping[str, str]) -> dict[str, Any]:
    """Every constant of ``packages.md`` for ``target``, freshly made.

    Off Jetson the newest listed L4T and JetPack stand in, as in the ecosystem.

    Lists and dicts are new in each call, so that one definition cannot change another's.
    ``settings`` decides only what a target does not say: whether Python is free-threading.
    """
    newest = newest_l4t()
    cuda_arch = _CUDA_ARCH[target.system]
    free_threading = settings.get("PYTHON_FREE_THREADING") == "1" or settings.get(
        "PYTHON_VERSION", ""
    ).lower().endswith(("t", "-nogil"))
    return {
        "L4T_VERSION": target.l4t or newest.version,
        "JETPACK_VERSION": target.jetpack or newest.jetpack,
        "CUDA_VERSION": target.cuda,
        "CUDA_SHORT_VERSION": cuda_short_version(target.cuda),
        "CUDA_ARCHITECTURES": list(target.gpu_architectures),
        "CUDA_ARCH": cuda_arch,
        "CUDA_ARCHS": dict(CUDA_ARCHS),
        "PYTHON_VERSION": target.python,
        "PYTHON_FREE_THREADING": free_threading,
        "LSB_RELEASE": target.release,
        "LSB_RELEASES": dict(UBUNTU),
        "LSB_CODENAME": (UBUNTU | DEBIAN).get(target.release, ""),
        "SYSTEM_ARCH": target.arch,
        "SYSTEM_ARCH_LIST": [word for pair in CUDA_ARCHS.items() for word in pair],
        "DOCKER_ARCH": DOCKER_ARCH[target.arch],
        "SYSTEM_ARM": target.arch == "aarch64",
        "SYSTEM_X86": target.arch == "x86_64",
        "IS_TEGRA": target.system == "tegra",
        "IS_SBSA": target.system == "sbsa",
    }


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


def machine_files(target: Target) -> dict[str, str]:
    """Files of the target's machine that definitions read: those of a Jetson, on a Jetson."""
    return {"/etc/nv_tegra_release": tegra_release(target)} if target.l4t else {}
