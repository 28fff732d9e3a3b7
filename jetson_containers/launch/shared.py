"""Devices, sockets and files of the machine that a container gets. Pure.

Source: the options that the ecosystem's ``run.sh`` gives, which the programs in its images expect.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from jetson_containers.launch import given as own
from jetson_containers.launch.given import Pairs
from jetson_containers.launch.present import ARGUS, BOARD, in_order

#: where programs in containers look for the name of the board; /proc is the container's own there
BOARD_IN_CONTAINER = "/tmp/nv_jetson_model"
#: host path, path in the container, read only
EVERYWHERE = (
    ("/etc/localtime", "/etc/localtime", True),
    ("/etc/timezone", "/etc/timezone", True),
    ("/run/jtop.sock", "/run/jtop.sock", False),
)
ON_JETSON = (
    (ARGUS, ARGUS, False),
    ("/etc/enctune.conf", "/etc/enctune.conf", False),
    ("/etc/nv_tegra_release", "/etc/nv_tegra_release", False),
    (BOARD, BOARD_IN_CONTAINER, True),
    ("/var/run/dbus", "/var/run/dbus", False),
    ("/var/run/avahi-daemon/socket", "/var/run/avahi-daemon/socket", False),
)
#: devices that only a Jetson hands over: on a PC these are its keyboard and its disks
ONLY_JETSON = ("/dev/bus/usb",)
#: secrets that go by name: the value stands in no list of processes
SECRETS = ("HF_TOKEN", "HUGGINGFACE_TOKEN")


def bind(source: str, target: str, *, read_only: bool = False) -> tuple[str, ...]:
    """A bind mount of an existing path.

    ``--volume`` divides its value at colons; ``--mount`` takes any path, quoted as in CSV.
    """
    if ":" in source or ":" in target:
        quoted = ",".join(
            '"' + f"{key}={path}".replace('"', '""') + '"' if _odd(path) else f"{key}={path}"
            for key, path in (("source", source), ("target", target))
        )
        return ("--mount", f"type=bind,{quoted}{',readonly' if read_only else ''}")
    return ("--volume", f"{source}:{target}{':ro' if read_only else ''}")


def file_mounts(given: Pairs, present: Collection[str], *, jetson: bool) -> Iterator[str]:
    """The system's sockets and files, at the places that the user's mounts leave free."""
    taken = own.mount_points(given)
    for source, target, read_only in (*EVERYWHERE, *(ON_JETSON if jetson else ())):
        if source in present and target not in taken:
            yield from bind(source, target, read_only=read_only)


def device_options(given: Pairs, present: Collection[str], *, jetson: bool) -> Iterator[str]:
    """Cameras, I2C buses, serial lines and sound; on a Jetson all of USB."""
    taken = own.devices(given)
    for path in in_order(path for path in present if path.startswith("/dev/")):
        if path not in taken and (jetson or path not in ONLY_JETSON):
            yield from ("--device", path)


def pulse_directory(environ: Mapping[str, str]) -> str:
    """Where PulseAudio's socket lies, or would lie; empty without a session."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return f"{runtime}/pulse" if runtime.startswith("/") else ""


def sound_server(
    given: Pairs, present: Collection[str], environ: Mapping[str, str]
) -> Iterator[str]:
    """PulseAudio's socket, and where it is."""
    folder = pulse_directory(environ)
    if folder not in present or "PULSE_SERVER" in own.variables(given):
        return
    yield from ("--env", f"PULSE_SERVER=unix:{folder}/native")
    if folder not in own.mount_points(given):
        yield from bind(folder, folder)


def secrets(given: Pairs, environ: Mapping[str, str]) -> Iterator[str]:
    """The Hugging Face token, where there is one."""
    for name in SECRETS:
        if environ.get(name) and name not in own.variables(given):
            yield from ("--env", name)


def upload_key(given: Pairs, environ: Mapping[str, str], present: Collection[str]) -> Iterator[str]:
    """The key with which images of the ecosystem upload wheels (``SCP_UPLOAD_KEY``)."""
    key, place = environ.get("SCP_UPLOAD_KEY", ""), "/root/.ssh/scp_upload_key"
    if key and key in present and "SCP_UPLOAD_KEY" not in own.variables(given):
        yield from bind(key, place, read_only=True)
        yield from ("--env", f"SCP_UPLOAD_KEY={place}")


def permissions(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What ``USE_OPTIONAL_PERMISSION_ARGS=true`` asks for: mounting file systems in a container."""
    if environ.get("USE_OPTIONAL_PERMISSION_ARGS") != "true":
        return ()
    return (
        "--volume", "/lib/modules:/lib/modules", "--device", "/dev/fuse",
        "--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined",
    )  # fmt: skip


def _odd(path: str) -> bool:
    return any(character in path for character in ',":\n')
