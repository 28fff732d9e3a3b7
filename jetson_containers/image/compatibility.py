"""Which image runs on which host: the rules over the facts of both. Pure.

A rule answers with a reason to refuse, or ``None``. What is not known refuses nothing. Rules do
not repeat each other: past a wrong architecture, system or L4T, that is all there is to say.
"""

from __future__ import annotations

from dataclasses import replace

from jetson_containers.image.facts import ImageFacts
from jetson_containers.image.rules import cuda, gpu, machine
from jetson_containers.image.rules.gpu import doubt
from jetson_containers.image.rules.reason import Code, Reason, Rule
from jetson_containers.platform.facts import Gpu, HostFacts

__all__ = ["RULES", "Code", "Reason", "doubt", "refusals", "unserved"]

RULES: tuple[Rule, ...] = (
    machine.architecture,
    machine.system,
    machine.l4t_window,
    cuda.jetson_cuda,
    cuda.minor_version,
    cuda.own_minimum,
    gpu.other_maker,
    gpu.machine_code,
    gpu.young_ptx,
    gpu.orin_by_tag,
    gpu.gone_by_tag,
)


def refusals(image: ImageFacts, host: HostFacts) -> tuple[Reason, ...]:
    """Every reason that applies, in the order of :data:`RULES`.

    Of several GPUs one that runs the image is enough; one that meets a rule, and another that
    meets another, are not.
    """
    found = (rule(image, host) for rule in RULES)
    reasons = tuple(reason for reason in found if reason is not None)
    gpus = host.gpus.value or ()
    if reasons or len(gpus) < 2:
        return reasons
    alone = [refusals(image, _with(host, gpu)) for gpu in gpus]
    return tuple(dict.fromkeys(reason for each in alone for reason in each)) if all(alone) else ()


def unserved(image: ImageFacts, host: HostFacts) -> tuple[Gpu, ...]:
    """The GPUs that cannot run an image which the others of ``host`` can.

    Judged as if each were the only one. None where the image is refused anyway.
    """
    gpus = host.gpus.value or ()
    if len(gpus) < 2 or refusals(image, host):
        return ()
    return tuple(gpu for gpu in gpus if refusals(image, _with(host, gpu)))


def _with(host: HostFacts, gpu: Gpu) -> HostFacts:
    """``host`` as if ``gpu`` were its only one."""
    return replace(host, gpus=replace(host.gpus, value=(gpu,)))
