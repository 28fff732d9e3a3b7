"""The private engine: its folder, starting it, stopping it, saying how it is.

Everything lies under ``<cache>/engine``: the unpacked programs, the daemon's data and its socket.
The daemon runs in a mount namespace of its own, so that its mounts end with its processes, even
after ``kill -9``. Later mounts of the machine still reach it (propagation ``slave``).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jetson_containers.engine import cgroups, processes
from jetson_containers.engine.address import EngineAddress, answers, server_version
from jetson_containers.engine.host_network import HostNetwork, usable
from jetson_containers.engine.layout import (
    SYSTEM_PATH,
    EnginePaths,
    OnLine,
    exclusive,
    program_env,
)
from jetson_containers.engine.processes import ProcessId
from jetson_containers.errors import BuilderError, Location

#: the kernel's limit for the path of a unix socket, and the longest name made under the folder
SOCKET_PATH_LIMIT = 107
_LONGEST_SOCKET = "run/containerd/containerd-debug.sock"
START_TIMEOUT = 60.0
STOP_PATIENCE = 15.0
#: BuildKit leaves out what a step prints beyond these (2 MiB, 200 KiB/s) unless they are -1
UNCLIPPED = {"BUILDKIT_STEP_LOG_MAX_SIZE": "-1", "BUILDKIT_STEP_LOG_MAX_SPEED": "-1"}


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The private engine as it is now.

    ``unpacked`` is the version on disk (empty: none), ``version`` what the running daemon says of
    itself (empty: it does not answer).
    """

    running: bool
    unpacked: str
    version: str
    pid: int | None
    address: EngineAddress | None
    folder: Path
    log: Path


def status(cache_dir: Path) -> EngineStatus:
    """How the private engine is; asks the daemon and changes nothing."""
    paths = EnginePaths(cache_dir)
    address = paths.address()
    document = server_version(address.host) if address else None
    daemon = _recorded_daemon(paths)
    return EngineStatus(
        running=document is not None,
        unpacked=paths.current.resolve().name if paths.unpacked() else "",
        version=str(document.get("Version", "")) if document else "",
        pid=daemon.pid if daemon and daemon.alive() else None,
        address=address if document else None,
        folder=paths.folder,
        log=paths.log,
    )


def start(
    cache_dir: Path, on_line: OnLine, *, env: Mapping[str, str] | None = None
) -> EngineAddress:
    """Start the unpacked engine and return its address once it answers.

    Idempotent; what an earlier daemon left behind is cleared first. ``env`` supplies proxies and
    certificates, and ``HOME`` for the user's registry log-ins. Raises :class:`BuilderError` if
    the daemon ends instead of answering, if this process lacks the rights, or if another Docker
    daemon would be harmed.
    """
    paths = EnginePaths(cache_dir)
    with exclusive(paths, on_line):
        return start_locked(paths, on_line, env or {})


def start_locked(paths: EnginePaths, on_line: OnLine, env: Mapping[str, str]) -> EngineAddress:
    """:func:`start` for a caller that holds :func:`exclusive`."""
    address = paths.address()
    if address and answers(address.host):
        return address
    if not paths.unpacked():
        raise BuilderError("no private engine is unpacked", where=Location(str(paths.folder)))
    _check_machine(paths)
    before = _recorded_network(paths)
    _reap(paths)
    run_env = program_env(paths, env)
    network = before or HostNetwork.read(run_env)
    _write_configuration(paths, env, bridged=usable(run_env), on_line=on_line)
    pid = _spawn(paths, {**run_env, **UNCLIPPED})
    _record(paths, ProcessId.of(pid), network)
    _await_answer(paths, pid)
    address = paths.address()
    assert address is not None
    on_line(f"private engine started: {address.host}")
    return address


def down(cache_dir: Path, on_line: OnLine = lambda line: None) -> bool:
    """Stop the private engine and everything it runs; ``True`` if there was anything to stop.

    Afterwards no process, mount, bridge or packet filter rule of it is left; its images stay on
    disk for the next start.
    """
    paths = EnginePaths(cache_dir)
    if not paths.folder.is_dir():
        return False
    with exclusive(paths, on_line):
        before = _recorded_network(paths)
        stopped = _reap(paths)
        if before is not None:
            before.restore(program_env(paths, {}))
        paths.state.unlink(missing_ok=True)
        return stopped or before is not None


def _check_machine(paths: EnginePaths) -> None:
    if os.geteuid() != 0:
        raise BuilderError(
            "the private engine needs root",
            hint="sudo -E jetson-containers engine up, or give the address of an engine in "
            "DOCKER_HOST",
        )
    if len(f"{paths.folder}/{_LONGEST_SOCKET}") > SOCKET_PATH_LIMIT:
        raise BuilderError(
            f"the path is too long for the engine's sockets ({SOCKET_PATH_LIMIT} bytes at most)",
            where=Location(str(paths.folder)),
            hint="set XDG_CACHE_HOME to a shorter path",
        )
    mountinfo = Path("/proc/self/mountinfo")
    if not mountinfo.is_file():
        raise BuilderError("/proc is not mounted", hint="mount -t proc proc /proc")
    if not any(line.split()[4] == "/" for line in mountinfo.read_text().splitlines()):
        raise BuilderError(
            "this root directory is no mount point, so containers cannot change theirs",
            hint="outside, before chroot: mount --bind ROOT ROOT",
        )
    others = processes.foreign_daemons(paths.folder)
    if others:
        raise BuilderError(
            f"another Docker daemon runs here (process {others[0]}) and does not answer on a "
            "known socket; a second one would take its network away",
            hint="set DOCKER_HOST to its socket, or stop it",
        )


