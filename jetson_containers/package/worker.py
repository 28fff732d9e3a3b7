"""Evaluating directories in a guarded child process, with a time limit for each.

One child does all directories one after the other and writes each result as a line of JSON. A
directory that hangs, or that ends the child, costs itself alone: the rest goes to a new child.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

from jetson_containers.errors import Location
from jetson_containers.package import guards
from jetson_containers.package.evaluate import TimeUp, evaluate
from jetson_containers.package.evaluated import Evaluated, Settings
from jetson_containers.package.findings import Finding
from jetson_containers.package.scan import Directory
from jetson_containers.platform.target import Target

#: seconds that a child gets beyond the limit to say itself which line took so long
GRACE = 1.0


def run(
    directories: Sequence[Directory], target: Target, settings: Settings, time_limit: float
) -> tuple[Evaluated, ...]:
    """Each directory evaluated, in order; ``time_limit`` in seconds is for each alone."""
    results: list[Evaluated] = []
    while len(results) < len(directories):
        rest = directories[len(results) :]
        before = len(results)
        problem = "ended the process that evaluates it"
        try:
            for data in _child(rest, target, settings, time_limit):
                if "fault" in data:
                    raise RuntimeError(data["fault"])
                results.append(Evaluated.from_dict(data))
        except TimeoutError:
            problem = f"did not end within {time_limit:g} s"
        done = len(results) - before
        if done < len(rest):
            results.append(_failed(rest[done], target, problem))
    return tuple(results)


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
    return Evaluated(findings=(finding,), inputs=(str(path),))


def _child(
    directories: Sequence[Directory], target: Target, settings: Settings, time_limit: float
) -> Iterator[Mapping[str, Any]]:
    """The results of one child as they come. Raises :class:`TimeoutError` when it is silent."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _serve(writing, directories, target, settings, time_limit)
    os.close(writing)
    try:
        yield from _results(reading, time_limit + GRACE)
    finally:
        os.close(reading)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _results(reading: int, silence: float) -> Iterator[Mapping[str, Any]]:
    buffer = b""
    deadline = time.monotonic() + silence
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        chunk = os.read(reading, 1 << 16)
        if not chunk:
            return
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)
            deadline = time.monotonic() + silence


def _serve(
    writing: int,
    directories: Sequence[Directory],
    target: Target,
    settings: Settings,
    time_limit: float,
) -> None:
    """The child's whole life. Never returns, and runs nothing of the parent's clean-up."""
    try:
        _silence()
        roots = {item for directory in directories for item in (directory.root, directory.imports)}
        guard = guards.install(
            sorted(roots | set(settings.roots)), settings.environment, target.arch
        )
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for directory in directories:
            data = _guarded(directory, target, settings, time_limit, guard).to_dict()
            line = json.dumps(data).encode() + b"\n"
            while line:
                line = line[os.write(writing, line) :]
    except BaseException as error:  # a fault of this program: the parent raises it
        os.write(writing, json.dumps({"fault": repr(error)}).encode() + b"\n")
    finally:
        os._exit(0)


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
    guard: guards.Guard,
) -> Evaluated:
    guard.directory = os.path.realpath(directory.path)
    guard.forget()
    os.environ.clear()
    os.environ.update(settings.environment)
    os.chdir(directory.path)
    search = list(sys.path)
    with _limited(time_limit):
        guard.active = True
        try:
            result = evaluate(directory, target, settings, guarded=True)
        finally:
            guard.active = False
    sys.path[:] = search
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
        inputs=tuple(dict.fromkeys((*result.inputs, *guard.read))),
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
