"""Is this a machine that images can be built and chosen for?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, error, info, ok
from jetson_containers.errors import TargetError
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.host import target_for


def judge(host: Host) -> Iterator[Verdict]:
    if host.target is None:
        yield error(f"{_why_not(host.facts)}. Name one with --target")
        return
    if not host.has_gpu:
        yield info(f"images are for {host.target.name}; no NVIDIA GPU or driver was seen here")
        return
    gpus = host.facts.gpus.value or ()
    named = ", ".join(f"{gpu.count} x {gpu.name}" for gpu in gpus)
    if not named:
        yield info(f"images are for {host.target.name}; which GPU: {host.facts.gpus.reason}")
        return
    yield ok(f"images are for {host.target.name}; GPU: {named}")


def _why_not(facts: HostFacts) -> str:
    try:
        target_for(facts)
    except TargetError as reason:
        return reason.what
    return "this machine was judged without a target"


CHECK = Check("target", "what images are built and chosen for, and the GPU", judge)
