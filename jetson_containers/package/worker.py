"""Evaluating directories in guarded child processes, with a time limit for each.

A server process is guarded and runs no definition; the children that it forks off do. Those that
hang, or end the child, cost themselves alone. What a child did beside a definition that spoilt it
is done again, with a look after each.
"""

from __future__ import annotations

import gc
import importlib
import json
import locale
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from jetson_containers.errors import DefinitionError
from jetson_containers.package import facts, guards, modules
from jetson_containers.package.child import CLEAN, COMMON, LAST, live, no_result, write_line
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
#: definitions after which a child looks at what they left
EVERY = 32
#: modules that are none of Python's own and that a definition finds imported at most
_OURS = frozenset(
    (
        "__main__",
        "certifi",
        "charset_normalizer",
        "idna",
        "jetson_containers",
        "packaging",
        "requests",
        "urllib3",
        "yaml",
        "_yaml",
    )
)
#: what children did on the way: the next run in this process begins with it
_LEFT: list[bytes] = []
#: directories that left something in a child: they get one each, at the end
_APART: set[str] = set()


class _Lived(NamedTuple):
    """What a child did: lines to hand on, ``done`` results among them.

    Of the ``doubtful`` directories that come next nothing counts: one of them spoilt the child.
    """

    lines: Sequence[bytes]
    done: int
    doubtful: int = 0


def run(
    directories: Sequence[Directory], target: Target, settings: Settings, time_limit: float
) -> tuple[Evaluated, ...]:
    """Each directory evaluated, in order; ``time_limit`` in seconds is for each alone."""
    while _LEFT:
        _warm(_LEFT.pop())
    ordered = sorted(directories, key=lambda directory: str(directory.path) in _APART)
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _serve(writing, ordered, target, settings, time_limit)
    os.close(writing)
    results: list[Evaluated] = []
    try:
        with os.fdopen(reading, "rb") as lines:
            for line in lines:
                if line.startswith(LAST):
                    _LEFT.append(line)
                    _APART.update(_read_leave(line)["apart"])
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
    made = dict(zip(ordered, results, strict=True))
    return tuple(made[directory] for directory in directories)


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
        others = _set_aside()
        _import_common(directories)
        warnings.simplefilter("ignore")
        with suppress(locale.Error):  # the machine's own is no input of a definition
            locale.setlocale(locale.LC_ALL, "C.UTF-8")
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
        alone = [directory for directory in directories if str(directory.path) in _APART]
        together = directories[: len(directories) - len(alone)]
        todo = [(together, EVERY), *(((directory,), EVERY) for directory in alone)]
        while todo:
            part, every = todo.pop(0)
            if not part:
                continue
            lived = _in_child(part, target, settings, time_limit, scratch, writing, every)
            for line in lived.lines:
                write_line(writing, line)
            left = part[lived.done :]
            todo.insert(0, (left[lived.doubtful :], every))
            todo.insert(0, (left[: lived.doubtful], 1))
        others.clear()
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
    every: int,
) -> _Lived:
    """As many results as count, from the first directory on; at least one if ``every`` is 1.

    ``outer`` is the way to the parent, which is closed to definitions. Law: what a definition
    writes into the other one is no result of any directory.
    """
    sign = os.urandom(SIGN).hex().encode()
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(outer)
        os.close(reading)
        live(writing, directories, target, settings, time_limit, scratch, sign, every)
    os.close(writing)
    sure: list[bytes] = []
    unsure: list[bytes] = []
    problem = "ended the process that evaluates it"
    try:
        for signed in _lines(reading, time_limit + GRACE):
            line = signed.removeprefix(sign)
            if line == signed:
                problem = "wrote into a file that it did not open"
                break
            if line == CLEAN:
                sure += unsure
                unsure.clear()
            elif line.startswith(LAST):
                _warm(line)
                if len(unsure) > 1 and every > 1:
                    return _Lived((*sure, line), len(sure), len(unsure))
                done = (*sure, *unsure)
                return _Lived((*done, line), len(done))
            else:
                unsure.append(line)
    except TimeoutError:
        problem = f"{OUT_OF_TIME} {time_limit:g} s"
    finally:
        os.close(reading)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    if unsure and every > 1:
        return _Lived(sure, len(sure), len(unsure) + 1)
    done = (*sure, *unsure)
    if unsure or len(done) == len(directories):  # it ended after a result, and counts
        return _Lived(done, len(done))
    failed = no_result(directories[len(done)], target, problem)
    return _Lived((*done, json.dumps(failed.to_dict()).encode()), len(done) + 1)


def _set_aside() -> list[ModuleType]:
    """Take away what whoever asks has imported: a definition finds the same in every program.

    The modules are given back, for somebody has to hold them.
    """
    taken = []
    for name in list(sys.modules):
        first = name.partition(".")[0]
        if first not in sys.stdlib_module_names and first not in _OURS:
            taken.append(sys.modules.pop(name))
    return taken


def _import_common(directories: Iterable[Directory]) -> None:
    """What the directories' own files speak of, so that no child ends for having imported it."""
    texts = []
    for directory in directories:
        with suppress(OSError, DefinitionError):
            path = directory.path / "config.py"
            if path.is_file():
                texts.append(modules.source(path))
    content = b"\n".join(texts)
    for name in COMMON:
        if name not in sys.modules and name.encode() in content:
            importlib.import_module(name)


def _read_leave(line: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(line.removeprefix(LAST))
    return found


def _warm(line: bytes) -> None:
    """Spare later children what this one has done: import modules, compile the tree's own.

    Law: no code of a tree runs here, and results do not depend on it.
    """
    done = _read_leave(line)
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
