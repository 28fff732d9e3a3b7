"""The life of a process that runs definitions, guarded, until one leaves something behind.

A child in which a definition left something (an attribute of a module or class, a module) does no
further one, and what it did since it was last known to be clean does not count: results do not
depend on the order. To look costs several times as much as a definition, so it is done for many at
once, and earlier after one that is likely to leave something.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from jetson_containers.errors import Location
from jetson_containers.package.evaluate import evaluate
from jetson_containers.package.evaluated import OUT_OF_TIME, Evaluated, Settings
from jetson_containers.package.failure import TimeUp
from jetson_containers.package.findings import Finding, one_line
from jetson_containers.package.limits import limited
from jetson_containers.package.residue import State
from jetson_containers.package.scan import Directory
from jetson_containers.package.scratch import Scratch
from jetson_containers.package.steady import Steady
from jetson_containers.platform.target import Target

#: characters that a definition may define
MAX_RESULT = 16_000_000
#: begins the line in which a child takes its leave
LAST = b"last "
#: the line that makes results count: the child is as it was before the first definition
CLEAN = b"clean"
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


def no_result(directory: Directory, target: Target, problem: str) -> Evaluated:
    """What a directory whose code had a ``problem`` defines: nothing, and a finding."""
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


def live(
    writing: int,
    directories: Sequence[Directory],
    target: Target,
    settings: Settings,
    time_limit: float,
    scratch: Scratch,
    sign: bytes,
    every: int,
) -> None:
    """The child's whole life: it looks at what is left at least after ``every`` definitions.

    A result that is told alone since the last look counts without one. Never returns.
    """
    dumps, known = json.dumps, sys.modules
    directory = directories[0]
    told = False
    try:
        steady = Steady()
        before = State() if len(directories) > 1 or every == 1 else None
        common = [name for name in COMMON if name in known]
        modules = len(known)
        sources: list[str] = []
        unsure = 0
        apart = False
        for directory in directories:
            told = False
            result = _guarded(directory, target, settings, time_limit, scratch, steady)
            sources += [path for path in result.inputs if path.endswith(".py")]
            text = dumps(result.to_dict())
            if len(text) > MAX_RESULT:
                problem = f"defines more than {MAX_RESULT} characters"
                text = dumps(no_result(directory, target, problem).to_dict())
            write_line(writing, sign + text.encode())
            told = True
            unsure += 1
            last = directory is directories[-1]
            if before is None or (last and unsure == 1 and every > 1):
                break
            likely = not result.lasting or result.asked or len(known) != modules
            if last or likely or unsure >= every:
                if not before.holds():
                    apart = unsure == 1
                    break
                write_line(writing, sign + CLEAN)
                unsure = 0
        imported = [name for name in COMMON if name in known]
        leave = {
            "imported": imported,
            "read": [*dict.fromkeys(sources)],
            "apart": [str(directory.path)] if apart and imported == common else [],
        }
        write_line(writing, sign + LAST + dumps(leave).encode())
    except BaseException as error:  # a definition can break what its own process is made of
        if not told:
            problem = f"broke the process that evaluates it ({type(error).__name__})"
            text = dumps(no_result(directory, target, problem).to_dict())
            write_line(writing, sign + text.encode())
        write_line(writing, sign + LAST + b'{"imported": [], "read": [], "apart": []}')
    finally:
        os._exit(0)


def write_line(writing: int, line: bytes) -> None:
    """All of ``line`` and its end."""
    line += b"\n"
    while line:
        line = line[os.write(writing, line) :]


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
        result = no_result(directory, target, f"{OUT_OF_TIME} {time_limit:g} s")
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
