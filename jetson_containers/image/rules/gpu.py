"""Compiled code against the GPUs that are there.

Several GPUs: an image is refused when none of them can run it, for it can be given the others.
"""

from __future__ import annotations

from packaging.version import Version

from jetson_containers.image.facts import ImageFacts
from jetson_containers.image.rules.cuda import forward_compatible
from jetson_containers.image.rules.machine import fits_machine
from jetson_containers.image.rules.reason import Reason
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.gpu import gpu_architectures
from jetson_containers.platform.gpu_code import best_form

#: the first CUDA whose SBSA toolkit knows Orin
_ORIN_JOINED = Version("13.2")


def machine_code(image: ImageFacts, host: HostFacts) -> Reason | None:
    """There must be SASS for the GPU, or PTX that its driver can compile.

    Source: CUDA C++ Programming Guide, binary and PTX compatibility.
    """
    gpus = _architectures(host)
    if image.gpu_code is None or not gpus or image.other_maker or not fits_machine(image, host):
        return None
    if any(best_form(image.gpu_code, gpu) for gpu in gpus):
        return None
    held = ", ".join(map(str, image.gpu_code)) or "nothing"
    return Reason("sm-missing", f"this GPU needs {_shown(gpus)}; the image holds {held}")


def other_maker(image: ImageFacts, host: HostFacts) -> Reason | None:
    """What is made for GPUs of others, or for none, does not use an NVIDIA GPU.

    By the words of the tag alone. Source: the tags of published images (``rocm630``, ``cpu``).
    """
    seen = host.l4t.value or host.gpus.value or host.driver.value or host.driver_cuda.value
    if not image.other_maker or not seen or not fits_machine(image, host):
        return None
    return Reason(
        "sm-missing", f"the image is made for {image.other_maker}, this machine has an NVIDIA GPU"
    )


def young_ptx(image: ImageFacts, host: HostFacts) -> Reason | None:
    """A driver does not compile PTX that a newer toolkit than its own CUDA made.

    So an image whose toolkit is newer, of the same major, needs SASS for the GPU. Source: CUDA
    Compatibility guide, limits of minor version compatibility.
    """
    known, gpus = host.driver_cuda.value, _architectures(host)
    if image.gpu_code is None or image.cuda is None or known is None or not gpus:
        return None
    if image.cuda <= known or image.cuda.major != known.major:
        return None
    if not fits_machine(image, host) or forward_compatible(image, host):
        return None
    forms = {best_form(image.gpu_code, gpu) for gpu in gpus}
    if "sass" in forms or "ptx" not in forms:
        return None
    return Reason(
        "ptx-too-new",
        f"for this GPU ({_shown(gpus)}) the image holds PTX of CUDA {image.cuda} alone; "
        f"the driver takes PTX up to CUDA {known}",
    )


def orin_by_tag(image: ImageFacts, host: HostFacts) -> Reason | None:
    """Orin joined the SBSA world with CUDA 13.2: older SBSA toolkits do not know sm_87.

    For images whose code is not known; of the others :func:`machine_code` tells. Source: CUDA 13.0
    and 13.2 release notes (unified Arm toolkit).
    """
    if image.gpu_code is not None or image.other_maker or image.arm_system != "sbsa":
        return None
    if _architectures(host) != {87} or not fits_machine(image, host):
        return None
    if image.cuda is not None and image.cuda >= _ORIN_JOINED:
        return None
    has = f"has {image.cuda}" if image.cuda else "does not say which CUDA it has"
    return Reason(
        "sm-missing",
        f"this GPU needs sm_87; images for servers hold it from CUDA {_ORIN_JOINED} on, "
        f"this one {has}",
    )


def gone_by_tag(image: ImageFacts, host: HostFacts) -> Reason | None:
    """What a toolkit no longer compiles for is not in the images that were made with it.

    CUDA 13.0 dropped the GPUs before sm_75. For images whose code is not known; of the others
    :func:`machine_code` tells. Source: CUDA 13.0 release notes, removed architectures.
    """
    gpus = _architectures(host)
    if image.gpu_code is not None or image.cuda is None or not gpus:
        return None
    if not all(_is_gone(gpu, image.cuda) for gpu in gpus) or not fits_machine(image, host):
        return None
    if image.arm_system == "tegra":
        # L4T decides which CUDA a Jetson's images have
        return None
    return Reason(
        "sm-missing",
        f"this GPU needs {_shown(gpus)}, which CUDA {image.cuda} of the image no longer knows",
    )


def doubt(image: ImageFacts, host: HostFacts) -> str:
    """What speaks against an image that nothing refuses; empty where nothing does.

    An Arm server runs the images of L4T 38 and later where they hold code for its GPU. A tag that
    names L4T alone stands for the GPUs of Jetson, whatever else the image may hold. Source: the
    form of this program's own tags.
    """
    gpus = _architectures(host)
    if host.system.value != "sbsa" or host.l4t.value is not None or image.l4t is None:
        return ""
    if not image.for_jetson or image.gpu_code is not None:
        return ""
    if not gpus or any(known.tegra for n in gpus if (known := gpu_architectures().get(n))):
        return ""
    shown = ".".join(map(str, image.l4t))
    return f"is made for Jetson (L4T r{shown}); whether it holds code for {_shown(gpus)} is unknown"


def _is_gone(gpu: int, cuda: Version) -> bool:
    known = gpu_architectures().get(gpu)
    return bool(known and known.before and known.renamed is None and cuda >= known.before)


def _architectures(host: HostFacts) -> set[int]:
    return {gpu.architecture for gpu in host.gpus.value or () if gpu.architecture is not None}


def _shown(gpus: set[int]) -> str:
    return " or ".join(f"sm_{number}" for number in sorted(gpus))
