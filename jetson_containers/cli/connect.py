"""Find the engine to work with, or make one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jetson_containers.cli.context import Context
from jetson_containers.engine.address import EngineAddress
from jetson_containers.engine.buildkit import BuildKitEngine
from jetson_containers.engine.classic import ClassicEngine
from jetson_containers.engine.command import pasteable
from jetson_containers.engine.locate import locate
from jetson_containers.errors import UsageError
from jetson_containers.platform.target import Target


@dataclass(frozen=True, slots=True)
class Connection:
    """An engine with its address."""

    engine: BuildKitEngine | ClassicEngine
    address: EngineAddress
    environ: Mapping[str, str]

    def bootstrap(self, target: Target, cache: Path, on_line: Callable[[str], None]) -> str:
        """Make the base image of ``target`` from its distribution's packages."""
        from jetson_containers.image.bootstrap import bootstrap

        made = bootstrap(target, self.engine.client, cache, on_line, env=self.environ)
        return made.reference

    def pasteable(self, argv: Sequence[str]) -> str:
        """A ``docker`` command as a person has to type it to reach the same engine."""
        found = shutil.which("docker", path=self.environ.get("PATH"))
        chosen = self.environ.get("DOCKER_HOST") == self.address.host or not self.address.private
        if found == self.address.docker and chosen:
            return pasteable(argv)
        settings = [f"{key}={value}" for key, value in self.address.environ().items()]
        return pasteable(["env", *settings, self.address.docker or argv[0], *argv[1:]])


def connect(context: Context, wanted: str, on_line: Callable[[str], None]) -> Connection:
    """The engine that answers; else a private one, made and started.

    ``wanted`` is ``auto``, ``buildkit``, ``bake`` or ``docker``.
    """
    address = locate(context.environ)
    if address is None:
        from jetson_containers.engine.provision import provision

        on_line("no container engine answers; a private one is prepared")
        address = provision(context.cache, on_line, env=context.environ)
    if wanted in ("buildkit", "bake") and not (address.docker and address.buildx):
        raise UsageError(
            f"--engine {wanted}: {address.note or 'the client has no buildx plugin'}",
            hint="install docker-buildx, or use --engine docker",
        )
    if wanted == "docker" or not (address.docker and address.buildx):
        if wanted != "docker":
            on_line(f"note: {address.note}, which is slower")
        return Connection(ClassicEngine(address.host, address.tls_dir), address, context.environ)
    if wanted != "bake":
        return _with_buildx(context, address, address.docker)
    from jetson_containers.engine.bake import BakeEngine

    return _with_buildx(context, address, address.docker, BakeEngine)


def answering(context: Context) -> Connection | None:
    """The engine that answers now; none is made. Raises as :func:`locate` does."""
    address = locate(context.environ)
    if address is None:
        return None
    if not (address.docker and address.buildx):
        return Connection(ClassicEngine(address.host, address.tls_dir), address, context.environ)
    return _with_buildx(context, address, address.docker)


def _with_buildx(
    context: Context,
    address: EngineAddress,
    docker: str,
    kind: type[BuildKitEngine] = BuildKitEngine,
) -> Connection:
    environ = {**context.environ, **address.environ()}
    engine = kind(address.host, Path(docker), environ, address.tls_dir)
    return Connection(engine, address, context.environ)
