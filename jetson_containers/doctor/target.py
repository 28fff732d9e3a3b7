"""Is this a machine that images can be built and chosen for?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, error, info, ok, warning
from jetson_containers.errors import TargetError
from jetson_containers.platform.facts import Gpu, HostFacts
from jetson_containers.platform.gpu_code import GpuCode, best_form
from jetson_containers.platform.host import target_for
from jetson_containers.platform.target import Target


def judge(host: Host) -> Iterator[Verdict]:
    if host.target is None:
        yield error(f"{_why_not(host.facts)}. Name one with --target")
        return
    if not host.has_gpu:
        yield info(f"images are for {host.target.name}; no NVIDIA GPU or driver was seen here")
        return
    gpus = host.facts.gpus.value or ()
    named = ", ".join(f"{gpu.count} x {gpu.name}" for gpu in gpus)
    left = _left_out(host.target, host.facts)
    if left:
        yield warning(
            f"images built for {host.target.name} hold no code for {', '.join(map(str, left))}: "
            "its CUDA does not compile for it, or the target names other GPUs"
        )
    if not named:
        yield info(f"images are for {host.target.name}; which GPU: {host.facts.gpus.reason}")
        return
    yield ok(f"images are for {host.target.name}; GPU: {named}")


def _left_out(target: Target, facts: HostFacts) -> list[Gpu]:
    """The GPUs of this machine that what is built for it does not run on.

    Of a target for another kind of machine there is nothing to say.
    """
    if target.system != facts.system.value:
        return []
    held = [GpuCode(number) for number in target.gpu_architectures]
    return [
        gpu
        for gpu in facts.gpus.value or ()
        if gpu.architecture is not None and best_form(held, gpu.architecture) is None
    ]


def _why_not(facts: HostFacts) -> str:
    try:
        target_for(facts)
    except TargetError as reason:
        return reason.what
    return "this machine was judged without a target"


CHECK = Check("target", "what images are built and chosen for, and the GPU", judge)