def _write_configuration(
    paths: EnginePaths, env: Mapping[str, str], *, bridged: bool, on_line: OnLine
) -> None:
    configuration: dict[str, Any] = {
        "data-root": str(paths.folder / "data"),
        "exec-root": str(paths.folder / "run"),
        "pidfile": str(paths.folder / "docker.pid"),
        "hosts": [f"unix://{paths.socket}"],
        "features": {"containerd-snapshotter": True},
        "insecure-registries": ["127.0.0.0/8"],
    }
    if not bridged:
        configuration |= {"bridge": "none", "iptables": False}
        on_line("no address translation on this machine: build steps need --network=host")
    for root in (paths.current.resolve(), Path("/")):
        init = root / "usr" / "bin" / "tini-static"
        if init.is_file():
            configuration["init-path"] = str(init)
            break
    text = json.dumps(configuration, indent=2) + "\n"
    (paths.folder / "daemon.json").write_text(text, encoding="utf-8")
    paths.config_dir.mkdir(exist_ok=True)
    credentials = Path(env.get("HOME") or "/root") / ".docker" / "config.json"
    link = paths.config_dir / "config.json"
    if credentials.is_file() and not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(credentials)


def _spawn(paths: EnginePaths, run_env: Mapping[str, str]) -> int:
    unshare = shutil.which("unshare", path=SYSTEM_PATH)
    if unshare is None:
        raise BuilderError("no program unshare", hint="apt-get install util-linux")
    argv = [
        "env", "--chdir=/", unshare, "--mount", "--propagation", "slave", "--",
        sys.executable, "-I", cgroups.__file__,
        str(paths.current.resolve() / "usr" / "sbin" / "dockerd"),
        "--config-file", str(paths.folder / "daemon.json"),
    ]  # fmt: skip
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(paths.log), flags, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn("/usr/bin/env", argv, dict(run_env), file_actions=actions, setsid=True)


def _await_answer(paths: EnginePaths, pid: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    ended = False
    while not ended and time.monotonic() < deadline:
        if answers(f"unix://{paths.socket}"):
            return
        ended = os.waitpid(pid, os.WNOHANG)[0] == pid
        time.sleep(0.02)
    lines = paths.log.read_text(encoding="utf-8", errors="replace").splitlines()
    loud = [line for line in lines if "level=" not in line or "level=fatal" in line]
    said = "\n    ".join((loud or lines)[-5:])
    _reap(paths)
    how = "ended at once" if ended else f"did not answer within {START_TIMEOUT:.0f} s"
    raise BuilderError(
        f"the private engine {how}:\n    {said}",
        where=Location(str(paths.log)),
        hint="the log has the whole story; an engine of your own is used if DOCKER_HOST names it",
    )


def _reap(paths: EnginePaths) -> bool:
    """End every process of the engine, take its mounts away; ``True`` if there was a process."""
    daemon = _recorded_daemon(paths)
    if daemon is not None:
        processes.end([daemon], patience=STOP_PATIENCE)
    left = processes.of_engine(paths.folder)
    processes.end(left, patience=2.0)
    processes.end(processes.of_engine(paths.folder), patience=2.0)
    _unmount_below(paths.folder)
    paths.socket.unlink(missing_ok=True)
    (paths.folder / "docker.pid").unlink(missing_ok=True)
    shutil.rmtree(paths.folder / "run", ignore_errors=True)
    return bool(daemon or left)


def _unmount_below(folder: Path) -> None:
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    points = [line.split()[4] for line in lines]
    for point in sorted((p for p in points if p.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)


def _record(paths: EnginePaths, daemon: ProcessId | None, network: HostNetwork) -> None:
    state = {"daemon": asdict(daemon) if daemon else None, "network": asdict(network)}
    paths.state.write_text(json.dumps(state) + "\n", encoding="utf-8")


def _read_state(paths: EnginePaths) -> Mapping[str, Any]:
    """What :func:`_record` wrote since the last boot; empty if that was before, or unreadable."""
    try:
        state = json.loads(paths.state.read_text(encoding="utf-8"))
        if state["daemon"]["boot"] == processes.boot_id():
            return dict(state)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {}


def _recorded_daemon(paths: EnginePaths) -> ProcessId | None:
    state = _read_state(paths).get("daemon")
    daemon = ProcessId(**state) if state else None
    return daemon if daemon and daemon.alive() else None


def _recorded_network(paths: EnginePaths) -> HostNetwork | None:
    state = _read_state(paths).get("network")
    return HostNetwork(**state) if state else None
