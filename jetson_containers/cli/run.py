"""``run``: start a container with what this machine has to offer it."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jetson_containers.engine.address import EngineAddress
from jetson_containers.errors import ExitCode, UnreachableError, UsageError
from jetson_containers.launch.command import run_argv
from jetson_containers.launch.options import Option, read_words
from jetson_containers.platform.facts import HostFacts

HELP = """usage: jetson-containers run [OPTIONS] IMAGE [COMMAND...]

Start a container with the right runtime and devices, the host's network, room in /dev/shm and the
data directory at /data. The docker command is printed on stderr, then becomes this process: its
exit code, signals and terminal are the container's.

options:
  --no-gpu        go on without a GPU
  --dry-run       print the command on stdout and end
  --data DIR      the directory to mount at /data (default: data/ of the checkout)
  --facts FILE    recorded evidence in place of the machine
  --verbose       tracebacks
  --help          this text

Every other option goes to `docker run` untouched, and wins over a default of its kind: --gpus or
--runtime over the choice of the runtime, --network over the host's network, --shm-size, -v
DIR:/data, --rm=false, -i, -t or -d.

examples:
  jetson-containers run $(jetson-containers autotag sglang)
  jetson-containers run -v ~/models:/models -e HF_TOKEN IMAGE python3 serve.py
  jetson-containers run --dry-run IMAGE
"""

#: the options that are not docker's, and whether they take a value
OWN = {"no-gpu": False, "dry-run": False, "verbose": False, "help": False, "data": True,
       "facts": True}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    words = read_words(argv, flags=[name for name, valued in OWN.items() if not valued])
    own = dict(pair for option in words.options for pair in option.names if pair[0] in OWN)
    if "help" in own:
        print(HELP, end="")
        sys.exit(ExitCode.DONE)
    for name, valued in OWN.items():
        if not valued and own.get(name):
            raise UsageError(f"--{name} takes no value", hint=f"write --{name} alone")
    if not words.image:
        raise UsageError(
            "no image was named",
            hint="`jetson-containers run $(jetson-containers autotag PACKAGE)` runs the one for "
            "this machine; if autotag found none, it said why",
        )
    dry = "dry-run" in own
    environ = dict(os.environ)
    address = _address(environ) if not (dry and "facts" in own) else None
    facts = _facts(own.get("facts"), address, environ)
    engine = facts.engine.value
    data = _data_directory(own.get("data"), address)
    command = run_argv(
        words.image,
        system=facts.system.value,
        runtimes=engine.runtimes if engine else (),
        cdi_devices=engine.cdi_devices if engine else (),
        options=_docker_options(words.options),
        command=words.command,
        terminal=sys.stdin.isatty() and sys.stdout.isatty(),
        gpu="no-gpu" not in own,
        data=data,
        docker=address.docker or "docker" if address and address.private else "docker",
    )
    shown = _prefix(address, environ) + shlex.join(command)
    if dry:
        print(shown)
        return ExitCode.DONE
    assert address is not None
    if address.docker is None:
        raise UnreachableError(
            f"the engine at {address.host} answers, but there is no docker client to start "
            f"a container with: {shown}",
            hint="install the docker client (docker-cli, docker-ce-cli) and put it on PATH",
        )
    if data is not None:
        data.mkdir(exist_ok=True)
    print(shown, file=sys.stderr, flush=True)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execve(address.docker, command, {**environ, **address.environ()})


def _docker_options(options: Sequence[Option]) -> tuple[Option, ...]:
    return tuple(
        option for option in options if not any(name in OWN for name, _ in option.names)
    )


def _address(environ: Mapping[str, str]) -> EngineAddress:
    from jetson_containers.engine.locate import locate

    address = locate(environ)
    if address is None:
        raise UnreachableError(
            "no container engine answers, so no container can be started",
            hint="start Docker (`sudo systemctl start docker`), or make a private engine: "
            "`jetson-containers engine up`",
        )
    return address


def _facts(
    recorded: str | None, address: EngineAddress | None, environ: Mapping[str, str]
) -> HostFacts:
    """System and engine of this machine, or of the recorded evidence. No GPU tool is run."""
    from dataclasses import replace

    from jetson_containers.cli.host import read_evidence
    from jetson_containers.engine.ask import engine_facts
    from jetson_containers.platform.facts import Fact
    from jetson_containers.platform.host import derive_facts
    from jetson_containers.platform.probe import gather, run_command

    if recorded:
        return derive_facts(read_evidence(recorded))

    def quick(argv: Sequence[str]) -> str | None:
        return run_command(argv) if "nvidia-l4t-core" in argv else None

    facts = derive_facts(gather(run=quick))
    assert address is not None
    return replace(facts, engine=Fact(engine_facts(address, environ), address.host))


def _data_directory(wanted: str | None, address: EngineAddress | None) -> Path | None:
    """The directory for /data: the named one, else the checkout's, which may have to be made.

    ``None`` where an engine on another machine cannot see it, or there is no checkout to hold it.
    """
    if wanted is not None:
        path = Path(wanted).expanduser().absolute()
        if not path.is_dir():
            raise UsageError(
                f"the data directory {path} does not exist", hint=f"mkdir -p {shlex.quote(wanted)}"
            )
        return path
    if address is not None and not address.host.startswith("unix://"):
        return None
    root = Path(__file__).resolve().parent.parent.parent
    if not (root / "packages").is_dir():
        return None
    path = root / "data"
    return path if path.is_dir() or os.access(root, os.W_OK) else None


def _prefix(address: EngineAddress | None, environ: Mapping[str, str]) -> str:
    """What a person has to put before the command to reach the same engine."""
    if address is None or not address.private:
        return ""
    needed = address.environ().items()
    return "".join(
        f"{key}={shlex.quote(value)} " for key, value in needed if environ.get(key) != value
    )
