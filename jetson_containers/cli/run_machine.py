"""The machine that ``run`` starts a container on: this one, the engine's, or a recorded one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jetson_containers.cli.run_engine import Reached
from jetson_containers.launch.command import Machine, machine_of
from jetson_containers.launch.present import present
from jetson_containers.launch.shared import SECRETS, pulse_directory
from jetson_containers.platform.facts import Engine, HostFacts
from jetson_containers.platform.target import System

#: what $SYSTEM_ARCH says in the ecosystem
SYSTEMS: Mapping[str, System] = {
    "tegra-aarch64": "tegra", "aarch64": "sbsa", "x86_64": "x86_64"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a container will run; ``here`` is whether it sees this machine's files and devices.

    ``faults`` are what nvidia-smi said there in place of GPUs.
    """

    facts: HostFacts
    machine: Machine
    here: bool = True
    faults: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What to say of an engine on another machine; empty for one on this."""
        engine = self.facts.engine.value
        if self.here or engine is None:
            return ""
        told = (self.facts.machine.value or engine.architecture, engine.kernel, engine.os)
        return (
            f"the {self.facts.engine.source} runs on another machine "
            f"({', '.join(filter(None, told))}), so this one's devices, sockets, display and data "
            "directory are not handed over, and paths of --volume are that machine's. Which "
            "driver and GPUs it has is not known here"
        )


def recorded_place(path: str, environ: Mapping[str, str]) -> Place:
    """A recorded machine; its files are those that the evidence holds."""
    from jetson_containers.cli.host import read_evidence
    from jetson_containers.platform.host import derive_facts
    from jetson_containers.platform.read import smi_faults

    evidence = read_evidence(path)
    facts = derive_facts(evidence)
    machine = machine_of(facts, present=frozenset(evidence.files))
    return Place(facts, _named(machine, environ), faults=smi_faults(evidence))


def place_of(reached: Reached, environ: Mapping[str, str], recorded: str | None = None) -> Place:
    """The machine that the engine runs on; ``recorded`` evidence stands in for its facts.

    Of another machine it is the engine's word alone that counts, and the session's secrets are
    all that is handed over.
    """
    from jetson_containers.engine.ask import engine_facts
    from jetson_containers.platform.cdi import specifications
    from jetson_containers.platform.facts import Fact
    from jetson_containers.platform.remote import facts_through

    engine = engine_facts(reached.address, environ, sudo=reached.sudo)
    here = reached.here and shares_kernel(engine)
    faults: tuple[str, ...] = ()
    if recorded:
        found = recorded_place(recorded, {})
        facts, faults = found.facts, found.faults
    elif here:
        known, faults = _facts_here()
        facts = replace(known, engine=Fact(engine, reached.address.host))
    else:
        facts = facts_through(engine, reached.address.host)
    if not here:
        kept = {name: environ[name] for name in SECRETS if name in environ}
        machine = replace(machine_of(facts, environ=kept), jetson=False)
        return Place(facts, _named(machine, environ), here=False)
    more = [
        pulse_directory(environ),
        environ.get("SCP_UPLOAD_KEY", ""),
        *specifications(engine),
    ]
    seen = present([path for path in more if path.startswith("/")])
    machine = machine_of(facts, present=seen, environ=environ)
    return Place(facts, _named(machine, environ), faults=faults)


def shares_kernel(engine: Engine) -> bool:
    """Whether the engine has this machine's kernel.

    One in a virtual machine, or behind a socket that leads elsewhere, tells another.
    """
    return engine.kernel in ("", os.uname().release)


def _facts_here() -> tuple[HostFacts, tuple[str, ...]]:
    """Also what nvidia-smi says in place of GPUs.

    On a Jetson it is asked only where a driver is loaded that it knows: it can take its time.
    """
    from jetson_containers.platform import read
    from jetson_containers.platform.host import derive_facts
    from jetson_containers.platform.probe import gather, run_command

    wanted = {read.L4T_PACKAGE}
    if Path(read.DRIVER_FILE).exists() or not Path(read.L4T_RELEASE_FILE).exists():
        wanted.add(read.SMI_QUERY)

    def quick(argv: Sequence[str]) -> str | None:
        return run_command(argv) if " ".join(argv) in wanted else None

    evidence = gather(run=quick)
    return derive_facts(evidence), read.smi_faults(evidence)


def _named(machine: Machine, environ: Mapping[str, str]) -> Machine:
    """The user's word counts more than what was found."""
    return replace(machine, system=SYSTEMS.get(environ.get("SYSTEM_ARCH", ""), machine.system))
