"""The engine that ``run`` starts containers on, and the way to it."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from jetson_containers.engine.address import EngineAddress
from jetson_containers.errors import UnreachableError

DEFAULT = "unix:///var/run/docker.sock"
NO_ENGINE = "no container engine answers, so no container can be started"
#: Docker Engine documentation, "Linux post-installation steps"
JOIN_GROUP = "sudo usermod -aG docker $USER, then log in again"


@dataclass(frozen=True, slots=True)
class Reached:
    """An engine that answers this user, or with ``sudo`` only root."""

    address: EngineAddress
    sudo: bool = False

    @property
    def here(self) -> bool:
        """Whether the engine sees this machine's files and devices."""
        return self.address.host.startswith("unix://")

    def client(self, environ: Mapping[str, str]) -> str:
        """The word for the docker client: its name where PATH finds it, else its path."""
        found = shutil.which("docker", path=environ.get("PATH", os.defpath))
        return "docker" if self.address.docker in (None, found) else str(self.address.docker)

    def settings(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The variables without which the client of this session would find another engine."""
        if self.address.host == DEFAULT or self.address.source.startswith("docker context"):
            return {}
        wanted = self.address.environ()
        return {name: value for name, value in wanted.items() if environ.get(name) != value}


def reach(environ: Mapping[str, str]) -> Reached:
    """The engine that ``build`` uses too; where none answers, one that answers root alone.

    Raises :class:`UnreachableError` where there is none.
    """
    from jetson_containers.engine.locate import locate, with_client

    failure = UnreachableError(
        NO_ENGINE,
        hint="start Docker (`sudo systemctl start docker`), or make a private engine: "
        "`jetson-containers engine up`",
    )
    try:
        address = locate(environ)
    except UnreachableError as error:
        if not environ.get("DOCKER_HOST"):
            raise
        address, failure = None, error
    if address is not None:
        return Reached(address)
    host = environ.get("DOCKER_HOST") or DEFAULT
    if not _denied(host):
        raise failure
    if shutil.which("sudo", path=environ.get("PATH", os.defpath)) is None:
        raise UnreachableError(
            f"this user may not use the engine at {host}, and there is no sudo",
            hint=f"as root: {JOIN_GROUP.removeprefix('sudo ')}",
        )
    return Reached(with_client(EngineAddress(host, source="sudo"), environ), sudo=True)


def paste(settings: Mapping[str, str], argv: tuple[str, ...]) -> str:
    """The command for a shell, with the variables that it needs before it."""
    before = "".join(f"{name}={shlex.quote(value)} " for name, value in settings.items())
    return before + shlex.join(argv)


def _denied(host: str) -> bool:
    """Whether a socket is there that this user may not open."""
    if not host.startswith("unix://"):
        return False
    with socket.socket(socket.AF_UNIX) as link:
        try:
            link.connect(host.removeprefix("unix://"))
        except PermissionError:
            return True
        except OSError:
            return False
    return False
