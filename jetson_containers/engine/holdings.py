"""Which stages the engine holds, asked one by one, and only about those that matter."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from jetson_containers.engine.protocol import Engine, ImageInfo
from jetson_containers.image import labels
from jetson_containers.plan.model import Stage


class Holdings:
    """The images of stages, by id; ``in`` asks the engine the first time.

    An engine answers about one image in milliseconds, and needs that for every image that it has
    when it lists them. A chain whose last stage is there costs one question.

    An image counts under its stage's own reference, and only with its fingerprint: labels are
    inherited by whatever somebody builds on an image of ours. ``without`` are ids of stages that
    count as missing until they are :meth:`put` here.
    """

    def __init__(
        self, engine: Engine, stages: Mapping[str, Stage], without: Collection[str] = ()
    ) -> None:
        self._engine = engine
        self._stages = stages
        self._known: dict[str, ImageInfo | None] = dict.fromkeys(without)

    def __contains__(self, stage: object) -> bool:
        return isinstance(stage, str) and self.image(stage) is not None

    def image(self, stage: str) -> ImageInfo | None:
        """The image of a stage, or ``None``."""
        if stage not in self._known:
            self._known[stage] = held_image(self._engine, self._stages[stage])
        return self._known[stage]

    def known(self, stage: str) -> ImageInfo | None:
        """The image of a stage as far as the engine was asked; it is not asked now."""
        return self._known.get(stage)

    def put(self, stage: str, image: ImageInfo) -> None:
        """The stage is there now."""
        self._known[stage] = image


def held_image(engine: Engine, stage: Stage) -> ImageInfo | None:
    """The image of a stage, if the engine has it under the stage's name with its fingerprint."""
    image = engine.inspect(stage.reference)
    if image is None or image.labels.get(labels.FINGERPRINT) != stage.fingerprint:
        return None
    return image
