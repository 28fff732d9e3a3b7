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
from typing import TYPE_CHECKING, Any, NoReturn

from jetson_containers.cli.run_data import (
    cookie_file,
    cookies_for,
    data_directory,
    make_directory,
    write_cookies,
)
from jetson_containers.cli.run_engine import JOIN_GROUP, Reached, paste, reach
from jetson_containers.errors import ExitCode, UnreachableError, UsageError
from jetson_containers.image.reference import check_reference
from jetson_containers.launch.command import (
    Input,
    LaunchError,
    Machine,
    machine_of,
    run_argv,
    with_sudo,
)
from jetson_containers.launch.options import Option, Words, read_words
from jetson_containers.launch.present import present
from jetson_containers.launch.shared import SECRETS, pulse_directory
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.target import System

if TYPE_CHECKING:
    from jetson_containers.launch.cameras import Mode

HELP = """usage: jetson-containers run [OPTIONS] IMAGE [COMMAND...]

Start a container with the right runtime, the devices and sockets that are there, the host's
network, room in /dev/shm and the data directory at /data. The docker command is printed on
stderr, then becomes this process: its exit code, signals and terminal are the container's.

options:
  --no-gpu        go on without a GPU
  --dry-run       print the command on stdout and end
  --data DIR      the directory to mount at /data (default: $JETSON_CONTAINERS_DATA, else data/ of
                  the checkout, else jetson-containers in the user's data directory)
  --csi2webcam    CSI cameras as webcams, through v4l2loopback (Jetson)
  --csi-capture-res WIDTHxHEIGHT@FPS   what the cameras capture (default: 1640x1232@30)
  --csi-output-res WIDTHxHEIGHT@FPS    what the webcams show (default: 1280x720@30)
  --facts FILE    recorded evidence in place of the machine
  --verbose       tracebacks
  --help          this text

Every other option goes to `docker run` untouched, and wins over a default of its kind: --gpus or
--runtime over the choice of the runtime, --network over the host's network, --shm-size, --name,
-v DIR:/data, --device, -e, --rm=false, -i, -t or -d. All defaults: docs/run.md.

examples:
  jetson-containers run $(jetson-containers autotag sglang)
  jetson-containers run -v ~/models:/models -e HF_TOKEN IMAGE python3 serve.py
  jetson-containers run --dry-run IMAGE
"""

#: the options that are not docker's, and whether they take a value
OWN = {
    "no-gpu": False, "dry-run": False, "csi2webcam": False, "verbose": False, "help": False,
    "data": True, "facts": True, "csi-capture-res": True, "csi-output-res": True,
}  # fmt: skip
CHECKOUT = Path(__file__).resolve().parent.parent.parent
#: what $SYSTEM_ARCH says in the ecosystem
SYSTEMS: Mapping[str, System] = {
    "tegra-aarch64": "tegra", "aarch64": "sbsa", "x86_64": "x86_64"
}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    words = read_words(argv, own=OWN)
    own = dict(pair for option in words.options for pair in option.names if pair[0] in OWN)
    if "help" in own:
        print(HELP, end="")
        sys.exit(ExitCode.DONE)
    _check_words(words, own)
    words = replace(words, options=_dockers(words.options))
    environ = dict(os.environ)
    if "dry-run" in own and "facts" in own:
        command = _recorded(words, own, environ)
        print(paste({}, command))
        return ExitCode.DONE
    reached = reach(environ)
    if reached.sudo:
        print(
            "note: this user may not use the engine, so docker runs with sudo; to do without: "
            f"{JOIN_GROUP}",
            file=sys.stderr,
            flush=True,
        )
    facts = _facts(own.get("facts"), reached, environ)
    machine = _machine(facts, reached, environ)
    cameras = None
    if "csi2webcam" in own:
        from jetson_containers.cli.run_cameras import find_cameras

        capture, output = _modes(own)
        cameras = find_cameras(machine.present, environ, capture=capture, output=output)
        seen = {*machine.present, *cameras.made} - cameras.hidden
        machine = replace(machine, present=frozenset(seen))
    data = data_directory(own.get("data"), environ, CHECKOUT) if reached.here else None
    cookies = cookies_for(environ) if reached.here else b""
    place = cookie_file(environ) if cookies else None
    command = run_argv(
        words,
        machine,
        stdin=_input(),
        gpu="no-gpu" not in own,
        name=f"jetson_container_{time.strftime('%Y%m%d_%H%M%S')}_{os.getpid()}",
        data=data,
        cookies=str(place or ""),
        docker=reached.client(environ),
    )
    settings = reached.settings(environ)
    if reached.sudo:
        command = with_sudo(command, ["DOCKER_HOST"] if "DOCKER_HOST" in environ else [])
    shown = paste(settings, command)
    if "no-gpu" not in own:
        _say_guess(words, machine, facts)
    _warn(words, reached, facts, environ, bool(cookies))
    if "dry-run" in own:
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
    if place is not None:
        write_cookies(place, cookies)
    if cameras is not None:
        from jetson_containers.cli.run_cameras import start_cameras
        from jetson_containers.engine.locate import default_cache_dir

        start_cameras(cameras, default_cache_dir(environ) / "logs", environ)
    print(shown, file=sys.stderr, flush=True)
    _become(command, reached, {**environ, **reached.address.environ()})


