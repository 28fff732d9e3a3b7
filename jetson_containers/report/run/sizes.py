"""Sizes by layer and package: which stage of a chain brought which layer of its image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from jetson_containers.report.run.model import ImageReport, RunReport


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


#: instruction and bytes of each layer of an image by its chain (which names it with all below),
#: oldest first; empty where the engine does not hold the image
Layers = Callable[[str], Mapping[str, tuple[str, int]]]
#: the chains alone
Chains = Callable[[str], Sequence[str]]


def run_layers(run: RunReport, layers: Layers, chains: Chains) -> tuple[ImageLayers, ...]:
    """The layers of each image of a run that the engine still holds as the run made it.

    ``layers`` is asked for the final stages only, ``chains`` once for each stage and base.
    """
    known = cache(chains)
    made = (image for image in run.images if image.size is not None)
    found = (image_layers(run, image, layers, known) for image in made)
    return tuple(item for item in found if item is not None)


def image_layers(
    run: RunReport, image: ImageReport, layers: Layers, chains: Chains
) -> ImageLayers | None:
    """Which stage brought which layer of ``image``.

    A stage's layers go on where its parent's end. What is no longer held counts together with
    what stands on it. ``None`` unless the final stage is held.
    """
    stages = [run.by_id[item] for item in image.stages if item in run.by_id]
    final = layers(stages[-1].reference) if stages else {}
    if not final:
        return None
    places = {chain: place for place, chain in enumerate(final, 1)}
    titles = [("", image.base), *((stage.title, stage.reference) for stage in stages[:-1])]
    marks: list[tuple[int, str]] = []
    together: list[str] = []
    for title, reference in titles:
        together.append(title)
        held = chains(reference)
        if held and held[-1] in places:
            marks.append((places[held[-1]], _joined(together)))
            together = []
    marks.append((len(final), _joined([*together, stages[-1].title])))
    return ImageLayers(
        image.reference,
        tuple(
            Layer(next(title for end, title in marks if place <= end), instruction, size)
            for place, (instruction, size) in enumerate(final.values(), 1)
            if size
        ),
    )


def _joined(titles: Sequence[str]) -> str:
    return " and ".join(title or "base image" for title in titles) if len(titles) > 1 else titles[0]
