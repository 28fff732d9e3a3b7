"""Evaluating directories in guarded child processes, with a time limit for each.

A server process is guarded and runs no definition; the children that it forks off do. Those that
hang, or end the child, cost themselves alone.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from jetson_containers.package import facts, guards, modules
from jetson_containers.package.child import LAST, live, no_result, write_line
from jetson_containers.package.evaluated import OUT_OF_TIME, Evaluated, Settings
from jetson_containers.package.limits import limit_memory
from jetson_containers.package.reads import NotedTarget
from jetson_containers.package.scan import Directory
from jetson_containers.package.scratch import Scratch
from jetson_containers.platform.target import Target

#: seconds that a child gets beyond the limit to say itself which line took so long
GRACE = 1.0
#: bytes that begin each line of a child; a definition that writes into every file has others
SIGN = 16
#: what children did on the way: the next run in this process begins with it
_LEFT: list[bytes] = []


def run(
    directories: Sequence[Directory], target: Target, settings: Settings, time_limit: float
) -> tuple[Evaluated, ...]:
    """Each directory evaluated, in order; ``time_limit`` in seconds is for each alone."""
    while _LEFT:
        _warm(_LEFT.pop())
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _serve(writing, directories, target, settings, time_limit)
    os.close(writing)
    results = []
    try:
        with os.fdopen(reading, "rb") as lines:
            for line in lines:
                if line.startswith(LAST):
                    _LEFT.append(line)
                    continue
                data = json.loads(line)
                if "fault" in data:
                    raise RuntimeError(data["fault"])
                results.append(Evaluated.from_dict(data))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    if len(results) != len(directories):
        raise RuntimeError("the process that evaluates definitions ended")
    return tuple(results)


def _serve(
    writing: int,
    directories: Sequence[Directory],
    target: Target,
    settings: Settings,
    time_limit: float,
) -> None:
    """The server's whole life: children for all directories, none of which it runs itself.

    Never returns, and runs nothing of the parent's clean-up.
    """
    try:
        os.setpgid(0, 0)
        gc.disable()
        _silence()
        _close_all_but(writing)
        warnings.simplefilter("ignore")
        for module in list(sys.modules.values()):
            if isinstance(module, ModuleType):  # else the first warning would count as a change
                vars(module).setdefault("__warningregistry__", {})
        roots = {item for directory in directories for item in (directory.root, directory.imports)}
        guard = guards.install(sorted(roots | set(settings.roots)), settings.environment, target)
        reads: dict[str, None] = {}
        files = facts.machine_files(NotedTarget.of(target, reads))
        scratch = Scratch(guard, files, reads)
        scratch.install()
        limit_memory()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        done = 0
        while done < len(directories):
            left = directories[done:]
            for line in _in_child(left, target, settings, time_limit, scratch, writing):
                write_line(writing, line)
                done += not line.startswith(LAST)
    except BaseException as error:  # a fault of this program: the parent raises it
        write_line(writing, json.dumps({"fault": repr(error)}).encode())
    finally:
        os._exit(0)


def _in_child(
    directories: Sequence[Directory],
    target: Target,
    settings: Settings,
    time_limit: float,
    scratch: Scratch,
    outer: int,
) -> Iterator[bytes]:
    """The first result, and those after it until a definition left something behind.

    ``outer`` is the way to the parent, which is closed to definitions. Law: what a definition
    writes into the other one is no result of any directory.
    """
    sign = os.urandom(SIGN).hex().encode()
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(outer)
        os.close(reading)
        live(writing, directories, target, settings, time_limit, scratch, sign)
    os.close(writing)
    left = iter(directories)
    problem = "ended the process that evaluates it"
    try:
        for signed in _lines(reading, time_limit + GRACE):
            line = signed.removeprefix(sign)
            if line == signed:
                problem = "wrote into a file that it did not open"
                break
            yield line
            if line.startswith(LAST):
                _warm(line)
                return
            next(left)
    except TimeoutError:
        problem = f"{OUT_OF_TIME} {time_limit:g} s"
    finally:
        os.close(reading)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    yield json.dumps(no_result(next(left), target, problem).to_dict()).encode()


def _warm(line: bytes) -> None:
    """Spare later children what this one has done: import modules, compile the tree's own.

    Law: no code of a tree runs here, and results do not depend on it.
    """
    done = json.loads(line.removeprefix(LAST))
    for name in done["imported"]:
        if name not in sys.modules:
            importlib.import_module(name)
    modules.compile_ahead(Path(path) for path in done["read"])


def _lines(reading: int, silence: float) -> Iterator[bytes]:
    """What a child writes, as it comes. Raises :class:`TimeoutError` when it is silent."""
    buffer = bytearray()
    deadline = time.monotonic() + silence
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        chunk = os.read(reading, 1 << 16)
        if not chunk:
            return
        buffer += chunk
        if b"\n" in chunk:
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                yield bytes(line)
            deadline = time.monotonic() + silence


def _silence() -> None:
    """Nothing that is read or printed from here on reaches a terminal or a file."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stderr = os.fdopen(1, "w", encoding="utf-8", closefd=False)


def _close_all_but(kept: int) -> None:
    """Files that the parent has open are not the definitions'."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not paths
        if int(name) > 2 and int(name) != kept:
            with suppress(OSError):  # the listing itself is closed by now
                os.close(int(name))