def _check_words(words: Words, own: Mapping[str, str]) -> None:
    for name, valued in OWN.items():
        if not valued and own.get(name):
            raise UsageError(f"--{name} takes no value", hint=f"write --{name} alone")
    if not words.image:
        # an option whose value was forgotten takes the image for it
        last = words.options[-1].words if words.options else ()
        told = f": {last[0]} took {last[1]!r} for its value" if len(last) == 2 else ""
        raise UsageError(
            f"no image was named{told}",
            hint="`jetson-containers run $(jetson-containers autotag PACKAGE)` runs the one for "
            "this machine; if autotag found none, it said why",
        )
    check_reference(words.image)
    if "csi2webcam" not in own:
        alone = [f"--{name}" for name in ("csi-capture-res", "csi-output-res") if name in own]
        if alone:
            raise UsageError(f"{alone[0]} goes with --csi2webcam", hint="add --csi2webcam")
        return
    _modes(own)
    if any(name == "detach" and value != "false" for o in words.options for name, value in o.names):
        raise UsageError(
            "--csi2webcam feeds the cameras as long as this command runs, so it does not go "
            "with --detach",
            hint="run it in tmux, or as a service, without --detach",
        )
    if "facts" in own:
        raise UsageError("--csi2webcam needs the machine itself", hint="leave out --facts")


def _dockers(options: Sequence[Option]) -> tuple[Option, ...]:
    return tuple(option for option in options if not any(name in OWN for name, _ in option.names))


def _modes(own: Mapping[str, str]) -> tuple[Mode, Mode]:
    from jetson_containers.launch.cameras import CAPTURE, OUTPUT, parse_mode

    return (
        parse_mode(own.get("csi-capture-res", CAPTURE), "--csi-capture-res"),
        parse_mode(own.get("csi-output-res", OUTPUT), "--csi-output-res"),
    )


