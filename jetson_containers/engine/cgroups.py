"""Control groups for the private daemon on a machine (a bare chroot) that has none mounted.

Run as ``python cgroups.py PROGRAM ARGUMENT...`` inside a mount namespace
of its own: mounts what is missing there and becomes PROGRAM. The mounts end with the namespace.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def mounted(mountinfo: str) -> bool:
    """Whether a control group hierarchy is mounted, given the text of ``/proc/self/mountinfo``."""
    return any(
        line.partition(" - ")[2].startswith(("cgroup ", "cgroup2 "))
        and line.split()[4].startswith(str(ROOT))
        for line in mountinfo.splitlines()
    )


def commands(controllers: str, own_groups: str) -> Iterator[list[str]]:
    """The mount commands, from the texts of ``/proc/cgroups`` and ``/proc/self/cgroup``.

    The unified hierarchy if no controller is bound to an old one; else one old hierarchy for each
    line of ``own_groups``, with the same controllers together as the kernel has them.
    """
    old = [line.split(":", 2)[1] for line in own_groups.splitlines() if not line.startswith("0::")]
    if not old:
        yield ["mount", "-t", "cgroup2", "cgroup2", str(ROOT)]
        return
    enabled = {
        fields[0]
        for fields in (line.split() for line in controllers.splitlines())
        if len(fields) == 4 and fields[3] == "1"
    }
    yield ["mount", "-t", "tmpfs", "-o", "mode=755", "cgroup", str(ROOT)]
    for names in old:
        if names.startswith("name="):
            folder, options = ROOT / names[5:], f"none,{names}"
        elif set(names.split(",")) <= enabled:
            folder, options = ROOT / names, names
        else:
            continue
        yield ["mkdir", str(folder)]
        yield ["mount", "-t", "cgroup", "-o", options, "cgroup", str(folder)]


def main(argv: Sequence[str]) -> None:
    """Mount, then become ``argv``."""
    if not mounted(Path("/proc/self/mountinfo").read_text(encoding="utf-8")):
        if not Path("/sys/fs").is_dir():
            subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)
        controllers = Path("/proc/cgroups").read_text(encoding="utf-8")
        own_groups = Path("/proc/self/cgroup").read_text(encoding="utf-8")
        for command in commands(controllers, own_groups):
            subprocess.run(command, check=True)
    os.execv(argv[0], list(argv))


if __name__ == "__main__":
    main(sys.argv[1:])
