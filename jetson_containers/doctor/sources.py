"""Do two sources say different things of the same?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from jetson_containers.doctor.model import Check, Host, Verdict, error, ok, warning
from jetson_containers.platform.facts import Fact, Gpu
from jetson_containers.platform.read import SMI, SMI_QUERY

#: what nvidia-smi prints then (NVML API reference, NVML_ERROR_LIB_RM_VERSION_MISMATCH)
MISMATCH = "Driver/library version mismatch"


def judge(host: Host) -> Iterator[Verdict]:
    agree = True
    for item in fields(host.facts):
        fact: Fact[object] = getattr(host.facts, item.name)
        for other, source in fact.others:
            if _told(other) == _told(fact.value):
                continue
            agree = False
            yield warning(
                f"{item.name} is {_told(fact.value)} by {fact.source}, and {_told(other)} by "
                f"{source}; the first is believed"
            )
    if any(MISMATCH in (host.output(command) or "") for command in (SMI, SMI_QUERY)):
        agree = False
        yield error(
            "nvidia-smi says that the driver that runs and its libraries have different versions: "
            "the driver was updated without a restart",
            host.advice(("reboot",), disturbs="everything on this machine stops"),
        )
    if agree:
        yield ok("no two sources say different things of this machine")


def _told(value: object) -> str:
    """A value in words. Of GPUs their architectures: each source has its own name for one."""
    if isinstance(value, tuple) and all(isinstance(item, Gpu) for item in value):
        return ", ".join(sorted({f"sm_{item.architecture}" for item in value}))
    return str(value)


CHECK = Check("sources", "facts on which two sources disagree", judge)
