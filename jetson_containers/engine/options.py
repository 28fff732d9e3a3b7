"""What a run adds to its plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jetson_containers.engine.budget import Machine
from jetson_containers.engine.imagetests import TestSettings
from jetson_containers.engine.protocol import BuildRequest
from jetson_containers.plan.model import Stage


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What a run adds to its plans.

    ``machine`` is what compile steps may use, divided by the ``jobs`` that can run at the same
    time. ``proxies`` are the proxy variables that engines hand to steps without keeping them.
    ``min_free`` is in bytes. ``redo`` are the ids of stages that are built although they are
    there, ``fresh`` those that the engine's build cache is not used for. ``epochs`` are the times
    of reproducible images, by stage id. With ``fail_fast`` nothing is begun after the first
    failure.
    """

    secrets: Mapping[str, Path] = field(default_factory=dict)
    machine: Machine | None = None
    jobs: int = 1
    proxies: Mapping[str, str] = field(default_factory=dict)
    cache_from: Sequence[str] = ()
    cache_to: Sequence[str] = ()
    compression: str = "zstd"
    min_free: int = 2_000_000_000
    stage_tests: bool = True
    tests: TestSettings = field(default_factory=TestSettings)
    fail_fast: bool = False
    redo: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()
    epochs: Mapping[str, int] = field(default_factory=dict)


def build_request(
    stage: Stage, options: BuildOptions, budget: Mapping[str, str]
) -> BuildRequest:
    """A stage with what only this run knows. The parent is the stage before, or the base."""
    return BuildRequest(
        stage=stage,
        parent=stage.base,
        secrets=options.secrets,
        budget=budget,
        proxies=options.proxies,
        cache_from=tuple(_own(stage, spec) for spec in options.cache_from),
        cache_to=tuple(_own(stage, spec) for spec in options.cache_to),
        compression=options.compression,
        fresh=stage.id in options.fresh,
        epoch=options.epochs.get(stage.id),
    )


def _own(stage: Stage, spec: str) -> str:
    """A place for BuildKit's cache, with ``{package}`` for one of each package's own.

    What is exported to one place replaces what was there before.
    """
    return spec.replace("{package}", stage.package.lower())
