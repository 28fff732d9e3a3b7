"""The command line that starts a container. Pure: facts and wishes in, argv out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePath

from jetson_containers.errors import BuilderError
from jetson_containers.launch.options import Option
from jetson_containers.platform.target import System

#: the CDI device that stands for every NVIDIA GPU (NVIDIA Container Toolkit, CDI support)
ALL_GPUS = "nvidia.com/gpu=all"
#: size of /dev/shm; Docker's own 64 MB is too little for the data loaders of PyTorch
SHM_SIZE = "8g"
#: where the data directory is seen in a container
DATA = "/data"
#: NVIDIA Container Toolkit, installation guide: installing, then configuring Docker
INSTALL = (
    "sudo apt-get install -y nvidia-container-toolkit && "
    "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"
)


class LaunchError(BuilderError):
    """What stands in the way of a container, found before it starts."""


def run_argv(
    image: str,
    *,
    system: System | None,
    runtimes: Collection[str] = (),
    cdi_devices: Collection[str] = (),
    options: Sequence[Option] = (),
    command: Sequence[str] = (),
    terminal: bool = False,
    gpu: bool = True,
    data: PurePath | None = None,
    docker: str = "docker",
) -> tuple[str, ...]:
    """The argv of ``docker run``.

    ``runtimes`` and ``cdi_devices`` are what the engine lists, ``system`` the host's (``None``:
    not known, treated as no Tegra), ``options`` the user's, ``data`` the directory for
    :data:`DATA`. Law: the user's words stand in the result untouched, and no default of a kind
    that they name does. Raises :class:`LaunchError` when ``gpu`` is wanted and cannot be had.
    """
    given = tuple(pair for option in options for pair in option.names)
    defaults = [
        *(gpu_options(given, system, runtimes, cdi_devices) if gpu else ()),
        *removal(given),
        *(session(given) if terminal else ()),
        *network(given),
        *shared_memory(given),
        *(data_mount(given, data) if data is not None else ()),
    ]
    own = (word for option in options for word in option.words)
    return (docker, "run", *defaults, *own, image, *command)


Pairs = Sequence[tuple[str, str]]


def gpu_options(
    given: Pairs, system: System | None, runtimes: Collection[str], cdi_devices: Collection[str]
) -> tuple[str, ...]:
    """How the container gets its GPUs.

    On Tegra through the runtime, never ``--gpus``: the integrated GPU's libraries and devices are
    mounted by ``nvidia-container-runtime`` in its CSV mode, which ``--gpus`` passes by (NVIDIA
    Container Toolkit, "Tegra-based systems"). Elsewhere the CDI device where the engine lists it,
    else ``--gpus all``.
    """
    if _names(given) & {"runtime", "gpus"}:
        return ()
    if any(name == "device" and "nvidia.com/" in value for name, value in given):
        return ()
    if system == "tegra":
        if "nvidia" in runtimes:
            return ("--runtime", "nvidia")
    elif ALL_GPUS in cdi_devices:
        return ("--device", ALL_GPUS)
    elif "nvidia" in runtimes:
        return ("--gpus", "all")
    listed = ", ".join(sorted(runtimes)) or "none"
    raise LaunchError(
        f"the container engine has no NVIDIA runtime (its runtimes: {listed}), "
        "so no container can reach a GPU",
        hint=f"{INSTALL}\n  or go on without a GPU: run --no-gpu",
    )


def removal(given: Pairs) -> tuple[str, ...]:
    """The container is removed when it ends; Docker refuses that beside a restart policy."""
    return () if _names(given) & {"rm", "restart"} else ("--rm",)


def session(given: Pairs) -> tuple[str, ...]:
    """Terminal and standard input, for a person who sits there."""
    taken = {"interactive", "tty", "detach", "attach"}
    return () if _names(given) & taken else ("-it",)


def network(given: Pairs) -> tuple[str, ...]:
    """The host's network, as the ecosystem's servers and ROS nodes expect."""
    return () if _names(given) & {"network", "net"} else ("--network", "host")


def shared_memory(given: Pairs) -> tuple[str, ...]:
    """Room in /dev/shm; with ``--ipc`` that is another's."""
    return () if _names(given) & {"shm-size", "ipc"} else ("--shm-size", SHM_SIZE)


def data_mount(given: Pairs, data: PurePath) -> tuple[str, ...]:
    """The directory for models and data sets, at :data:`DATA`."""
    if DATA in mount_points(given):
        return ()
    path = str(data)
    if ":" in path:
        source = '"' + f"source={path}".replace('"', '""') + '"'
        return ("--mount", f"type=bind,{source},target={DATA}")
    return ("--volume", f"{path}:{DATA}")


def mount_points(given: Pairs) -> frozenset[str]:
    """The places in the container that the user's own mounts take."""
    return frozenset(place.rstrip("/") or "/" for place in _places(given))


def _places(given: Pairs) -> Iterable[str]:
    for name, value in given:
        if name == "volume":
            parts = value.split(":")
            yield parts[1] if len(parts) > 1 else parts[0]
        elif name == "tmpfs":
            yield value.partition(":")[0]
        elif name == "mount":
            for part in value.split(","):
                key, _, place = part.strip('"').partition("=")
                if key in ("target", "dst", "destination"):
                    yield place


def _names(given: Pairs) -> set[str]:
    return {name for name, _ in given}
