"""Gathering what checks judge: the only module of the doctor that touches the machine.

Everything is asked at the same time, and each thing has a limit; what does not answer is missing
from the evidence, and named under :data:`.answers.SILENT`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from jetson_containers.doctor import answers, disk, engine
from jetson_containers.doctor.wanted import wanted
from jetson_containers.engine.address import EngineAddress, get
from jetson_containers.engine.ask import engine_evidence, engine_info
from jetson_containers.engine.locate import locate
from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.platform import read
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.probe import COMMAND_LIMIT, Runner, gather, run_command
from jetson_containers.questions import ask_all

T = TypeVar("T")
#: seconds for everything on the machine together
LIMIT = 45.0
#: seconds for all questions to the outside, and how many are asked at the same time
OUTSIDE_LIMIT, OUTSIDE_WIDTH = 120.0, 6
#: bytes of one file: lists of modules are below 1 MB
_FILE_LIMIT = 4 << 20


def gather_evidence(
    environ: Mapping[str, str],
    *,
    root: Path = Path("/"),
    run: Runner = run_command,
    limit: float = LIMIT,
) -> Evidence:
    """The evidence of this machine, with what its container engine says; nothing outside is asked.

    Never raises for what a machine lacks. ``limit`` is in seconds.
    """
    silent: list[str] = []

    def patient(argv: Sequence[str]) -> str | None:
        began = time.monotonic()
        said = run(argv)
        if said is None and time.monotonic() - began > COMMAND_LIMIT - 0.5:
            silent.append(_name(argv))
        return said

    known = _at_once({"": lambda: gather(root=root, run=patient)}, limit)
    base = known.get("") or Evidence(os.uname().machine, os.uname().release)
    asked = wanted(base.kernel)
    texts = _at_once(
        {
            **{path: _reading(root, path) for path in asked.files},
            **{command: _running(command.split(), patient) for command in asked.commands},
            engine.ENGINE_PROBLEM: lambda: _engine(environ, patient),
        },
        limit,
    )
    about_engine = texts.pop(engine.ENGINE_PROBLEM, None)
    commands = dict(base.commands)
    commands |= {
        command: cut(text)
        for command, cut in asked.commands.items()
        if isinstance(text := texts.get(command), str)
    }
    files = dict(base.files)
    files |= {
        path: cut(text)
        for path, cut in asked.files.items()
        if isinstance(text := texts.get(path), str)
    }
    said: Mapping[str, Any] = {}
    if isinstance(about_engine, str):
        commands[engine.ENGINE_PROBLEM] = about_engine
    elif isinstance(about_engine, tuple):
        said, device = about_engine
        commands |= {disk.DATA_DEVICE: device} if device else {}
    if silent:
        commands[answers.SILENT] = "".join(f"{item}\n" for item in sorted(set(silent)))
    return replace(base, files=files, commands=commands, engine=said)


def with_answers(
    evidence: Evidence,
    questions: Mapping[str, Callable[[], str]],
    *,
    limit: float = OUTSIDE_LIMIT,
) -> Evidence:
    """``evidence`` with what registries and indexes answered; who is too slow is unreachable."""
    found = _at_once(questions, limit, OUTSIDE_WIDTH)
    said = {key: found.get(key) or "unreachable" for key in questions}
    return replace(evidence, commands={**evidence.commands, **said})


def _engine(
    environ: Mapping[str, str], run: Runner
) -> str | tuple[Mapping[str, Any], str | None] | None:
    """What the engine says and the device of its data root; a text says why it says nothing."""
    try:
        address = locate(environ)
    except BuilderError as error:
        return f"{error.what}\n"
    if address is None:
        return None
    try:
        info = engine_info(address, environ)
    except UnreachableError as error:
        return f"{error.what}\n"
    api = str(_document(address, "/version").get("ApiVersion") or "")
    place = str(info.get("DockerRootDir") or "")
    free, device = None, None
    if address.host.startswith("unix://") and Path(place).is_dir():
        there = os.statvfs(place)
        free = there.f_bavail * there.f_frsize
        device = run([place if word == "DATA_ROOT" else word for word in disk.DATA_DEVICE.split()])
    return engine_evidence(info, api, free), device


def _document(address: EngineAddress, path: str) -> Mapping[str, Any]:
    """A JSON object; empty for everything else."""
    text = get(address.host, path, timeout=COMMAND_LIMIT, tls_dir=address.tls_dir)
    try:
        found = json.loads(text) if text else {}
    except (RecursionError, ValueError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _name(argv: Sequence[str]) -> str:
    """What a command is called, wherever it lies."""
    asks_driver = any(read.CU_DRIVER in word for word in argv)
    return read.CU_DRIVER if asks_driver else Path(argv[0]).name


def _reading(root: Path, path: str) -> Callable[[], str | None]:
    def read() -> str | None:
        try:
            with (root / path.lstrip("/")).open("rb") as file:
                return file.read(_FILE_LIMIT).decode("utf-8", "replace")
        except OSError:
            return None

    return read


def _running(argv: Sequence[str], run: Runner) -> Callable[[], str | None]:
    return lambda: run(argv)


def _at_once(
    tasks: Mapping[str, Callable[[], T]], limit: float, width: int | None = None
) -> dict[str, T]:
    """What tasks gave that end within ``limit`` seconds without failing, and that is something."""
    found = ask_all(tuple(tasks.values()), seconds=limit, workers=width)
    return {
        name: said
        for name, said in zip(tasks, found, strict=True)
        if said is not None and not isinstance(said, BaseException)
    }