def _recorded(words: Words, own: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The command on a recorded machine; its files are those that the evidence holds."""
    from jetson_containers.cli.host import read_evidence
    from jetson_containers.platform.host import derive_facts

    evidence = read_evidence(own["facts"])
    facts = derive_facts(evidence)
    machine = _named(machine_of(facts, present=frozenset(evidence.files)), environ)
    _say_doubts(words, {}, facts)
    if "no-gpu" not in own:
        _say_guess(words, machine, facts)
    return run_argv(
        words,
        machine,
        stdin=_input(),
        gpu="no-gpu" not in own,
        data=data_directory(own.get("data"), environ, CHECKOUT),
    )


def _facts(recorded: str | None, reached: Reached, environ: Mapping[str, str]) -> HostFacts:
    """Of this machine and its engine, or of the recorded evidence.

    nvidia-smi is asked for the GPUs only where a driver is loaded: it can take its time.
    """
    from jetson_containers.cli.host import read_evidence
    from jetson_containers.engine.ask import engine_facts
    from jetson_containers.platform import read
    from jetson_containers.platform.facts import Fact
    from jetson_containers.platform.host import derive_facts
    from jetson_containers.platform.probe import gather, run_command

    if recorded:
        return derive_facts(read_evidence(recorded))
    wanted = {read.L4T_PACKAGE}
    if Path(read.DRIVER_FILE).exists():
        wanted.add(read.SMI_QUERY)

    def quick(argv: Sequence[str]) -> str | None:
        return run_command(argv) if " ".join(argv) in wanted else None

    facts = derive_facts(gather(run=quick))
    engine = engine_facts(reached.address, environ, sudo=reached.sudo)
    return replace(facts, engine=Fact(engine, reached.address.host))


def _machine(facts: HostFacts, reached: Reached, environ: Mapping[str, str]) -> Machine:
    """This machine; of one with a remote engine only the engine's word and the secrets."""
    if reached.here:
        more = [pulse_directory(environ), environ.get("SCP_UPLOAD_KEY", "")]
        found = present([path for path in more if path.startswith("/")])
        machine = machine_of(facts, present=found, environ=environ)
    else:
        kept = {name: environ[name] for name in SECRETS if name in environ}
        machine = replace(machine_of(facts, environ=kept), jetson=False)
    return _named(machine, environ)


def _named(machine: Machine, environ: Mapping[str, str]) -> Machine:
    """The user's word counts more than what was found."""
    return replace(machine, system=SYSTEMS.get(environ.get("SYSTEM_ARCH", ""), machine.system))


def _input() -> Input:
    """A terminal needs both ends; a device such as /dev/null has nothing to say."""
    try:
        if sys.stdin.isatty():
            return "terminal" if sys.stdout.isatty() else "stream"
        kind = os.fstat(0).st_mode
    except (OSError, AttributeError, ValueError):
        return "none"
    return "none" if stat.S_ISCHR(kind) else "stream"


def _warn(
    words: Words, reached: Reached, facts: HostFacts, environ: Mapping[str, str], cookies: bool
) -> None:
    """What may go wrong, before it does."""
    from jetson_containers.engine.ask import image_document

    if not reached.here:
        return
    document = {} if reached.sudo else image_document(reached.address, words.image)
    _say_doubts(words, document, facts)
    if environ.get("DISPLAY") and not cookies:
        print(
            f"note: there is no cookie for the display {environ['DISPLAY']}; if it refuses the "
            "container: xhost +si:localuser:root",
            file=sys.stderr,
        )


def _say_doubts(words: Words, document: Mapping[str, Any], facts: HostFacts) -> None:
    from jetson_containers.launch.fit import doubts

    for reason in doubts(words.image, document, facts):
        print(f"warning: {words.image} may not run here: {reason}", file=sys.stderr)


def _say_guess(words: Words, machine: Machine, facts: HostFacts) -> None:
    from jetson_containers.launch.fit import guess

    found = guess(words, machine, facts)
    if found:
        print(f"warning: {found}", file=sys.stderr)


def _become(command: Sequence[str], reached: Reached, environ: Mapping[str, str]) -> NoReturn:
    """Replace this process; signals that Python ignores are the client's own again."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    program = command[0] if reached.sudo else str(reached.address.docker)
    try:
        os.execvpe(program, list(command), dict(environ))
    except OSError as error:
        raise LaunchError(f"{program} cannot be started: {error.strerror}") from None
