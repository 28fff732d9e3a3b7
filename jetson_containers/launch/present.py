"""What of a machine can be handed to a container: the paths that are there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

#: devices that come and go with what is plugged in; a directory stands for all in it
DEVICES = (
    "/dev/video[0-9]*",
    "/dev/i2c-[0-9]*",
    "/dev/ttyACM[0-9]*",
    "/dev/ttyUSB[0-9]*",
    "/dev/snd",
    "/dev/bus/usb",
)
ARGUS = "/tmp/argus_socket"
BOARD = "/proc/device-tree/model"
X_SOCKETS = "/tmp/.X11-unix"
#: sockets, directories and files of the system
FILES = (
    ARGUS,
    BOARD,
    X_SOCKETS,
    "/etc/enctune.conf",
    "/etc/nv_tegra_release",
    "/etc/localtime",
    "/etc/timezone",
    "/run/jtop.sock",
    "/var/run/dbus",
    "/var/run/avahi-daemon/socket",
)


def present(more: Iterable[str] = (), *, root: Path = Path("/")) -> frozenset[str]:
    """Those of :data:`DEVICES`, :data:`FILES` and ``more`` that exist below ``root``.

    The paths are told as seen from ``root``. A link that leads nowhere does not exist.
    """
    found = {path for path in (*FILES, *more) if _exists(root / path.lstrip("/"))}
    for pattern in DEVICES:
        for path in root.glob(pattern.lstrip("/")):
            if _exists(path):
                found.add("/" + path.relative_to(root).as_posix())
    return frozenset(found)


def in_order(paths: Iterable[str]) -> list[str]:
    """Sorted with numbers as numbers: ``video2`` before ``video10``."""
    return sorted(paths, key=lambda path: [(int(n or 0), s) for n, s in _PARTS.findall(path)])


_PARTS = re.compile(r"(?:(\d+)|(\D+))")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
