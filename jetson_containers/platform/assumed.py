"""Facts of a machine that is only named: what a target says of the machines it is for."""

from __future__ import annotations

from jetson_containers.platform.facts import Fact, Gpu, HostFacts, OsRelease
from jetson_containers.platform.target import Target


def facts_of_target(target: Target) -> HostFacts:
    """The facts that a machine of ``target`` has at least; what a target does not say is unknown.

    Its driver is taken to support the target's CUDA, and a Jetson's integrated GPUs to be the
    target's. Law: ``target_for`` of these facts is a target of the same system and L4T.
    """
    source = f"target {target.name}"
    told = f"{source} does not say"
    jetson = target.l4t is not None
    gpus = tuple(
        Gpu(f"sm_{number}", number, True, False) for number in target.gpu_architectures
    )
    return HostFacts(
        machine=Fact(target.arch, source),
        system=Fact(target.system, source),
        os=Fact(OsRelease(target.distro, target.release), source),
        kernel=Fact(reason=told),
        l4t=Fact(target.l4t, source, reason="" if jetson else told),
        jetpack=Fact(target.jetpack, source, reason="" if target.jetpack else told),
        model=Fact(reason=told),
        driver=Fact(reason=told),
        driver_cuda=Fact(target.cuda, source),
        gpus=Fact(gpus, source) if jetson else Fact(reason=told),
        host_cuda=Fact(reason=told),
        python=Fact(reason=told),
        memory=Fact(reason=told),
        disk=Fact(reason=told),
        cgroup=Fact(reason=told),
        engine=Fact(reason=told),
    )
