"""How does the engine store the layers of images?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, info, ok, warning

#: Docker documentation, "Select a storage driver": drivers and why they are slow or gone.
#: ``devicemapper`` was removed in 25.0, ``aufs`` and the old ``overlay`` in 24.0.
SLOW = {
    "vfs": "every layer is a full copy: builds take many times the space and the time",
    "devicemapper": "it is slow, and gone from Docker 25.0 on",
    "aufs": "it is gone from Docker 24.0 on",
    "overlay": "it wastes inodes, and is gone from Docker 24.0 on",
}
GOOD = ("overlay2", "overlayfs", "overlay-containerd", "fuse-overlayfs", "btrfs", "zfs")


def judge(host: Host) -> Iterator[Verdict]:
    driver = host.engine("storage_driver")
    if not driver:
        return
    if driver in SLOW:
        yield warning(
            f"the engine stores layers with {driver}: {SLOW[driver]}. Set "
            '"storage-driver": "overlay2" in /etc/docker/daemon.json; images of the old driver '
            "are not seen any more afterwards",
            host.advice(
                ("editor", "/etc/docker/daemon.json"),
                ("systemctl", "restart", "docker"),
                disturbs="restarting Docker stops every container",
            ),
        )
    elif driver in GOOD:
        yield ok(f"layers are stored with {driver}")
    else:
        yield info(f"layers are stored with {driver}, which this check does not know")


CHECK = Check("storage-driver", "how the engine stores the layers of images", judge)
