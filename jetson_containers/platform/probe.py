"""Gathering evidence from a machine: the one module here that touches it.

The machine is handed in: a root directory to read files under, and a function to run commands
with. Nothing happens at import.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jetson_containers.platform import read
from jetson_containers.platform.evidence import Evidence

#: seconds after which a command counts as not there; nvidia-smi can hang on a broken driver
COMMAND_LIMIT = 10.0

#: given an argv list, its standard output, or ``None`` where it is missing, failed or too slow
Runner = Callable[[Sequence[str]], "str | None"]

FILES = (
    read.L4T_RELEASE_FILE,
    read.OS_RELEASE,
    read.MODEL_FILE,
    read.DRIVER_FILE,
    read.CUDA_FILE,
    read.MEMORY_FILE,
    read.CGROUP_FILE,
)
COMMANDS: Mapping[str, tuple[str, ...]] = {
    command: tuple(command.split())
    for command in (
        read.SMI_QUERY,
        read.SMI,
        read.L4T_PACKAGE,
        read.PYTHON_COMMAND,
        read.DISK_COMMAND,
    )
}


def run_command(argv: Sequence[str], *, limit: float = COMMAND_LIMIT) -> str | None:
    """Run ``argv``; its standard output, or ``None`` where it is missing, failed or too slow."""
    try:
        done = subprocess.run(
            list(argv),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def gather(
    *,
    root: Path = Path("/"),
    run: Runner = run_command,
    machine: str | None = None,
    kernel: str | None = None,
    engine: Mapping[str, Any] | None = None,
) -> Evidence:
    """The evidence of the machine whose file system is ``root`` and whose commands ``run`` runs.

    ``machine`` and ``kernel`` default to this machine's ``uname``; ``engine`` is what a container
    engine answered, for whoever asked it. Files that hold serial numbers are not read.
    """
    uname = os.uname()
    texts = {path: _text(root / path.lstrip("/")) for path in FILES}
    outputs = {command: run(argv) for command, argv in COMMANDS.items()}
    return Evidence(
        machine=machine if machine is not None else uname.machine,
        kernel=kernel if kernel is not None else uname.release,
        files={path: text for path, text in texts.items() if text is not None},
        commands={command: text for command, text in outputs.items() if text is not None},
        engine=dict(engine or {}),
    )


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
