"""The commands of ``run`` on eight machines; ``python -m tests.golden.run_commands`` rewrites them.

A machine is its evidence, the paths that exist on it, and the session of the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from jetson_containers.launch.command import LaunchError, machine_of, run_argv
from jetson_containers.launch.options import read_words
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.host import derive_facts

FOLDER = Path(__file__).parent / "run"
WORDS = ("-e", "MODEL=a b", "dustynv/sglang:tag", "python3", "-m", "serve", "--gpus", "2")
JETSON = frozenset(
    {
        "/dev/snd", "/dev/bus/usb", "/etc/localtime", "/etc/timezone", "/etc/nv_tegra_release",
        "/etc/enctune.conf", "/proc/device-tree/model", "/tmp/argus_socket", "/var/run/dbus",
        "/var/run/avahi-daemon/socket", "/run/jtop.sock", "/tmp/.X11-unix",
        *(f"/dev/i2c-{number}" for number in (0, 1, 2, 10)),
    }
)  # fmt: skip
SERVER = frozenset({"/etc/localtime", "/etc/timezone"})
DESKTOP = SERVER | {
    "/dev/snd", "/dev/bus/usb", "/dev/video0", "/dev/video1", "/dev/ttyUSB0", "/tmp/.X11-unix",
    "/run/user/1000/pulse", "/var/run/dbus",
}  # fmt: skip
SESSION = {"DISPLAY": ":0", "XDG_RUNTIME_DIR": "/run/user/1000", "HF_TOKEN": "hf_secret"}


@dataclass(frozen=True, slots=True)
class Case:
    machine: str
    l4t: str = ""
    runtimes: tuple[str, ...] = ("nvidia", "runc")
    cdi: tuple[str, ...] = ()
    present: frozenset[str] = SERVER
    environ: Mapping[str, str] = field(default_factory=dict)


CASES = {
    "orin-jp5": Case("aarch64", "R35 (release), REVISION: 4.1", present=JETSON),
    "orin-jp6": Case(
        "aarch64",
        "R36 (release), REVISION: 4.3",
        cdi=("nvidia.com/gpu=all",),
        present=JETSON | {"/dev/video0", "/dev/video2", "/dev/video10", "/dev/ttyACM0"},
        environ=SESSION,
    ),
    "nano-jp46": Case(
        "aarch64", "R32 (release), REVISION: 7.6", present=JETSON - {"/run/jtop.sock"}
    ),
    "thor-jp7": Case("aarch64", "R38 (release), REVISION: 2.0", present=JETSON),
    "sbsa-server": Case("aarch64", cdi=("nvidia.com/gpu=0", "nvidia.com/gpu=all")),
    "x86-cdi": Case("x86_64", cdi=("nvidia.com/gpu=all",), present=DESKTOP, environ=SESSION),
    "x86-gpus": Case("x86_64", present=DESKTOP, environ=SESSION),
    "x86-without-runtime": Case("x86_64", runtimes=("runc",)),
}


def golden(name: str) -> str:
    """The command, one option a line, or what stands in its way."""
    case = CASES[name]
    release = f"# {case.l4t}, GCID: 1, BOARD: generic, EABI: aarch64, DATE: x\n"
    evidence = Evidence(
        case.machine,
        files={"/etc/nv_tegra_release": release} if case.l4t else {},
        engine={
            "server_version": "28", "runtimes": case.runtimes, "cdi_devices": case.cdi
        },
    )  # fmt: skip
    machine = machine_of(derive_facts(evidence), present=case.present, environ=case.environ)
    try:
        argv = run_argv(
            read_words(WORDS),
            machine,
            stdin="terminal",
            name="jetson_container_1",
            data=PurePosixPath("/home/user/jetson-containers/data"),
            cookies="/run/user/1000/jetson-containers/display/0",
        )
    except LaunchError as error:
        return f"{error}\n"
    read = read_words(argv[2:])
    options = (" ".join(option.words) for option in read.options)
    return "\n".join((*argv[:2], *options, read.image, *read.command)) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in CASES:
        (FOLDER / f"{name}.txt").write_text(golden(name), encoding="utf-8")
