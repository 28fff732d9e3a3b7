"""CUDA against the driver."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from jetson_containers.image.facts import ImageFacts
from jetson_containers.image.rules.machine import fits_machine
from jetson_containers.image.rules.reason import Reason
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.gpu import is_ngc_ready

_LATER = Version("13.9999")

#: L4T major -> the spans of CUDA that run, and the same in words; all but the first span need the
#: compatibility package in the image
_JETSON_CUDA: dict[int, tuple[tuple[tuple[Version, Version], ...], str]] = {
    32: (((Version("10.2"), Version("10.2")),), "CUDA 10.2"),
    34: (((Version("11.4"), Version("11.4")),), "CUDA 11.4"),
    35: (
        ((Version("11.4"), Version("11.4")), (Version("11.8"), Version("12.2"))),
        "CUDA 11.4, and 11.8 to 12.2 with the compatibility package",
    ),
    36: (((Version("12.2"), Version("12.9999")),), "CUDA 12.2 and later 12.x"),
    38: (((Version("13.0"), _LATER),), "CUDA 13.x"),
    39: (((Version("13.0"), _LATER),), "CUDA 13.x"),
}


def jetson_cuda(image: ImageFacts, host: HostFacts) -> Reason | None:
    """The driver of a Jetson comes with L4T and with it the CUDA versions that run.

    Some run only with the compatibility package. A label tells whether it is there; by tag alone
    that is not known, and refuses nothing. Source: CUDA for Tegra application note, compatibility
    with the upgradable CUDA package.
    """
    here = host.l4t.value
    if here is None or image.cuda is None or not fits_machine(image, host):
        return None
    spans, words = _JETSON_CUDA.get(here.major, ((), ""))
    found = [index for index, (low, high) in enumerate(spans) if low <= image.cuda <= high]
    if found and found[0] > 0 and image.verified_by == "label":
        if image.has_compat_for(image.cuda):
            return None
        wanted = f"cuda-compat-{image.cuda.major}-{image.cuda.minor}"
        return Reason(
            "driver-too-old",
            f"L4T {here} runs CUDA {image.cuda} only with the package {wanted}, which the image "
            "does not hold by its label",
        )
    if found or not spans:
        return None
    too_new = image.cuda > spans[0][0] and image.cuda.major <= spans[-1][1].major
    return Reason(
        "driver-too-old" if too_new else "cuda-major",
        f"the image has CUDA {image.cuda}, L4T {here} runs {words}",
    )


def minor_version(image: ImageFacts, host: HostFacts) -> Reason | None:
    """CUDA X.y runs with any driver that supports CUDA X; newer drivers run all older CUDA.

    That is 11.x from driver 450, 12.x from 525, 13.x from 580. The forward compatibility package
    lifts it, where :func:`forward_compatible`. Source: CUDA Compatibility guide, minor version
    compatibility.
    """
    known = host.driver_cuda.value
    if host.l4t.value is not None or image.cuda is None or known is None:
        return None
    if not fits_machine(image, host) or image.cuda.major <= known.major:
        return None
    if forward_compatible(image, host):
        return None
    return Reason(
        "driver-too-old",
        f"the image has CUDA {image.cuda}, the driver of this machine supports CUDA {known}",
    )


def own_minimum(image: ImageFacts, host: HostFacts) -> Reason | None:
    """The driver that the image itself asks for, which may be newer than what its CUDA needs.

    Source: the image's label ``io.jetson-containers.driver``.
    """
    least = image.least_driver
    if least is None or host.driver.value is None or not fits_machine(image, host):
        return None
    try:
        here = Version(host.driver.value)
    except InvalidVersion:
        return None
    if here >= least:
        return None
    return Reason(
        "driver-too-old", f"the image asks for driver {least} or newer, this machine has {here}"
    )


def forward_compatible(image: ImageFacts, host: HostFacts) -> bool:
    """Whether the image's own CUDA driver library stands in for the machine's.

    It is in the package ``cuda-compat-<major>-<minor>``, for CUDA up to that version, and works on
    data-center GPUs, some NGC-ready RTX cards and Jetson; other cards refuse it, and one that takes
    it is enough. Source: CUDA Compatibility guide, forward compatibility; CUDA for Tegra
    application note.
    """
    gpus = host.gpus.value or ()
    return (
        image.cuda is not None
        and image.has_compat_for(image.cuda)
        and bool(gpus)
        and (
            host.l4t.value is not None
            or any(gpu.data_center or is_ngc_ready(gpu.name) for gpu in gpus)
        )
    )
