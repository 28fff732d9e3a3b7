"""Processes of an engine: recognising them after a crash or a reboot, and ending them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: programs that an engine leaves behind; a process is only ours if it also names our folder
ENGINE_PROGRAMS = frozenset(
    {"dockerd", "containerd", "containerd-shim", "containerd-shim-runc-v2", "runc", "docker-proxy"}
)
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process that cannot be mistaken for a later one with the same number.

    ``started`` is field 22 of ``/proc/PID/stat``: clock ticks after boot (proc(5)). ``boot`` is
    ``/proc/sys/kernel/random/boot_id``.
    """

    pid: int
    started: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """The identity of a living process; ``None`` if there is none (a zombie is none)."""
        try:
            stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        if fields[0] in "ZX":
            return None
        return cls(pid, int(fields[19]), boot_id())

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return ProcessId.of(self.pid) == self


def boot_id() -> str:
    """The kernel's name for the time since the last boot."""
    path = PROC / "sys" / "kernel" / "random" / "boot_id"
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def of_engine(folder: Path) -> tuple[ProcessId, ...]:
    """Every living process of the engine whose data lie under ``folder``.

    That is: an engine program with the folder in its command line, and every process whose root
    is an overlay on the folder (what runs in a container). Processes of other engines, and those
    that merely mention the folder (an editor, a shell), are left out.
    """
    found = []
    for pid in _pids():
        if _is_engine_program(pid, folder) or _lives_in_container(pid, folder):
            identity = ProcessId.of(pid)
            if identity is not None:
                found.append(identity)
    return tuple(found)


def foreign_daemons(folder: Path) -> tuple[int, ...]:
    """Process numbers of Docker daemons in this network namespace whose folder is another."""
    here = _namespace(os.getpid(), "net")
    return tuple(
        pid
        for pid in _pids()
        if _command(pid)[:1] == ["dockerd"]
        and _namespace(pid, "net") == here
        and not _is_engine_program(pid, folder)
    )


def end(processes: Iterable[ProcessId], *, patience: float) -> None:
    """Ask every process to end, and after ``patience`` seconds kill what is left."""
    left = [process for process in processes if process.alive()]
    _signal(left, signal.SIGTERM)
    left = _await_end(left, patience)
    _signal(left, signal.SIGKILL)
    _await_end(left, 10.0)


def _await_end(processes: list[ProcessId], patience: float) -> list[ProcessId]:
    deadline = time.monotonic() + patience
    left = processes
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [process for process in left if process.alive()]
    return left


def _signal(processes: Iterable[ProcessId], number: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            continue


def _pids() -> Iterator[int]:
    own = os.getpid()
    for entry in PROC.iterdir():
        if entry.name.isdigit() and int(entry.name) != own:
            yield int(entry.name)


def _command(pid: int) -> list[str]:
    """The argument list, its first word without the folder; empty for a dead process."""
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    words = raw.decode("utf-8", "replace").rstrip("\0").split("\0")
    return [words[0].rpartition("/")[2], *words[1:]] if words[0] else []


def _is_engine_program(pid: int, folder: Path) -> bool:
    command = _command(pid)
    if not command or command[0] not in ENGINE_PROGRAMS:
        return False
    return any(word.partition("=")[2].startswith(f"{folder}/") or word.startswith(f"{folder}/")
               for word in command[1:])  # fmt: skip


def _lives_in_container(pid: int, folder: Path) -> bool:
    if _namespace(pid, "mnt") == _namespace(os.getpid(), "mnt"):
        return False
    try:
        mounts = (PROC / str(pid) / "mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    for line in mounts.splitlines():
        fields, _, tail = line.partition(" - ")
        if fields.split()[4:5] == ["/"] and tail.startswith("overlay "):
            return f"dir={folder}/" in tail or f":{folder}/" in tail
    return False


def _namespace(pid: int, kind: str) -> str:
    try:
        return str((PROC / str(pid) / "ns" / kind).readlink())
    except OSError:
        return ""
