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
import resource
import select
import signal
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from jetson_containers.errors import Location
from jetson_containers.package import facts, guards, modules
from jetson_containers.package.evaluate import TimeUp, evaluate
from jetson_containers.package.evaluated import Evaluated, Settings
from jetson_containers.package.findings import Finding
from jetson_containers.package.scan import Directory
from jetson_containers.package.scratch import Scratch
from jetson_containers.platform.target import Target

#: seconds that a child gets beyond the limit to say itself which line took so long
GRACE = 1.0
#: the bit of ``type.__flags__`` of classes that can be changed at all
HEAP_TYPE = 1 << 9
#: bytes of memory that a definition may use, bytes of a file, characters that it may define
MAX_MEMORY = 1 << 30
MAX_FILE = 1 << 24
MAX_RESULT = 16_000_000
#: begins the line in which a child takes its leave
LAST = b"last "
#: containers that Python itself fills in passing, and in which nobody looks
INNOCENT = (
    ("sys", "modules"),
    ("sys", "path_importer_cache"),
    ("re", "_cache"),
    ("re", "_cache2"),
    ("encodings", "_cache"),
    ("linecache", "cache"),
    ("_strptime", "_regex_cache"),
)
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
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _serve(writing, directories, target, settings, time_limit)
    os.close(writing)
    results = []
    try:
        with os.fdopen(reading, encoding="utf-8") as lines:
            for line in lines:
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
        warnings.simplefilter("ignore")
        for module in list(sys.modules.values()):
            if isinstance(module, ModuleType):  # else the first warning would count as a change
                vars(module).setdefault("__warningregistry__", {})
        roots = {item for directory in directories for item in (directory.root, directory.imports)}
        guard = guards.install(
            sorted(roots | set(settings.roots)), settings.environment, target.arch
        )
        scratch = Scratch(guard, facts.machine_files(target))
        scratch.install()
        _limit_memory()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        done = 0
        while done < len(directories):
            for result in _in_child(directories[done:], target, settings, time_limit, scratch):
                _write(writing, result)
                done += 1
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
) -> Iterator[bytes]:
    """The first result, and those after it until a definition left something behind."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _evaluate(writing, directories, target, settings, time_limit, scratch)
    os.close(writing)
    left = iter(directories)
    try:
        for line in _lines(reading, time_limit + GRACE):
            if line.startswith(LAST):
                _warm(json.loads(line.removeprefix(LAST)))
                return
            next(left)
            yield line
        problem = "ended the process that evaluates it"
    except TimeoutError:
        problem = f"did not end within {time_limit:g} s"
    finally:
        os.close(reading)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    yield json.dumps(_failed(next(left), target, problem).to_dict()).encode()


def _warm(done: Mapping[str, Any]) -> None:
    """Spare later children what this one has done: import modules, compile the tree's own.

    Law: no code of a tree runs here, and results do not depend on it.
    """
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
) -> None:
    """The child's whole life. Never returns."""
    dumps, known = json.dumps, sys.modules
    try:
        before = _State()
        for directory in directories:
            result = _guarded(directory, target, settings, time_limit, scratch)
            text = dumps(result.to_dict())
            if len(text) > MAX_RESULT:
                problem = f"defines more than {MAX_RESULT} characters"
                text = dumps(_failed(directory, target, problem).to_dict())
            _write(writing, text.encode())
            if directory is directories[-1] or not before.holds():
                imported = [name for name in COMMON if name in known]
                read = [path for path in result.inputs if path.endswith(".py")]
                _write(writing, LAST + dumps({"imported": imported, "read": read}).encode())
                break
    except BaseException as error:  # a fault of this program: the parent raises it
        _write(writing, dumps({"fault": repr(error)}).encode())
    finally:
        os._exit(0)


class _State:
    """What definitions could leave to one another: modules, their names, classes and containers.

    The lists, dicts and sets that modules and classes name are compared by what they hold, those
    inside them are not.
    """

    def __init__(self) -> None:
        self.modules = dict(sys.modules)
        found = [item for item in self.modules.values() if isinstance(item, ModuleType)]
        places: dict[int, ModuleType | type] = {id(module): module for module in found}
        for module in found:
            for item in vars(module).values():
                if isinstance(item, type) and item.__flags__ & HEAP_TYPE:
                    places[id(item)] = item
        self.places = [(vars(item), dict(vars(item))) for item in places.values()]
        held: dict[int, Any] = {
            id(item): item
            for _, names in self.places
            for name, item in names.items()
            if type(item) in (dict, list, set) and not name.startswith("__")
        }
        for name, innocent in INNOCENT:
            if name in self.modules:
                held.pop(id(getattr(self.modules[name], innocent, None)), None)
        self.containers = [(item, item.copy()) for item in held.values()]
        self.paths = (list(sys.path), list(sys.meta_path), list(sys.path_hooks))

    def holds(self) -> bool:
        """Whether all is as it was."""
        try:
            return (
                self.modules == dict(sys.modules)
                and self.paths == (sys.path, sys.meta_path, sys.path_hooks)
                and all(now == then for now, then in self.places)
                and all(now == then for now, then in self.containers)
            )
        except Exception:  # values that cannot be compared are others than before
            return False


def _limit_memory() -> None:
    """Children get this much beyond what is there now; a big file is beyond them too."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    for kind, most in (
        (resource.RLIMIT_AS, pages * resource.getpagesize() + MAX_MEMORY),
        (resource.RLIMIT_FSIZE, MAX_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        _, ceiling = resource.getrlimit(kind)
        if ceiling == resource.RLIM_INFINITY or most < ceiling:
            resource.setrlimit(kind, (most, most))


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


def _guarded(
    directory: Directory,
    target: Target,
    settings: Settings,
    time_limit: float,
    scratch: Scratch,
) -> Evaluated:
    guard = scratch.guard
    guard.directory = os.path.realpath(directory.path)
    guard.forget()
    scratch.forget()
    os.environ.clear()
    os.environ.update(settings.environment)
    os.chdir(directory.path)
    try:
        with _limited(time_limit):
            guard.active = True
            try:
                result = evaluate(directory, target, settings, guarded=True)
            finally:
                guard.active = False
    except TimeUp:  # it rang outside the definition's own code
        result = _failed(directory, target, f"did not end within {time_limit:g} s")
    written = scratch.texts()
    touched = tuple(
        Finding(
            target.name,
            directory.path.name,
            "touches-host",
            f"config.py was held back: {what}",
            "warning",
            Location(str(directory.path / "config.py")),
            "a config.py describes; what has to be done belongs into the Dockerfile",
        )
        for what in guard.refused
    )
    asked = (*result.asked, "a connection") if guard.asked_network else result.asked
    return replace(
        result,
        findings=(*result.findings, *touched),
        asked=asked,
        inputs=tuple(dict.fromkeys((*result.inputs, *guard.opened()))),
        seen=tuple(dict.fromkeys((*result.seen, *guard.seen))),
        generated=result.generated | written,
    )


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise :class:`TimeUp` in the code that still runs after ``seconds``."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeUp(f"{seconds:g} s")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
