"""On what kind of disk does the engine keep its images?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, info, ok, warning

#: name and size in bytes of every disk; neither model nor serial number
DISKS = "lsblk -dnbo NAME,SIZE"
#: which device holds the engine's data root, and with which file system
DATA_DEVICE = "findmnt -no SOURCE,FSTYPE --target DATA_ROOT"
#: file systems that overlayfs cannot lie on, or not for root's files
UNFIT = ("nfs", "nfs4", "cifs", "vfat", "exfat", "fuseblk", "9p")


def judge(host: Host) -> Iterator[Verdict]:
    held = (host.output(DATA_DEVICE) or "").split()
    if len(held) != 2:
        return
    device, system = held
    if system in UNFIT:
        yield warning(
            f"the engine keeps its images on {system}, which cannot hold layers: use a directory "
            "on ext4, xfs or btrfs"
        )
    disks = [line.split()[0] for line in (host.output(DISKS) or "").splitlines() if line.split()]
    spare = [name for name in disks if name.startswith("nvme")]
    if re.match(r"/dev/mmcblk", device) and spare:
        yield warning(
            f"images are kept on {device}, a card or eMMC, and there is an NVMe disk "
            f"({', '.join(spare)}): builds take several times as long, and wear the card out. "
            'Set "data-root" in /etc/docker/daemon.json to a directory on it',
            host.advice(
                ("editor", "/etc/docker/daemon.json"),
                ("systemctl", "restart", "docker"),
                disturbs="restarting Docker stops every container; images have to be copied or "
                "pulled again",
            ),
        )
    elif re.match(r"/dev/mmcblk", device):
        yield info(f"images are kept on {device}, a card or eMMC: builds are slow, and wear it out")
    else:
        yield ok(f"images are kept on {device} ({system})")


CHECK = Check("disk", "the disk that holds the images: card, eMMC or NVMe", judge)
