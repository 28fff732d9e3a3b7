"""``run``: start a container with what this machine has to offer it."""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from jetson_containers.cli.run_data import (
    cookie_file,
    cookies_for,
    data_directory,
    make_directory,
    write_cookies,
)
from jetson_containers.cli.run_engine import JOIN_GROUP, Reached, paste, reach
from jetson_containers.cli.run_machine import Place, place_of, recorded_place
from jetson_containers.cli.run_words import HELP, Asked, read_line
from jetson_containers.errors import ExitCode, UnreachableError, UsageError
from jetson_containers.launch.command import Input, LaunchError, run_argv, with_sudo

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def main(argv: Sequence[str]) -> int:
    asked = read_line(argv)
    if "help" in asked.own:
        print(HELP, end="")
        sys.exit(ExitCode.DONE)
    environ = dict(os.environ)
    if asked.dry and asked.facts:
        print(paste({}, _recorded(asked, asked.facts, environ)))
        return ExitCode.DONE
    reached = reach(environ)
    if reached.sudo:
        _note(
            "this user may not use the engine, so docker runs with sudo; to do without: "
            f"{JOIN_GROUP}"
        )
    place = place_of(reached, environ, asked.facts)
    if place.note:
        _note(place.note)
    machine = place.machine
    cameras = None
    if asked.cameras:
        from jetson_containers.cli.run_cameras import find_cameras

        if not place.here:
            raise UsageError(
                "--csi2webcam is for cameras of this machine, and the engine is on another",
                hint="run it there",
            )
        capture, output = asked.modes()
        cameras = find_cameras(machine.present, environ, capture=capture, output=output)
        seen = {*machine.present, *cameras.made} - cameras.hidden
        machine = replace(machine, present=frozenset(seen))
    data = data_directory(asked.own.get("data"), environ, CHECKOUT) if place.here else None
    cookies = cookies_for(environ) if place.here else b""
    opened = cookie_file(environ) if cookies else None
    command = run_argv(
        asked.words,
        machine,
        stdin=_input(),
        gpu=asked.gpu,
        name=f"jetson_container_{time.strftime('%Y%m%d_%H%M%S')}_{os.getpid()}",
        data=data,
        cookies=str(opened or ""),
        docker=reached.client(environ),
    )
    settings = reached.settings(environ)
    if reached.sudo:
        command = with_sudo(command, ["DOCKER_HOST"] if "DOCKER_HOST" in environ else [])
    shown = paste(settings, command)
    _warn(asked, place, _document(reached, asked.words.image))
    if place.here and environ.get("DISPLAY") and not cookies:
        _note(
            f"there is no cookie for the display {environ['DISPLAY']}; if it refuses the "
            "container: xhost +si:localuser:root"
        )
    if asked.dry:
        if cameras is not None:
            from jetson_containers.cli.run_cameras import as_root

            for prepared in (*map(as_root, cameras.prepare), *cameras.pipelines):
                print(paste({}, prepared))
        print(shown)
        return ExitCode.DONE
    if reached.address.docker is None:
        raise UnreachableError(
            f"the engine at {reached.address.host} answers, but there is no docker client to "
            f"start a container with: {shown}",
            hint="install the docker client (docker-cli, docker-ce-cli) and put it on PATH",
        )
    if data is not None:
        make_directory(data)
    if opened is not None:
        write_cookies(opened, cookies)
    if cameras is not None:
        from jetson_containers.cli.run_cameras import start_cameras
        from jetson_containers.engine.locate import default_cache_dir

        start_cameras(cameras, default_cache_dir(environ) / "logs", environ)
    print(shown, file=sys.stderr, flush=True)
    _become(command, reached, {**environ, **reached.address.environ()})


def _recorded(asked: Asked, path: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The command on a recorded machine."""
    place = recorded_place(path, environ)
    _warn(asked, place, {})
    return run_argv(
        asked.words,
        place.machine,
        stdin=_input(),
        gpu=asked.gpu,
        data=data_directory(asked.own.get("data"), environ, CHECKOUT),
    )


def _input() -> Input:
    """A terminal needs both ends; a device such as /dev/null has nothing to say."""
    try:
        if sys.stdin.isatty():
            return "terminal" if sys.stdout.isatty() else "stream"
        kind = os.fstat(0).st_mode
    except (OSError, AttributeError, ValueError):
        return "none"
    return "none" if stat.S_ISCHR(kind) else "stream"


def _document(reached: Reached, image: str) -> Mapping[str, Any]:
    """What the engine knows of the image, where it can be asked without a client."""
    from jetson_containers.engine.ask import image_document

    return {} if reached.sudo else image_document(reached.address, image)


def _warn(asked: Asked, place: Place, document: Mapping[str, Any]) -> None:
    """What may go wrong, before it does."""
    from jetson_containers.launch.fit import doubts, guess, obstacle

    if asked.gpu:
        found = (
            guess(asked.words, place.machine, place.facts),
            obstacle(place.faults, place.facts),
        )
        for text in filter(None, found):
            print(f"warning: {text}", file=sys.stderr)
    image = asked.words.image
    where = "here" if place.here else "there"
    for reason in doubts(image, document, place.facts):
        print(f"warning: {image} may not run {where}: {reason}", file=sys.stderr)


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr, flush=True)


def _become(command: Sequence[str], reached: Reached, environ: Mapping[str, str]) -> NoReturn:
    """Replace this process; signals that Python ignores are the client's own again."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    program = command[0] if reached.sudo else str(reached.address.docker)
    try:
        os.execvpe(program, list(command), dict(environ))
    except OSError as error:
        raise LaunchError(f"{program} cannot be started: {error.strerror}") from None
