"""Whole processes with what they used: time, memory of all of them together, what they wrote."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: seconds between two looks at the memory
PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Used:
    """What a command needed, with all that it started.

    ``cpu`` counts descendants that were waited for. ``peak_mib`` is the largest sum of PSS that a
    look every :data:`PAUSE` seconds saw, or its own largest RSS where that is more.
    """

    status: int
    seconds: float
    cpu: float
    peak_mib: float
    stdout: bytes
    stderr: bytes


def use(
    argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Used:
    """Run ``argv`` to its end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.perf_counter()
        process = subprocess.Popen(argv, stdout=out, stderr=err, env=env, cwd=cwd)
        peak_kib = 0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak_kib = max(peak_kib, sum(pss_kib(item) for item in family(process.pid)))
            time.sleep(PAUSE)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        peak_mib = max(peak_kib, usage.ru_maxrss) / 1024
        cpu = usage.ru_utime + usage.ru_stime
        return Used(process.returncode, seconds, cpu, peak_mib, out.read(), err.read())


def cpu_seconds() -> float:
    """What this process and those that it started and saw end have computed so far."""
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + others.ru_utime + others.ru_stime


def family(pid: int) -> Iterator[int]:
    """``pid`` and its descendants, as far as they are still there."""
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def pss_kib(pid: int) -> int:
    """The process's share of the memory it uses, in KiB; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
