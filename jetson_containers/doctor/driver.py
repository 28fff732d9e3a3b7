"""Does the NVIDIA driver answer, and for every GPU?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Remedy, Verdict, error, ok, warning
from jetson_containers.doctor.sources import MISMATCH
from jetson_containers.platform.read import SMI_QUERY, smi_faults, smi_rows

#: what it prints where the kernel module is not loaded
_NO_MODULE = "couldn't communicate with the NVIDIA driver"
#: what it prints of a GPU that no longer answers on the bus
_LOST = ("GPU is lost", "device handle", "fallen off the bus")
#: characters of a fault that are shown, and how many faults
_LENGTH, _MOST = 200, 4


def judge(host: Host) -> Iterator[Verdict]:
    faults = smi_faults(host.evidence)
    if any(MISMATCH in text for text in faults):
        return  # sources says it, with its cause
    for text in faults[:_MOST]:
        verdict = error if _stops(text, host) else warning
        yield verdict(f"nvidia-smi says: {text[:_LENGTH]}", _remedy(text, host))
    if not faults and SMI_QUERY in host.evidence.commands:
        yield ok("nvidia-smi answers for every GPU")


def _stops(text: str, host: Host) -> bool:
    """Whether containers are kept from the GPU: none is listed, or one does not answer.

    ``--gpus all`` asks for each, and fails with one. A Tegra's own GPU is reached without NVML.
    """
    if host.is_tegra:
        return False
    return not smi_rows(host.evidence) or any(word in text for word in (_NO_MODULE, *_LOST))


def _remedy(text: str, host: Host) -> Remedy | None:
    if _NO_MODULE in text:
        return host.advice(("modprobe", "nvidia"))
    if any(word in text for word in _LOST):
        return host.advice(("reboot",), disturbs="everything on this machine stops")
    return None


CHECK = Check("driver", "faults of the driver or of single GPUs that nvidia-smi reports", judge)
