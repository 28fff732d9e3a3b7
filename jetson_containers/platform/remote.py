"""Facts of a machine of which only its container engine tells. Pure."""

from __future__ import annotations

import re
from typing import Any

from jetson_containers.platform.derive import ARCH_WORDS
from jetson_containers.platform.facts import Engine, Fact, HostFacts, OsRelease
from jetson_containers.platform.target import Arch, System

#: the first kernel of L4T whose systems are of the server kind: 4.9 is L4T 32's, 5.10 that of 34
#: and 35, 5.15 that of 36, 6.8 that of 38 and 39 (Jetson Linux release notes)
_SERVER_KERNEL = 6


def facts_through(engine: Engine, host: str) -> HostFacts:
    """What the engine at ``host`` tells of its machine; everything else has a reason."""
    source = f"engine at {host}"
    untold: Fact[Any] = Fact(reason=f"of this machine only the {source} was asked")
    arch = ARCH_WORDS.get(engine.architecture.lower())
    machine: Fact[Arch] = (
        Fact(arch, source)
        if arch
        else Fact(reason=f"the {source} names the machine {engine.architecture!r}")
    )
    return HostFacts(
        machine=machine,
        system=_system(arch, engine.kernel, source) if arch else Fact(reason=machine.reason),
        os=_os(engine.os, source),
        kernel=Fact(engine.kernel, source) if engine.kernel else untold,
        l4t=untold,
        jetpack=untold,
        model=untold,
        driver=untold,
        driver_cuda=untold,
        gpus=untold,
        host_cuda=untold,
        python=untold,
        memory=untold,
        disk=untold,
        cgroup=untold,
        engine=Fact(engine, source),
    )


def _system(arch: Arch, kernel: str, source: str) -> Fact[System]:
    """An Arm machine is a Tegra where its kernel is of an L4T before 38."""
    if arch == "x86_64":
        return Fact("x86_64", source)
    version = re.match(r"(\d{1,3})\.\d", kernel)
    told = f"kernel of the {source}"
    if version and kernel.endswith("-tegra") and int(version[1]) < _SERVER_KERNEL:
        return Fact("tegra", told)
    return Fact("sbsa", told)


def _os(name: str, source: str) -> Fact[OsRelease]:
    """``Ubuntu 24.04.1 LTS`` is ubuntu 24.04, ``Debian GNU/Linux 12 (bookworm)`` debian 12."""
    match = re.match(r"(\w+)\D{0,20}?\s(\d{1,3}(?:\.\d{1,2})?)\b", name, re.ASCII)
    if match is None:
        return Fact(reason=f"the {source} names its system {name!r}")
    return Fact(OsRelease(match[1].lower(), match[2]), source)
