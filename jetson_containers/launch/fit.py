"""Whether an image fits the machine, as warnings: who runs it may know better. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jetson_containers.image.compatibility import doubt, refusals, unserved
from jetson_containers.image.facts import image_facts
from jetson_containers.image.listed import ListedImage
from jetson_containers.launch.command import Machine, gpu_options
from jetson_containers.launch.options import Words
from jetson_containers.platform.facts import HostFacts

#: characters of a fault that are shown, and how many faults
_LENGTH, _MOST = 200, 4


def guess(words: Words, machine: Machine, host: HostFacts) -> str:
    """Why the way to the GPU is a guess; empty where it is not, or the user names one."""
    given = tuple(pair for option in words.options for pair in option.names)
    if machine.system is not None or not gpu_options(given, machine):
        return ""
    if host.machine.value is None:
        return (
            "what kind of machine this is is not known "
            f"({host.machine.reason or 'nothing tells'}), and no NVIDIA GPU is known to work in "
            "one: that is left to --runtime nvidia; --no-gpu goes on without"
        )
    return (
        f"what kind of machine this is is not known ({host.system.reason or 'nothing tells'}): "
        "the GPU is reached through --runtime nvidia, as on a Jetson; SYSTEM_ARCH=tegra-aarch64, "
        "aarch64 or x86_64 names the kind"
    )


def obstacle(faults: Sequence[str], host: HostFacts) -> str:
    """What may keep a container from the GPU: what nvidia-smi said in place of GPUs, else empty.

    On a Tegra nothing: its GPU is reached without the library that nvidia-smi asks.
    """
    if not faults or host.system.value == "tegra":
        return ""
    told = "; ".join(text[:_LENGTH] for text in faults[:_MOST])
    return f"the GPU may be out of reach: nvidia-smi says: {told}; `doctor` tells more"


def doubts(reference: str, document: Mapping[str, Any], host: HostFacts) -> tuple[str, ...]:
    """Every reason why the image is not for ``host``; none where nothing is known of it.

    ``document`` is what the engine tells of it (Docker Engine API, ImageInspect), empty for an
    image that is yet to be pulled: then only its tag speaks.
    """
    config = document.get("Config")
    labels = config.get("Labels") if isinstance(config, Mapping) else None
    kind = document.get("Architecture")
    listed = ListedImage(
        reference,
        "local" if document else "registry",
        architectures=(kind,) if isinstance(kind, str) and kind else (),
        labels={str(k): str(v) for k, v in labels.items()} if isinstance(labels, Mapping) else {},
    )
    image = image_facts(listed)
    reasons = [f"{reason.message} ({reason.code})" for reason in refusals(image, host)]
    reasons += [f"it runs on the other GPUs, not on {gpu}" for gpu in unserved(image, host)]
    unsure = "" if reasons else doubt(image, host)
    return (*reasons, f"it {unsure}") if unsure else tuple(reasons)
