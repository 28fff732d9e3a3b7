"""Making webcams of CSI cameras before ``run`` becomes the container's process."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from jetson_containers.errors import raise_all
from jetson_containers.launch.cameras import (
    INSTALL_MODULE,
    NEEDED,
    SENSOR_FORMAT,
    UNLOAD,
    Cameras,
    Mode,
    plan_cameras,
)
from jetson_containers.launch.command import LaunchError
from jetson_containers.launch.present import in_order

#: prctl(2)
PR_SET_PDEATHSIG = 1


def find_cameras(
    present: Collection[str], environ: Mapping[str, str], *, capture: Mode, output: Mode
) -> Cameras:
    """What is to be done for the cameras that are plugged in; nothing is changed yet."""
    from jetson_containers.platform.probe import run_command

    raise_all(missing(environ))
    video = in_order(path for path in present if path.startswith("/dev/video"))
    loopbacks = [path for path in video if _is_loopback(path)]
    csi = [
        path
        for path in video
        if path not in loopbacks
        and SENSOR_FORMAT in (run_command(("v4l2-ctl", "-d", path, "--list-formats-ext")) or "")
    ]
    return plan_cameras(csi, present, loopbacks, capture=capture, output=output)


def missing(environ: Mapping[str, str]) -> list[LaunchError]:
    """Every program and kernel module that is not there, with what installs it."""
    path = environ.get("PATH", os.defpath)
    found = [
        LaunchError(f"--csi2webcam needs {program}, which is not installed", hint=remedy)
        for program, remedy in NEEDED.items()
        if shutil.which(program, path=path) is None
    ]
    loaded = Path("/sys/module/v4l2loopback").is_dir()
    if not loaded and not _succeeds(("modinfo", "v4l2loopback")):
        found.append(
            LaunchError(
                "--csi2webcam needs the kernel module v4l2loopback, which is not installed",
                hint=INSTALL_MODULE,
            )
        )
    return found


def start_cameras(cameras: Cameras, logs: Path, environ: Mapping[str, str]) -> None:
    """Prepare the machine and start the pipelines.

    They end with this process, also after it has become another. Raises :class:`LaunchError`
    when a preparation fails.
    """
    for words in cameras.prepare:
        argv = as_root(words)
        print(shlex.join(argv), file=sys.stderr, flush=True)
        if subprocess.run(argv, check=False).returncode != 0:
            raise LaunchError(f"{shlex.join(argv)} failed", hint="its own message stands above")
    logs.mkdir(parents=True, exist_ok=True)
    # GStreamer's elements would open windows on it
    without_display = {name: value for name, value in environ.items() if name != "DISPLAY"}
    for device, argv in zip(cameras.made, cameras.pipelines, strict=True):
        log = logs / f"csi2webcam-{Path(device).name}.log"
        print(f"{device}: a CSI camera, its log in {log}", file=sys.stderr)
        start_beside(argv, log, without_display)
    print(f"note: the webcams stay until `{UNLOAD}`", file=sys.stderr, flush=True)


def start_beside(argv: Sequence[str], log: Path, environ: Mapping[str, str]) -> int:
    """Start a process that gets SIGTERM when this one ends, however it does; its number.

    A Ctrl-C on the terminal does not reach it: the container may still need its frames.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environ,
            start_new_session=True,
            preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
        )
    return process.pid


def as_root(argv: Sequence[str]) -> tuple[str, ...]:
    """``argv``, with sudo unless this is root."""
    return tuple(argv) if os.geteuid() == 0 else ("sudo", *argv)


def _is_loopback(device: str) -> bool:
    """Whether no hardware stands behind a video device (sysfs: its parent is ``virtual``)."""
    link = Path("/sys/class/video4linux") / Path(device).name
    return "/virtual/" in os.path.realpath(link)


def _succeeds(argv: Sequence[str]) -> bool:
    from jetson_containers.platform.probe import run_command

    return run_command(argv) is not None
