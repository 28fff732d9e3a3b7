"""The machine itself: instruction set, system, L4T."""

from __future__ import annotations

from jetson_containers.image.facts import ImageFacts
from jetson_containers.image.rules.reason import Reason
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.target import DOCKER_ARCH


def architecture(image: ImageFacts, host: HostFacts) -> Reason | None:
    """The machine's instruction set.

    Source: OCI image specification, image configuration, ``architecture``.
    """
    machine = host.machine.value
    if machine is None or _arch_fits(image, host):
        return None
    return Reason(
        "wrong-arch",
        f"the image is for {', '.join(image.architectures)}, this machine is "
        f"{DOCKER_ARCH[machine]}",
    )


def system(image: ImageFacts, host: HostFacts) -> Reason | None:
    """Tegra and SBSA are two worlds of arm64: another driver interface, other libraries.

    Where both sides name their L4T, :func:`l4t_window` decides. Source: CUDA for Tegra application
    note; JetPack 7.0 release notes (Thor is an SBSA system).
    """
    if not _both_arm(image, host) or (image.l4t is not None and host.l4t.value is not None):
        return None
    here = host.system.value
    if here is None or image.arm_system is None or image.arm_system == here:
        return None
    return Reason(
        "wrong-system", f"the image is for {image.arm_system} machines, this one is {here}"
    )


def l4t_window(image: ImageFacts, host: HostFacts) -> Reason | None:
    """An image runs on the L4T releases whose driver libraries fit what it was built with.

    Source: JetPack release notes; the windows that the ecosystem's published images keep.
    """
    here = host.l4t.value
    if not _both_arm(image, host) or image.l4t is None or here is None:
        return None
    if window(image.l4t) == window(here.release):
        return None
    shown = ".".join(map(str, image.l4t))
    return Reason("l4t-window", f"the image is for L4T r{shown}, this machine has L4T {here}")


def window(l4t: tuple[int, ...]) -> tuple[int, ...]:
    """Releases whose images run on each other have the same window."""
    major, minor = l4t[0], l4t[1] if len(l4t) > 1 else 0
    if major == 32:
        return (32, minor)
    if major == 36:
        return (36, int(minor >= 4))
    return (38,) if major in (38, 39) else (major,)


def fits_machine(image: ImageFacts, host: HostFacts) -> bool:
    """Whether no rule of the machine refuses: past one that does, CUDA and GPU say nothing new."""
    return all(rule(image, host) is None for rule in (architecture, system, l4t_window))


def _arch_fits(image: ImageFacts, host: HostFacts) -> bool:
    arch = host.machine.value
    return not image.architectures or arch is None or DOCKER_ARCH[arch] in image.architectures


def _both_arm(image: ImageFacts, host: HostFacts) -> bool:
    """Whether system and L4T matter; an x86 machine runs what is amd64."""
    return host.machine.value == "aarch64" and _arch_fits(image, host)
