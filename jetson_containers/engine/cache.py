"""Finished stages that lie elsewhere: the port to registries, and the cache that has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from jetson_containers.engine.protocol import Engine, ImageInfo
from jetson_containers.plan.model import Stage


@dataclass(frozen=True, slots=True)
class Found:
    """A finished stage in a registry, verified by its label and its manifest's digest.

    ``reference`` names it there by digest; ``source`` is for people (``registry HOST/NAMESPACE``).
    """

    fingerprint: str
    reference: str
    digest: str
    source: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a stage that was built is kept now, and why not in the other places, for people."""

    places: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


class StageCache(Protocol):
    """Where stages are looked for that the engine does not hold."""

    def find(self, stages: Sequence[Stage]) -> Mapping[str, Found]:
        """What of ``stages`` is there, by fingerprint; all are asked about at once.

        A place that cannot be asked is one that holds nothing.
        """

    def fetch(
        self, stage: Stage, found: Found, engine: Engine, on_line: Callable[[str], None]
    ) -> ImageInfo:
        """Pull by digest and tag ``stage.reference``.

        Raises :class:`~jetson_containers.errors.BuilderError`: the stage is built then.
        """

    def store(
        self,
        stage: Stage,
        image: ImageInfo,
        engine: Engine,
        on_line: Callable[[str], None],
        *,
        replace: bool = False,
    ) -> Kept:
        """Keep a stage that was built; what is there stays, unless it is to ``replace``.

        What cannot be kept is told, and the build goes on all the same.
        """


class NoCache:
    """Holds nothing and keeps nothing."""

    def find(self, stages: Sequence[Stage]) -> Mapping[str, Found]:
        return {}

    def fetch(
        self, stage: Stage, found: Found, engine: Engine, on_line: Callable[[str], None]
    ) -> ImageInfo:
        raise LookupError(stage.id)

    def store(
        self,
        stage: Stage,
        image: ImageInfo,
        engine: Engine,
        on_line: Callable[[str], None],
        *,
        replace: bool = False,
    ) -> Kept:
        return Kept()
