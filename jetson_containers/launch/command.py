"""The command line that starts a container. Pure: a machine and wishes in, argv out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

from jetson_containers.errors import BuilderError
from jetson_containers.launch import given as own
from jetson_containers.launch import shared
from jetson_containers.launch.display import display_options
from jetson_containers.launch.given import Pairs
from jetson_containers.launch.options import Words, read_words
from jetson_containers.platform.cdi import ALL_GPUS, reads_unlisted
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.target import System

#: size of /dev/shm; Docker's own 64 MB is too little for the data loaders of PyTorch
SHM_SIZE = "8g"
#: where the data directory is seen in a container
DATA = "/data"
#: for memory that a GPU reads directly, and for deep call stacks, as NVIDIA's images ask
LIMITS = (("memlock", "-1"), ("stack", "67108864"))
#: NVIDIA Container Toolkit, installation guide: installing, then configuring Docker
INSTALL = (
    "sudo apt-get install -y nvidia-container-toolkit && "
    "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"
)

#: where standard input comes from: a person's terminal, a pipe or file, or nobody
Input = Literal["terminal", "stream", "none"]


class LaunchError(BuilderError):
    """What stands in the way of a container, found before it starts."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a container is started on.

    ``system`` is ``None`` where it is not known: then it may be a Tegra, and is treated as one.
    ``jetson`` is whether there is an L4T of any release, or may be. ``runtimes`` and
    ``cdi_devices`` are what the engine lists, ``cdi_unlisted`` is whether it takes CDI devices of
    GPUs and lists none, ``rootless`` whether it has only a user's rights.
    ``present`` are the paths that exist
    (:func:`jetson_containers.launch.present.present`), ``environ`` the session's variables.
    """

    system: System | None
    jetson: bool = False
    runtimes: Collection[str] = ()
    cdi_devices: Collection[str] = ()
    cdi_unlisted: bool = False
    rootless: bool = False
    present: Collection[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)


def machine_of(
    facts: HostFacts, *, present: Collection[str] = (), environ: Mapping[str, str] | None = None
) -> Machine:
    """The machine of the facts; ``present`` and ``environ`` are no facts of a host."""
    engine = facts.engine.value
    return Machine(
        facts.system.value,
        jetson=facts.l4t.value is not None or _may_be_jetson(facts),
        runtimes=engine.runtimes if engine else (),
        cdi_devices=engine.cdi_devices if engine else (),
        cdi_unlisted=bool(engine and reads_unlisted(engine, present)),
        rootless=bool(engine and engine.more.get("rootless")),
        present=present,
        environ=environ or {},
    )


def _may_be_jetson(facts: HostFacts) -> bool:
    """The system of an Arm machine is not known only where something says that it is a Jetson."""
    return facts.system.value is None and facts.machine.value == "aarch64"


def run_argv(
    words: Words,
    machine: Machine,
    *,
    stdin: Input = "none",
    gpu: bool = True,
    name: str = "",
    data: PurePath | None = None,
    cookies: str = "",
    docker: str = "docker",
) -> tuple[str, ...]:
    """The argv of ``docker run`` for the options, image and command of ``words``.

    ``name`` is the container's, ``data`` the directory for :data:`DATA`, ``cookies`` the file that
    opens the display; each may be left out. Law: the user's words stand in the result untouched
    and last, and no default of a kind that they name does. Raises :class:`LaunchError` when
    ``gpu`` is wanted and cannot be had.
    """
    given = tuple(pair for option in words.options for pair in option.names)
    defaults = [
        *(gpu_options(given, machine) if gpu else ()),
        *removal(given),
        *session(given, stdin),
        *naming(given, name),
        *network(given),
        *shared_memory(given),
        *(limits(given, machine) if gpu else ()),
        *(data_mount(given, data) if data is not None else ()),
        *shared.file_mounts(given, machine.present, jetson=machine.jetson),
        *shared.device_options(given, machine.present, jetson=machine.jetson),
        *display_options(given, machine.environ, machine.present, cookies),
        *shared.sound_server(given, machine.present, machine.environ),
        *shared.secrets(given, machine.environ),
        *shared.upload_key(given, machine.environ, machine.present),
        *shared.permissions(machine.environ),
    ]
    theirs = (word for option in words.options for word in option.words)
    return (docker, "run", *defaults, *theirs, words.image, *words.command)


def gpu_options(given: Pairs, machine: Machine) -> tuple[str, ...]:
    """How the container gets its GPUs.

    On Tegra through the runtime, never ``--gpus``: the integrated GPU's libraries and devices are
    mounted by ``nvidia-container-runtime`` in its CSV mode, which ``--gpus`` passes by (NVIDIA
    Container Toolkit, "Tegra-based systems"). So too where the system is not known: the runtime
    finds out by itself. Elsewhere the CDI device where the engine lists it, else ``--gpus all``;
    without a runtime the CDI device also where the engine reads what it does not list.
    What the runtime lends of the driver is named; CDI lends all of it.
    """
    if own.names(given) & {"runtime", "gpus"}:
        return ()
    if any(name == "device" and "nvidia.com/" in value for name, value in given):
        return ()
    if machine.system in ("tegra", None):
        if "nvidia" in machine.runtimes:
            return ("--runtime", "nvidia", *capabilities(given, "compute,utility,graphics"))
    elif ALL_GPUS in machine.cdi_devices:
        return ("--device", ALL_GPUS)
    elif "nvidia" in machine.runtimes:
        return ("--gpus", "all", *capabilities(given, "all"))
    elif machine.cdi_unlisted:
        return ("--device", ALL_GPUS)
    listed = ", ".join(sorted(machine.runtimes)) or "none"
    raise LaunchError(
        f"the container engine has no NVIDIA runtime (its runtimes: {listed}), "
        "so no container can reach a GPU",
        hint=f"{INSTALL}\n  or go on without a GPU: run --no-gpu",
    )


def capabilities(given: Pairs, lent: str) -> tuple[str, ...]:
    """The driver's parts: NVIDIA's runtime lends compute and utility only, unless it is told."""
    name = "NVIDIA_DRIVER_CAPABILITIES"
    return () if name in own.variables(given) else ("--env", f"{name}={lent}")


def removal(given: Pairs) -> tuple[str, ...]:
    """The container is removed when it ends; Docker refuses that beside a restart policy."""
    return () if own.names(given) & {"rm", "restart"} else ("--rm",)


def session(given: Pairs, stdin: Input) -> tuple[str, ...]:
    """Standard input where there is one, and a terminal for a person who sits there."""
    taken = own.names(given) & {"interactive", "tty", "detach", "attach"}
    return () if taken else {"terminal": ("-it",), "stream": ("-i",), "none": ()}[stdin]


def naming(given: Pairs, name: str) -> tuple[str, ...]:
    """A name that is printed before the container starts, to reach it by."""
    return () if not name or "name" in own.names(given) else ("--name", name)


def network(given: Pairs) -> tuple[str, ...]:
    """The host's network, as the ecosystem's servers and ROS nodes expect."""
    return () if own.names(given) & {"network", "net"} else ("--network", "host")


def shared_memory(given: Pairs) -> tuple[str, ...]:
    """Room in /dev/shm; with ``--ipc`` that is another's."""
    return () if own.names(given) & {"shm-size", "ipc"} else ("--shm-size", SHM_SIZE)


def limits(given: Pairs, machine: Machine) -> Iterator[str]:
    """Resource limits for discrete GPUs, where the engine may raise them."""
    if machine.system in ("tegra", None) or machine.rootless:
        return
    for name, value in LIMITS:
        if name not in own.limits(given):
            yield from ("--ulimit", f"{name}={value}")


def data_mount(given: Pairs, data: PurePath) -> tuple[str, ...]:
    """The directory for models and data sets, at :data:`DATA`."""
    return () if DATA in own.mount_points(given) else shared.bind(str(data), DATA)


def with_sudo(argv: Sequence[str], more: Collection[str] = ()) -> tuple[str, ...]:
    """``argv`` of :func:`run_argv` as root, for an engine that answers root alone.

    sudo clears the environment: what the client takes from it by name, and ``more``, is kept.
    """
    given = [pair for option in read_words(argv[2:]).options for pair in option.names]
    kept = sorted({*own.inherited(given), *more})
    return ("sudo", *((f"--preserve-env={','.join(kept)}",) if kept else ()), *argv)
