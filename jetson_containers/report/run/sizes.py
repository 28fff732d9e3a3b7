"""Sizes by layer and package: which stage of a chain brought which layer of its image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from jetson_containers.report.run.model import ImageReport, RunReport


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of an image's history: the instruction, and the bytes of its layer, maybe 0."""

    instruction: str
    size: int


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer with the stage (its title) that brought it, ``""`` for the base image."""

    stage: str
    instruction: str
    size: int


@dataclass(frozen=True, slots=True)
class ImageLayers:
    """The layers of an image that take room, oldest first."""

    reference: str
    layers: tuple[Layer, ...]

    @property
    def size(self) -> int:
        """Bytes of all layers."""
        return sum(layer.size for layer in self.layers)

    @property
    def packages(self) -> tuple[tuple[str, int], ...]:
        """Bytes by stage, oldest first; the base image's stand under ``""``."""
        return tuple(
            (stage, sum(layer.size for layer in layers))
            for stage, layers in groupby(self.layers, key=lambda layer: layer.stage)
        )


#: the history of an image, oldest first; ``None`` where the engine does not hold it
History = Callable[[str], "Sequence[HistoryLine] | None"]


def run_layers(run: RunReport, history: History) -> tuple[ImageLayers, ...]:
    """The layers of each image of a run that the engine still holds as the run made it."""
    known: dict[str, Sequence[HistoryLine] | None] = {}

    def ask(reference: str) -> Sequence[HistoryLine] | None:
        if reference not in known:
            known[reference] = history(reference)
        return known[reference]

    found = (image_layers(run, image, ask) for image in run.images if image.size is not None)
    return tuple(item for item in found if item is not None)


def image_layers(run: RunReport, image: ImageReport, history: History) -> ImageLayers | None:
    """Which stage brought which layer of ``image``.

    A stage's history goes on where its parent's ends. What is no longer held counts together
    with what stands on it. ``None`` unless the final stage is held, with a history.
    """
    stages = [run.by_id[item] for item in image.stages if item in run.by_id]
    final = history(stages[-1].reference) if stages else None
    if not final:
        return None
    base = history(image.base)
    marks = [(len(base), "")] if base and _begins(final, base) else []
    together = [] if marks else ["base image"]
    for stage in stages:
        lines = history(stage.reference)
        together.append(stage.title)
        if lines and _begins(final, lines):
            marks.append((len(lines), " and ".join(together)))
            together = []
    layers = []
    for place, line in enumerate(final):
        title = next(name for end, name in marks if place < end)
        if line.size:
            layers.append(Layer(title, line.instruction, line.size))
    return ImageLayers(image.reference, tuple(layers))


def _begins(whole: Sequence[HistoryLine], lines: Sequence[HistoryLine]) -> bool:
    return list(whole[: len(lines)]) == list(lines)
