"""Is there memory for compiling, and swap on a disk where there is not?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jetson_containers.doctor.model import (
    Check,
    Host,
    Verdict,
    info,
    ok,
    warning,
)
from jetson_containers.units import gigabytes

SWAPS = "/proc/swaps"
CPUS = "nproc"
#: bytes that one compiler of CUDA templates takes at its worst. A rule of thumb: FlashAttention's
#: README advises 4 jobs below 96 GB, most sources are content with far less.
PER_JOB = 4 * 2**30
#: bytes of memory and swap below which building from source fails sooner or later
ENOUGH = 16 * 2**30


def swap_areas(host: Host) -> tuple[tuple[str, int], ...] | None:
    """Device or file of every swap area with its bytes, or ``None`` where it is not known."""
    text = host.evidence.files.get(SWAPS)
    if text is None:
        return None
    rows = [line.split() for line in text.splitlines()[1:]]
    return tuple(
        (row[0], int(row[2]) * 1024) for row in rows if len(row) >= 3 and row[2].isdigit()
    )


def jobs_that_fit(memory: int, cpus: int) -> int:
    """How many compilers fit into ``memory`` bytes on ``cpus``; at least one."""
    return max(1, min(cpus, memory // PER_JOB))


def judge(host: Host) -> Iterator[Verdict]:
    memory = host.facts.memory.value
    if memory is None:
        yield info("the size of memory could not be told")
        return
    areas = swap_areas(host)
    compressed = [area for area in areas or () if re.search(r"/zram\d", area[0])]
    on_disk = sum(size for name, size in areas or () if (name, size) not in compressed)
    fits = memory + on_disk
    cpus = (host.output(CPUS) or "").strip()
    jobs = jobs_that_fit(fits, int(cpus)) if cpus.isdecimal() and len(cpus) < 6 else None
    told = f"{gigabytes(memory)} of memory and {gigabytes(on_disk)} of swap on a disk"
    advised = f"; building from source: MAX_JOBS={jobs}" if jobs else ""
    if fits < ENOUGH and areas is not None:
        yield warning(
            f"{told}: compiling CUDA code needs {gigabytes(ENOUGH)} together{advised}. Make a "
            "swap file, on NVMe where there is one, and name it in /etc/fstab",
            host.advice(
                ("fallocate", "-l", "16G", "/16GB.swap"),
                ("chmod", "600", "/16GB.swap"),
                ("mkswap", "/16GB.swap"),
                ("swapon", "/16GB.swap"),
            ),
        )
    else:
        yield ok(told + advised)
    if compressed:
        size = gigabytes(sum(size for _, size in compressed))
        yield info(
            f"{size} of swap are compressed memory (zram): they take from what compilers need. "
            "It can be switched off once there is swap on a disk",
            host.advice(("systemctl", "disable", "nvzramconfig")) if host.is_jetson else None,
        )


CHECK = Check("memory", "memory and swap for building from source", judge)
