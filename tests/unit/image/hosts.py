"""Machines for tests of compatibility, as few words as tell them apart."""

from __future__ import annotations

from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.host import derive_facts
from jetson_containers.platform.read import L4T_RELEASE_FILE, MODEL_FILE, SMI, SMI_QUERY


def jetson(l4t: str, model: str = "Orin") -> HostFacts:
    """A Jetson with that L4T."""
    major, _, rest = l4t.partition(".")
    return derive_facts(
        Evidence(
            "aarch64",
            files={
                L4T_RELEASE_FILE: f"# R{major} (release), REVISION: {rest}, GCID: 1\n",
                MODEL_FILE: f"NVIDIA Jetson {model} Developer Kit\0",
            },
        )
    )


def server(machine: str = "x86_64", cuda: str = "", *gpus: str, driver: str = "") -> HostFacts:
    """A server or PC whose driver supports ``cuda``; a GPU is ``name, capability``."""
    commands = {SMI: f"| CUDA Version: {cuda} |\n"} if cuda else {}
    if gpus:
        rows = "".join(f"{driver or '580.65.06'}, {gpu}\n" for gpu in gpus)
        commands[SMI_QUERY] = rows
    return derive_facts(Evidence(machine, commands=commands))
