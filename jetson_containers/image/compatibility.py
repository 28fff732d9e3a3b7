"""Which image runs on which host: one small rule each, over the facts of both. Pure.

A rule answers with a reason to refuse, or ``None``. What is not known refuses nothing. Rules do
not repeat each other: past a wrong architecture only :func:`architecture` speaks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from packaging.version import Version

from jetson_containers.image.facts import ImageFacts
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.target import DOCKER_ARCH

Code = Literal[
    "wrong-arch",
    "wrong-system",
    "l4t-window",
    "cuda-major",
    "driver-too-old",
    "sm-missing",
    "ptx-too-new",
    "missing-package",
    "wrong-version",
    "stage-image",
    "builder-image",
    "unreadable-tag",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an image is refused: a code for programs, a sentence for people."""

    code: Code
    message: str


Rule = Callable[[ImageFacts, HostFacts], "Reason | None"]


def refusals(image: ImageFacts, host: HostFacts) -> tuple[Reason, ...]:
    """Every reason that applies, in the order of :data:`RULES`."""
    found = (rule(image, host) for rule in RULES)
    return tuple(reason for reason in found if reason is not None)


def architecture(image: ImageFacts, host: HostFacts) -> Reason | None:
    """The machine's instruction set (OCI image configuration, ``architecture``)."""
    if host.machine.value is None or _arch_fits(image, host):
        return None
    return Reason(
        "wrong-arch",
        f"the image is for {', '.join(image.architectures)}, "
        f"this machine is {DOCKER_ARCH[host.machine.value]}",
    )


def system(image: ImageFacts, host: HostFacts) -> Reason | None:
    """Tegra and SBSA are two worlds of arm64: another driver interface, other libraries.

    Source: CUDA for Tegra application note. Where both sides name their L4T,
    :func:`l4t_window` decides.
    """
    if not _same_arm(image, host) or image.arm_system is None:
        return None
    if image.l4t is not None and host.l4t.value is not None:
        return None
    if host.system.value is None or image.arm_system == host.system.value:
        return None
    return Reason(
        "wrong-system",
        f"the image is for {image.arm_system} machines, this one is {host.system.value}",
    )


def l4t_window(image: ImageFacts, host: HostFacts) -> Reason | None:
    """An image runs on the L4T releases whose driver libraries fit what it was built with.

    Source: JetPack release notes; the windows that the ecosystem's published images keep.
    """
    if not _same_arm(image, host) or image.l4t is None or host.l4t.value is None:
        return None
    here = host.l4t.value
    if _window(image.l4t) == _window(here.release):
        return None
    shown = ".".join(map(str, image.l4t))
    return Reason("l4t-window", f"the image is for L4T r{shown}, this machine has L4T {here}")


def cuda_of_jetson(image: ImageFacts, host: HostFacts) -> Reason | None:
    """The driver of a Jetson comes with L4T and with it the CUDA versions that run.

    Source: CUDA for Tegra application note, compatibility with the upgradable compat package:
    10.2 on 32.x; 11.4, with the package 11.8 to 12.2, on 34.x and 35.x; 12.2 and later 12.x on
    36.x; 13.x on 38.x and 39.x.
    """
    here = host.l4t.value
    if not _same_arm(image, host) or image.cuda is None or here is None:
        return None
    if image.l4t is not None and _window(image.l4t) != _window(here.release):
        return None
    span = _JETSON_CUDA.get(here.major)
    if span is None or span[0] <= image.cuda <= span[1]:
        return None
    message = f"the image has CUDA {image.cuda}, L4T {here} runs {span[2]}"
    too_new = image.cuda > span[1] and image.cuda.major == span[1].major
    return Reason("driver-too-old" if too_new else "cuda-major", message)


def driver(image: ImageFacts, host: HostFacts) -> Reason | None:
    """Minor version compatibility: CUDA X.y runs with any driver that supports CUDA X.

    Source: CUDA Compatibility guide (11.x from driver 450, 12.x from 525, 13.x from 580); newer
    drivers run all older CUDA.
    """
    known = host.driver_cuda.value
    if host.l4t.value is not None or image.cuda is None or known is None:
        return None
    if not _arch_fits(image, host) or image.cuda.major <= known.major:
        return None
    return Reason(
        "driver-too-old",
        f"the image has CUDA {image.cuda}, the driver of this machine supports CUDA {known}",
    )


def orin_in_sbsa(image: ImageFacts, host: HostFacts) -> Reason | None:
    """Orin joined the SBSA world with JetPack 7.2 and CUDA 13.2: older SBSA images lack sm_87.

    Source: CUDA 13.0 and 13.2 release notes (unified Arm toolkit).
    """
    here, gpus = host.l4t.value, host.gpus.value or ()
    if not _same_arm(image, host) or here is None or here.major < 39:
        return None
    if image.l4t is not None or {gpu.architecture for gpu in gpus} != {87}:
        return None
    by_list = image.gpu_architectures is not None
    has = 87 in image.gpu_architectures if image.gpu_architectures is not None else (
        image.cuda is not None and image.cuda >= Version("13.2")
    )
    if has:
        return None
    told = "holds code for " + ", ".join(f"sm_{n}" for n in image.gpu_architectures or ())
    return Reason(
        "sm-missing",
        f"this GPU needs sm_87; the image {told if by_list else 'is older than CUDA 13.2'}",
    )


RULES: tuple[Rule, ...] = (architecture, system, l4t_window, cuda_of_jetson, driver, orin_in_sbsa)

# L4T major -> oldest and newest CUDA that runs, and the same in words
_JETSON_CUDA: dict[int, tuple[Version, Version, str]] = {
    32: (Version("10.2"), Version("10.2"), "CUDA 10.2"),
    34: (Version("11.4"), Version("12.2"), "CUDA 11.4 to 12.2"),
    35: (Version("11.4"), Version("12.2"), "CUDA 11.4 to 12.2"),
    36: (Version("12.2"), Version("12.99"), "CUDA 12.2 and later 12.x"),
    38: (Version("13.0"), Version("13.99"), "CUDA 13.x"),
    39: (Version("13.0"), Version("13.99"), "CUDA 13.x"),
}


def _window(l4t: tuple[int, ...]) -> tuple[int, ...]:
    """Releases whose images run on each other have the same window."""
    major, minor = l4t[0], l4t[1] if len(l4t) > 1 else 0
    if major == 32:
        return (32, minor)
    if major == 36:
        return (36, int(minor >= 4))
    return (38,) if major in (38, 39) else (major,)


def _arch_fits(image: ImageFacts, host: HostFacts) -> bool:
    arch = host.machine.value
    return not image.architectures or arch is None or DOCKER_ARCH[arch] in image.architectures


def _same_arm(image: ImageFacts, host: HostFacts) -> bool:
    """Whether both are arm64, where system and L4T matter; x86 runs what is amd64."""
    return host.machine.value == "aarch64" and _arch_fits(image, host)
