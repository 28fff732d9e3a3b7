"""Gathering evidence from a machine: the one module here that touches it.

The machine is handed in: a root directory to read files under, and a function to run commands
with. Nothing happens at import.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jetson_containers.platform import read
from jetson_containers.platform.evidence import Evidence
from jetson_containers.questions import ask_all

#: seconds after which a command counts as not there; nvidia-smi can hang on a broken driver
COMMAND_LIMIT = 10.0

#: characters of one file that are read; those that facts come from have some thousand
FILE_LIMIT = 1 << 20

#: where WSL puts the driver of Windows, outside of the usual path of commands
WSL_DRIVER = "usr/lib/wsl/lib"

#: given an argv list, what it printed, or ``None`` as :func:`run_command`
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
        read.L4T_PACKAGE,
        read.PYTHON_COMMAND,
        read.DISK_COMMAND,
    )
}


def run_command(argv: Sequence[str], *, limit: float = COMMAND_LIMIT) -> str | None:
    """Run ``argv``; its standard output, or ``None`` where it is missing, failed or too slow.

    Of ``nvidia-smi`` also what it prints when it fails: that is why there is no GPU to be had.
    """
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
    if done.returncode == 0:
        return done.stdout
    return (done.stdout or done.stderr) if Path(argv[0]).name == read.SMI else None


def gather(
    *,
    root: Path = Path("/"),
    run: Runner = run_command,
    machine: str | None = None,
    kernel: str | None = None,
    engine: Mapping[str, Any] | None = None,
    limit: float = COMMAND_LIMIT + 1,
) -> Evidence:
    """The evidence of the machine whose file system is ``root`` and whose commands ``run`` runs.

    ``machine`` and ``kernel`` default to this machine's ``uname``; ``engine`` is what a container
    engine answered, for whoever asked it. Commands run at the same time, so that all of them
    together take no longer than the slowest, and never longer than ``limit`` seconds: a process
    that waits in a broken driver cannot even be killed. Files that hold serial numbers are not
    read. The table of ``nvidia-smi`` is printed only where it may tell more than its query and
    the driver's library did.
    """
    end = time.monotonic() + limit
    uname = os.uname()
    machine = machine if machine is not None else uname.machine
    texts = {path: _text(root / path.lstrip("/")) for path in FILES}
    texts |= dict.fromkeys(_cuda_runtimes(root), "")
    asked = _commands(root, machine)
    said = _outputs(asked, run, limit)
    smi = asked.get(read.SMI_QUERY, (read.SMI,))[0]
    if _table_is_needed(said):
        said |= _outputs({read.SMI: (smi,)}, run, end - time.monotonic())
    return Evidence(
        machine=machine,
        kernel=kernel if kernel is not None else uname.release,
        files={path: text for path, text in texts.items() if text is not None},
        commands=said,
        engine=dict(engine or {}),
    )


def native_libcuda(root: Path, machine: str) -> Path | None:
    """The driver's own ``libcuda.so.1``, where the loader would look for it.

    Never one under ``compat/`` or ``stubs/``: the first belongs to a toolkit, the second answers
    nothing.
    """
    multiarch = f"usr/lib/{machine}-linux-gnu"
    folders = (
        WSL_DRIVER,
        f"{multiarch}/nvidia",
        f"{multiarch}/tegra",
        multiarch,
        "usr/lib64",
        "usr/lib",
    )
    for folder in folders:
        path = root / folder / "libcuda.so.1"
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):
            continue
        if not {"compat", "stubs"} & set(real.parts):
            return path
    return None


def _commands(root: Path, machine: str) -> dict[str, tuple[str, ...]]:
    """What to run, by the name under which evidence keeps the output."""
    asked = dict(COMMANDS)
    smi = root / WSL_DRIVER / "nvidia-smi"
    if smi.exists():
        asked |= {
            name: (str(smi), *argv[1:]) for name, argv in asked.items() if argv[0] == read.SMI
        }
    library = native_libcuda(root, machine)
    if library is not None:
        asked[read.CU_DRIVER] = (sys.executable, "-I", "-S", "-c", _ASK_LIBCUDA, str(library))
    return asked


#: prints ``cuDriverGetVersion`` in a process of its own, for a broken driver takes it down
_ASK_LIBCUDA = (
    "import ctypes, sys; n = ctypes.c_int(); "
    "sys.exit(ctypes.CDLL(sys.argv[1]).cuDriverGetVersion(ctypes.byref(n)) or print(n.value))"
)


def _outputs(
    commands: Mapping[str, Sequence[str]], run: Runner, limit: float
) -> dict[str, str]:
    """What those commands print that answer within ``limit`` seconds."""
    said = ask_all([partial(run, argv) for argv in commands.values()], seconds=limit)
    return {
        name: text for name, text in zip(commands, said, strict=True) if isinstance(text, str)
    }


def _table_is_needed(said: Mapping[str, str]) -> bool:
    """Whether ``nvidia-smi`` is there, and its query or the driver's library told too little.

    An old one does not know every field of the query. One that gave no answer is not asked twice,
    nor one whose own library (NVML) fails.
    """
    if "NVML" in said.get(read.SMI_QUERY, "NVML"):
        return False
    known = Evidence("", commands=said)
    return not read.smi_rows(known) or read.cuda_of_libcuda(known).value is None


def _cuda_runtimes(root: Path) -> list[str]:
    """The names of the CUDA runtimes in the toolkit that the machine has by default."""
    folder, _, start = read.CUDART.rpartition("/")
    try:
        names = sorted(path.name for path in (root / folder.lstrip("/")).iterdir())
    except OSError:
        return []
    return [f"{folder}/{name}" for name in names if name.startswith(start)]


def _text(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(FILE_LIMIT)
    except OSError:
        return None
