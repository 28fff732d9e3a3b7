"""What has to be done for the images of several plans: pure, from what is there already."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from jetson_containers.plan.model import Plan, Stage

_IMAGE = "docker-image://"


def all_stages(plans: Sequence[Plan]) -> dict[str, Stage]:
    """The stages of all plans by id, each once, in their order."""
    found: dict[str, Stage] = {}
    for plan in plans:
        for stage in plan.stages:
            found.setdefault(stage.id, stage)
    return found


def needs(stages: Mapping[str, Stage]) -> dict[str, tuple[str, ...]]:
    """The stages that each stage stands on or takes files from."""
    by_reference = {stage.reference: stage.id for stage in stages.values()}
    found = {}
    for stage in stages.values():
        others = (
            by_reference.get(place.removeprefix(_IMAGE), "")
            for _, place in stage.contexts
            if place.startswith(_IMAGE)
        )
        wanted = dict.fromkeys((stage.parent or "", *others))
        found[stage.id] = tuple(item for item in wanted if item in stages)
    return found


@dataclass(frozen=True, slots=True)
class Demand:
    """The stages to build and to fetch; ``needs`` are what each stage of all plans waits for.

    Law: a stage is in demand exactly when an image asked for, or a stage to build, needs it and
    it is not held; a fetched stage waits for nothing.
    """

    build: tuple[str, ...]
    fetch: tuple[str, ...]
    needs: Mapping[str, tuple[str, ...]]

    @property
    def stages(self) -> frozenset[str]:
        """All that is in demand."""
        return frozenset((*self.build, *self.fetch))

    @property
    def width(self) -> int:
        """How many stages can be worked on at the same time, at most."""
        used = {need for item in self.build for need in self.needs[item]}
        return len(self.stages - used)


def demand(
    stages: Mapping[str, Stage],
    wanted: Iterable[str],
    held: Container[str],
    cached: Container[str],
) -> Demand:
    """What is to be done for the stages ``wanted``; ``held`` and ``cached`` are stage ids."""
    graph = needs(stages)
    seen: set[str] = set()
    todo = list(wanted)
    while todo:
        item = todo.pop()
        if item in seen or item in held:
            continue
        seen.add(item)
        if item not in cached:
            todo += graph[item]
    return Demand(
        build=tuple(item for item in stages if item in seen and item not in cached),
        fetch=tuple(item for item in stages if item in seen and item in cached),
        needs={
            item: () if item in seen and item in cached else found for item, found in graph.items()
        },
    )
