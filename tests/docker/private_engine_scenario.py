"""Start, use, kill and stop a private engine; the findings go to stdout as JSON.

Run by ``test_private_engine.py`` in a network namespace of its own, so that the machine's engine
keeps its bridge: ``python -m tests.docker.private_engine_scenario CACHE BUSYBOX``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from jetson_containers.engine import private, processes
from jetson_containers.engine.address import EngineAddress
from jetson_containers.engine.layout import EnginePaths, program_env
from jetson_containers.errors import BuilderError


def quiet(line: str) -> None:
    """Progress that nobody reads."""


#: what a step of the build prints: more, and faster, than BuildKit keeps by itself
LINES = 400_000


def build(address: EngineAddress, context: Path, busybox: Path) -> str:
    """Build ``scratch`` plus busybox with RUN steps, run the result; what the build printed."""
    context.mkdir(exist_ok=True)
    (context / "busybox").write_bytes(busybox.read_bytes())
    (context / "busybox").chmod(0o755)
    (context / "Dockerfile").write_text(
        'FROM scratch\nCOPY busybox /busybox\nRUN ["/busybox", "touch", "/made"]\n'
        f'RUN ["/busybox", "seq", "{LINES}"]\n'
        'ENTRYPOINT ["/busybox"]\n'
    )
    env = {**os.environ, **address.environ()}
    command = [address.docker or "docker", "buildx", "build", "--progress=plain", "-t", "t"]
    done = subprocess.run(
        [*command, str(context)], env=env, check=True, capture_output=True, text=True
    )
    sleeper = [address.docker or "docker", "run", "-d", "t", "sleep", "1000"]
    subprocess.run(sleeper, env=env, check=True, capture_output=True)
    return done.stderr


def leftovers(paths: EnginePaths) -> dict[str, Any]:
    """What of the engine is still on the machine."""
    rules = subprocess.run(
        ["iptables", "-S"], env=program_env(paths, {}), capture_output=True, text=True, check=False
    ).stdout
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return {
        "processes": [process.pid for process in processes.of_engine(paths.folder)],
        "mounts": [line for line in mounts if str(paths.folder) in line],
        "bridge": "docker0:" in Path("/proc/net/dev").read_text(),
        "rules": [line for line in rules.splitlines() if "DOCKER" in line or "DROP" in line],
        "socket": paths.socket.exists(),
    }


def main(cache: Path, busybox: Path) -> dict[str, Any]:
    """The whole story, step by step."""
    found: dict[str, Any] = {}
    paths = EnginePaths(cache)
    began = time.monotonic()
    address = private.start(cache, quiet)
    found["start_seconds"] = time.monotonic() - began
    found["again_is_the_same"] = private.start(cache, quiet) == address
    found["status"] = private.status(cache).running
    output = build(address, cache / "context", busybox)
    found["built"] = True
    found["lines"] = sum(line.split()[-1:] == [str(LINES)] for line in output.splitlines())
    found["clipped"] = "[output clipped" in output
    first = private.status(cache).pid
    os.kill(first or 0, signal.SIGKILL)
    while private.status(cache).running:
        time.sleep(0.02)
    found["after_kill"] = private.status(cache).pid
    private.start(cache, quiet)
    found["restarted"] = private.status(cache).running
    try:
        private.start(cache.parent / "second", quiet)
    except BuilderError as error:
        found["second"] = error.what
    os.kill(private.status(cache).pid or 0, signal.SIGKILL)
    found["down_after_kill"] = private.down(cache)
    private.start(cache, quiet)
    found["down"] = private.down(cache)
    found["down_again"] = private.down(cache)
    found["left"] = leftovers(paths)
    paths.state.write_text('{"daemon": {"pid": 1, "started": 1, "boot": "another"}}')
    found["stale_state"] = private.status(cache).pid
    paths.state.write_text("no json")
    found["broken_state"] = private.down(cache)
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
