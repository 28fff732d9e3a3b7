"""``--csi2webcam``: CSI cameras of a Jetson as webcams that any program can open. Pure.

A GStreamer pipeline on the host takes each camera's frames through Argus, and feeds them as JPEG
to a loopback device that looks like a webcam. Source: the ecosystem's ``run.sh``; v4l2loopback's
module parameters ``video_nr``, ``exclusive_caps`` and ``card_label``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from jetson_containers.errors import UsageError
from jetson_containers.launch.command import LaunchError
from jetson_containers.launch.present import in_order

CAPTURE, OUTPUT = "1640x1232@30", "1280x720@30"
#: the raw Bayer format of a CSI sensor, in what ``v4l2-ctl --list-formats-ext`` tells
SENSOR_FORMAT = "RG10"
UNLOAD = "sudo modprobe -r v4l2loopback"
#: program: what installs it
NEEDED = {
    "v4l2-ctl": "sudo apt-get install -y v4l-utils",
    "gst-launch-1.0": "sudo apt-get install -y gstreamer1.0-tools",
}
INSTALL_MODULE = "sudo apt-get install -y v4l2loopback-dkms"


@dataclass(frozen=True, slots=True)
class Mode:
    """Width and height in pixels, frames a second."""

    width: int
    height: int
    fps: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}@{self.fps}"


@dataclass(frozen=True, slots=True)
class Cameras:
    """``prepare`` is run first, as root; each of ``pipelines`` runs beside the container.

    ``hidden`` are the devices that the container does not get: a camera serves one reader.
    ``made`` are the webcams.
    """

    prepare: tuple[tuple[str, ...], ...]
    pipelines: tuple[tuple[str, ...], ...]
    hidden: frozenset[str]
    made: tuple[str, ...]


def parse_mode(text: str, option: str) -> Mode:
    """``1280x720@30``; raises :class:`UsageError` naming ``option`` for anything else."""
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})@([1-9]\d{0,3})", text, re.ASCII)
    if match is None:
        raise UsageError(
            f"{option}={text} is no resolution", hint=f"WIDTHxHEIGHT@FPS, such as {OUTPUT}"
        )
    width, height, fps = map(int, match.groups())
    return Mode(width, height, fps)


def plan_cameras(
    csi: Collection[str],
    present: Collection[str],
    loopbacks: Sequence[str],
    *,
    capture: Mode,
    output: Mode,
) -> Cameras:
    """Commands and devices for the cameras ``csi`` (``/dev/video0``, ...).

    ``present`` are the paths that exist, ``loopbacks`` the devices of a v4l2loopback that is
    loaded already, which serve again. Cameras are counted for Argus in the order of their
    devices. Raises :class:`LaunchError` where there is no camera, or too few loopbacks.
    """
    cameras = in_order(csi)
    if not cameras:
        raise LaunchError(
            "no CSI camera was found: no /dev/video* has the format " + SENSOR_FORMAT,
            hint="v4l2-ctl --list-devices",
        )
    made = tuple(in_order(loopbacks))[: len(cameras)]
    prepare: list[tuple[str, ...]] = [("systemctl", "restart", "nvargus-daemon.service")]
    if not made:
        numbers = _free_numbers(present, len(cameras))
        made = tuple(f"/dev/video{number}" for number in numbers)
        prepare.append(_load(numbers))
    elif len(made) < len(cameras):
        raise LaunchError(
            f"v4l2loopback is loaded with {len(made)} devices, and there are {len(cameras)} "
            "CSI cameras",
            hint=f"{UNLOAD}, then run again",
        )
    pipelines = (pipeline(sensor, device, capture, output) for sensor, device in enumerate(made))
    return Cameras(tuple(prepare), tuple(pipelines), frozenset(cameras), made)


def pipeline(sensor: int, device: str, capture: Mode, output: Mode) -> tuple[str, ...]:
    """The argv of GStreamer that feeds camera ``sensor`` to ``device``."""
    size = f"width={output.width}, height={output.height}"
    rate = f"framerate={output.fps}/1"
    queue = ("queue", "max-size-buffers=1", "leaky=downstream")
    parts: tuple[tuple[str, ...], ...] = (
        ("nvarguscamerasrc", f"sensor-id={sensor}"),
        (
            f"video/x-raw(memory:NVMM), format=NV12, width={capture.width}, "
            f"height={capture.height}, framerate={capture.fps}/1",
        ),
        queue,
        ("nvvidconv",),
        (f"video/x-raw, {size}, {rate}, format=I420",),
        queue,
        ("nvjpegenc",),
        queue,
        ("multipartmux",),
        ("multipartdemux", "single-stream=1"),
        (
            f"image/jpeg, {size}, parsed=(boolean)true, colorimetry=(string)2:4:7:1, {rate}, "
            "sof-marker=(int)0",
        ),
        ("v4l2sink", f"device={device}", "sync=false"),
    )
    joined = [word for part in parts for word in ("!", *part)]
    return ("gst-launch-1.0", "-v", *joined[1:])


def _free_numbers(present: Collection[str], count: int) -> list[int]:
    """The first device numbers above those that are taken."""
    taken = (re.fullmatch(r"/dev/video(\d+)", path) for path in present)
    first = max((int(match[1]) + 1 for match in taken if match), default=0)
    return list(range(first, first + count))


def _load(numbers: Sequence[int]) -> tuple[str, ...]:
    count = len(numbers)
    return (
        "modprobe",
        "v4l2loopback",
        f"video_nr={','.join(map(str, numbers))}",
        f"exclusive_caps={','.join(['1'] * count)}",
        f"card_label={','.join(f'Cam{number}' for number in range(1, count + 1))}",
    )
