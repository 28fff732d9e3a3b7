"""Evaluating directories in guarded child processes, with a time limit for each.

A server process is guarded and runs no definition; the children that it forks off do. A child that
a definition left something behind in (an attribute of a module or class, a module) does no further
one: results do not depend on the order. Those that hang, or end the child, cost themselves alone.
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
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from jetson_containers.errors import Location
from jetson_containers.package import facts, guards, modules
from jetson_containers.package.evaluate import TimeUp, evaluate
from jetson_containers.package.evaluated import Evaluated, Settings
from jetson_containers.package.findings import Finding, one_line
from jetson_containers.package.limits import limit_memory, limited
from jetson_containers.package.reads import NotedTarget
from jetson_containers.package.residue import State
from jetson_containers.package.scan import Directory
from jetson_containers.package.scratch import Scratch
from jetson_containers.package.steady import Steady
from jetson_containers.platform.target import Target

#: seconds that a child gets beyond the limit to say itself which line took so long
GRACE = 1.0
#: characters that a definition may define
MAX_RESULT = 16_000_000
#: begins the line in which a child takes its leave
LAST = b"last "
#: bytes that begin each line of a child; a definition that writes into every file has others
SIGN = 16
#: what children did on the way: the next run in this process begins with it
_LEFT: list[bytes] = []
#: modules that definitions import and that are slow to: the first child that has one tells
COMMON = (
    "datetime",
    "fnmatch",
    "logging",
    "packaging.requirements",
    "packaging.specifiers",
    "packaging.utils",
    "packaging.version",
    "pprint",
    "requests",
    "shutil",
    "socket",
    "typing",
    "yaml",
)


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
                _write(writing, line)
                done += not line.startswith(LAST)
    except BaseException as error:  # a fault of this program: the parent raises it
        _write(writing, json.dumps({"fault": repr(error)}).encode())
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
        _evaluate(writing, directories, target, settings, time_limit, scratch, sign)
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
        problem = f"did not end within {time_limit:g} s"
    finally:
        os.close(reading)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    yield json.dumps(_failed(next(left), target, problem).to_dict()).encode()


def _warm(line: bytes) -> None:
    """Spare later children what this one has done: import modules, compile the tree's own.

    Law: no code of a tree runs here, and results do not depend on it.
    """
    done = json.loads(line.removeprefix(LAST))
    for name in done["imported"]:
        if name not in sys.modules:
            importlib.import_module(name)
    modules.compile_ahead(Path(path) for path in done["read"])


def _failed(directory: Directory, target: Target, problem: str) -> Evaluated:
    path = directory.path / "config.py"
    finding = Finding(
        target.name,
        directory.path.name,
        "failed-config",
        f"config.py {problem}",
        "error",
        Location(str(path)),
        "a config.py may only compute: no endless loops, no exit, no signals",
    )
    return Evaluated(findings=(finding,), inputs=(str(path),), lasting=False)


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


def _evaluate(
    writing: int,
    directories: Sequence[Directory],
    target: Target,
    settings: Settings,
    time_limit: float,
    scratch: Scratch,
    sign: bytes,
) -> None:
    """The child's whole life. Never returns."""
    dumps, known = json.dumps, sys.modules
    directory = directories[0]
    try:
        steady = Steady()
        before = State()
        sources: list[str] = []
        for directory in directories:
            result = _guarded(directory, target, settings, time_limit, scratch, steady)
            sources += [path for path in result.inputs if path.endswith(".py")]
            text = dumps(result.to_dict())
            if len(text) > MAX_RESULT:
                problem = f"defines more than {MAX_RESULT} characters"
                text = dumps(_failed(directory, target, problem).to_dict())
            _write(writing, sign + text.encode())
            if directory is directories[-1] or not before.holds():
                imported = [name for name in COMMON if name in known]
                read = [*dict.fromkeys(sources)]
                _write(writing, sign + LAST + dumps({"imported": imported, "read": read}).encode())
                break
    except BaseException as error:  # a definition can break what its own process is made of
        problem = f"broke the process that evaluates it ({type(error).__name__})"
        _write(writing, sign + dumps(_failed(directory, target, problem).to_dict()).encode())
    finally:
        os._exit(0)


def _write(writing: int, line: bytes) -> None:
    line += b"\n"
    while line:
        line = line[os.write(writing, line) :]


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


def _guarded(
    directory: Directory,
    target: Target,
    settings: Settings,
    time_limit: float,
    scratch: Scratch,
    steady: Steady,
) -> Evaluated:
    guard = scratch.guard
    guard.directory = os.path.realpath(directory.path)
    guard.forget()
    scratch.forget()
    os.environ.clear()
    os.environ.update(settings.environment)
    steady.forget()
    os.chdir(directory.path)
    try:
        with limited(time_limit):
            guard.active = True
            try:
                result = evaluate(directory, target, settings, guarded=True)
            finally:
                guard.active = False
    except TimeUp:  # it rang outside the definition's own code
        result = _failed(directory, target, f"did not end within {time_limit:g} s")
    written = scratch.texts()
    failed = [item.location for item in result.findings if item.severity == "error"]
    touched = tuple(
        Finding(
            target.name,
            directory.path.name,
            "touches-host",
            f"config.py was held back: {one_line(what)}",
            "warning",
            where or Location(str(directory.path / "config.py")),
            "a config.py describes; what has to be done belongs into the Dockerfile",
        )
        for what, where in guard.refused.items()
        if where not in failed  # the error says what was tried
    )
    asked = (*result.asked, "a connection") if guard.asked_network else result.asked
    return replace(
        result,
        findings=(*result.findings, *touched),
        asked=asked,
        inputs=tuple(dict.fromkeys((*result.inputs, *guard.opened()))),
        seen=tuple(dict.fromkeys((*result.seen, *guard.seen))),
        reads=tuple(sorted({*result.reads, *guard.reads})),
        generated=result.generated | written,
    )
