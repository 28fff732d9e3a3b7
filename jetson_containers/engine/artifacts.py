"""What a package compiles, kept apart from the image: the port to the wheel store."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from jetson_containers.engine.events import Sink
from jetson_containers.engine.protocol import BuildRequest, Engine
from jetson_containers.plan.model import Stage


class Artifacts(Protocol):
    """Gives a build what was compiled before, so that it is installed and not compiled."""

    def prepare(
        self, stage: Stage, request: BuildRequest, engine: Engine, sink: Sink
    ) -> AbstractContextManager[BuildRequest]:
        """The request with the stage's artifacts as a named context, as long as it is needed.

        What is not in the store is built, checked and stored on entering. Raises
        :class:`~jetson_containers.errors.BuilderError`, which fails the stage.
        """

    def stop(self) -> None:
        """Wait for no other build any longer; called from any thread."""


class NoArtifacts:
    """Keeps nothing: every stage compiles what it needs."""

    def prepare(
        self, stage: Stage, request: BuildRequest, engine: Engine, sink: Sink
    ) -> AbstractContextManager[BuildRequest]:
        return nullcontext(request)

    def stop(self) -> None:
        return
