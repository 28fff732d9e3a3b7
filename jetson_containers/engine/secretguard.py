"""Build a stage so that its image gets its name only when none of its secrets is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from jetson_containers.engine.command import build_args
from jetson_containers.engine.events import LogLine, Sink, Warned
from jetson_containers.engine.needles import SHORTEST, credentials, public, too_short
from jetson_containers.engine.protocol import BuildRequest, ImageInfo
from jetson_containers.engine.secretscan import Finding, Saves, SecretScanner
from jetson_containers.errors import BuilderError, Location
from jetson_containers.plan.model import Stage

#: what the tag of an image ends in that nobody has looked into yet
UNPROVEN = "-unproven"
#: bytes of a secret that are read
_MOST = 1 << 20


class SecretFound(BuilderError):
    """An image holds a secret; ``findings`` say which one and where, never its value."""

    def __init__(self, stage: Stage, findings: tuple[Finding, ...]) -> None:
        places = "; ".join(map(str, findings[:5]))
        more = f" and {len(findings) - 5} more" if len(findings) > 5 else ""
        super().__init__(
            f"the image of {stage.title} holds {places}{more}",
            where=Location(f"{stage.context}/{stage.dockerfile}"),
            hint="read the secret from its mount in the step that needs it, write it nowhere, and "
            "replace it if the image has left this machine",
        )
        self.findings = findings


class Builds(Saves, Protocol):
    """What of an engine guarded building asks."""

    def build(self, request: BuildRequest, sink: Sink) -> ImageInfo: ...

    def inspect(self, reference: str) -> ImageInfo | None: ...

    def tag(self, source: str, reference: str) -> None: ...

    def remove(self, reference: str) -> None: ...


class SecretGuard:
    """The builds of one run."""

    def __init__(self) -> None:
        self._scanner = SecretScanner()

    def build(self, engine: Builds, request: BuildRequest, sink: Sink) -> ImageInfo:
        """Build a stage; one that was handed secrets is looked into before it gets its name.

        Raises :class:`SecretFound`, and what the engine raises. Law: an image under a stage's
        reference holds none of the secrets that this program handed to its build, whenever the
        program was stopped.
        """
        secrets = handed(request)
        if not secrets:
            return engine.build(request, sink)
        unproven = unproven_name(request.stage)
        built = engine.build(
            replace(request, stage=replace(request.stage, reference=unproven)), sink
        )
        return self.prove(engine, request.stage, built, secrets, sink)

    def prove(
        self,
        engine: Builds,
        stage: Stage,
        built: ImageInfo,
        secrets: Mapping[str, bytes],
        sink: Sink,
    ) -> ImageInfo:
        """Name the image that stands under its unproven name, if none of ``secrets`` is in it."""
        unproven = unproven_name(stage)
        for name in too_short(secrets):
            sink(
                Warned(
                    stage.id,
                    f"secret {name} has values shorter than {SHORTEST} bytes: nobody can tell "
                    f"whether {stage.title} holds them",
                )
            )
        try:
            findings = self._scanner.scan(engine, unproven, secrets, below=stage.base)
            if findings:
                raise SecretFound(stage, findings)
            engine.tag(built.digest, stage.reference)
        finally:
            engine.remove(unproven)
        sink(LogLine(stage.id, f"no secret is in the image: looked for {', '.join(secrets)}"))
        return engine.inspect(stage.reference) or built


def unproven_name(stage: Stage) -> str:
    """What a stage's image is called until it is proven."""
    return stage.reference + UNPROVEN


def handed(request: BuildRequest) -> dict[str, bytes]:
    """What a build is handed that nobody may read in its image: name to content.

    The secrets that the stage asks for, without public ones, and URLs with a password among
    arguments and proxies.
    """
    stage = request.stage
    found = {
        name: _content(request.secrets[name], stage)
        for name in stage.secrets
        if name in request.secrets
    }
    words = {f"argument {name}": value.encode() for name, value in build_args(request)}
    words |= {f"variable {name}": value.encode() for name, value in request.proxies.items()}
    urls = {name: value for name, value in words.items() if credentials(value)}
    return {name: value for name, value in {**found, **urls}.items() if not public(value)}


def _content(path: Path, stage: Stage) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST)
    except OSError as error:
        raise BuilderError(
            f"a secret of {stage.title} cannot be read: {error.strerror}",
            where=Location(str(path)),
            hint="correct --secret",
        ) from None
