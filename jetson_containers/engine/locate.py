"""Finding the engine that is already there; nothing is started or changed here."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jetson_containers.engine.address import EngineAddress, answers
from jetson_containers.engine.layout import EnginePaths
from jetson_containers.errors import UnreachableError

#: where the docker client looks for plugins besides its own configuration directory
#: (docker/cli, cli-plugins/manager/manager_unix.go)
SYSTEM_PLUGIN_DIRS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)


def default_cache_dir(env: Mapping[str, str]) -> Path:
    """``$XDG_CACHE_HOME/jetson-containers``, or ``~/.cache/jetson-containers``."""
    base = env.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        base = str(Path(env.get("HOME") or "/root") / ".cache")
    return Path(base) / "jetson-containers"


def locate(
    env: Mapping[str, str],
    cache_dir: Path | None = None,
    *,
    sockets: Sequence[EngineAddress] | None = None,
    timeout: float = 2.0,
) -> EngineAddress | None:
    """The engine to use, or ``None`` if none answers.

    Asked in this order: ``$DOCKER_HOST``, the current docker context, the system's Docker socket,
    Podman's sockets, the private engine of :mod:`jetson_containers.engine.private`. An engine
    that somebody chose by name (the first two) and that does not answer is an
    :class:`UnreachableError`: going on with another one would build in the wrong place.

    Where there is no docker client, that of the private engine serves, if it was unpacked.

    ``cache_dir`` defaults to :func:`default_cache_dir`, ``sockets`` to the well-known ones,
    ``timeout`` is in seconds for each question.
    """
    paths = EnginePaths(cache_dir or default_cache_dir(env))
    chosen = _chosen(env)
    if chosen is not None:
        if _reached(chosen, env, timeout):
            return _equipped(with_client(chosen, env), paths)
        raise UnreachableError(
            f"the engine at {chosen.host}, chosen by {chosen.source}, does not answer",
            hint="start that engine, or choose another: unset DOCKER_HOST, or "
            "`docker context use default`",
        )
    for candidate in well_known(env) if sockets is None else sockets:
        if answers(candidate.host, timeout=timeout):
            return _equipped(with_client(candidate, env), paths)
    private = paths.address()
    if private is not None and answers(private.host, timeout=timeout):
        return private
    return None


def _equipped(address: EngineAddress, paths: EnginePaths) -> EngineAddress:
    """With the private engine's client where this machine's cannot build with BuildKit."""
    if address.buildx or not paths.unpacked():
        return address
    if address.docker and not paths.buildx.is_file():
        return address
    return replace(
        address,
        docker=str(paths.client),
        config_dir=str(paths.config_dir),
        buildx=paths.buildx.is_file(),
    )


def with_client(address: EngineAddress, env: Mapping[str, str]) -> EngineAddress:
    """``address`` with the docker client of ``$PATH``, and whether that client has buildx."""
    client = shutil.which("docker", path=env.get("PATH", os.defpath))
    return replace(address, docker=client, buildx=client is not None and _has_buildx(env))


def _has_buildx(env: Mapping[str, str]) -> bool:
    config = _config_dir(env)
    extra = _read_json(config / "config.json").get("cliPluginsExtraDirs") or ()
    folders = [*map(str, extra), str(config / "cli-plugins"), *SYSTEM_PLUGIN_DIRS]
    return any(os.access(Path(folder) / "docker-buildx", os.X_OK) for folder in folders)


def _config_dir(env: Mapping[str, str]) -> Path:
    return Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME") or "/root") / ".docker")


def _chosen(env: Mapping[str, str]) -> EngineAddress | None:
    """The engine that the environment or the client's configuration names."""
    if host := env.get("DOCKER_HOST", ""):
        tls = None
        if env.get("DOCKER_TLS_VERIFY"):
            tls = env.get("DOCKER_CERT_PATH") or str(_config_dir(env))
        return EngineAddress(host, tls_dir=tls, source="DOCKER_HOST")
    config = _config_dir(env)
    name = env.get("DOCKER_CONTEXT") or _read_json(config / "config.json").get("currentContext")
    if not name or name == "default":
        return None
    digest = hashlib.sha256(str(name).encode()).hexdigest()
    meta = _read_json(config / "contexts" / "meta" / digest / "meta.json")
    endpoint = (meta.get("Endpoints") or {}).get("docker") or {}
    if not endpoint.get("Host"):
        raise UnreachableError(
            f"the docker context {name!r} is chosen but not defined in {config}",
            hint="`docker context use default`, or unset DOCKER_CONTEXT",
        )
    tls_dir = config / "contexts" / "tls" / digest / "docker"
    return EngineAddress(
        str(endpoint["Host"]),
        tls_dir=str(tls_dir) if tls_dir.is_dir() else None,
        source=f"docker context {name}",
    )


def _reached(address: EngineAddress, env: Mapping[str, str], timeout: float) -> bool:
    if not address.host.startswith("ssh://"):
        return answers(address.host, timeout=timeout, tls_dir=address.tls_dir)
    client = shutil.which("docker", path=env.get("PATH", os.defpath))
    if client is None:
        return False
    argv = [client, "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(
            argv,
            env={**env, **address.environ()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=15 * timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def well_known(env: Mapping[str, str]) -> Iterator[EngineAddress]:
    """The sockets of Docker and Podman on this machine, whether or not anybody listens."""
    yield EngineAddress("unix:///var/run/docker.sock", source="/var/run/docker.sock")
    runtime = env.get("XDG_RUNTIME_DIR", "")
    if runtime:
        yield EngineAddress(f"unix://{runtime}/docker.sock", source="rootless Docker")
        yield EngineAddress(f"unix://{runtime}/podman/podman.sock", source="Podman")
    yield EngineAddress("unix:///run/podman/podman.sock", source="Podman")


def _read_json(path: Path) -> Mapping[str, Any]:
    """The object in ``path``; empty if the file is missing or holds no JSON object."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
