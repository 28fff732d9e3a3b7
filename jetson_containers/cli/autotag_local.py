"""Local images: of the engine that answers, or of a saved list."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from jetson_containers.cli.saved import read_saved
from jetson_containers.errors import UnreachableError
from jetson_containers.image.listed import ListedImage, from_saved, from_summaries

if TYPE_CHECKING:
    from jetson_containers.engine.address import EngineAddress
    from jetson_containers.image.facts import ImageFacts
    from jetson_containers.image.request import Wanted


class LocalImages:
    """The local images, listed once; ``stages``, which are never offered, only to be shown."""

    def __init__(self, saved: str | None = None, *, stages: bool = True) -> None:
        self._saved = saved
        self._stages = stages
        self._architectures: dict[str, str] = {}

    def about(self, request: Sequence[Wanted]) -> list[ImageFacts]:
        """Those that have to do with a request. Raises :class:`UnreachableError` unless listed."""
        from jetson_containers.image.facts import image_facts
        from jetson_containers.image.selection import about

        found = about(self._listed, request)
        if self._saved is not None:
            return list(found)
        return [image_facts(self._complete(image.listed)) for image in found]

    def named(self, reference: str) -> ListedImage | None:
        """The image of that reference, or ``None``."""
        from jetson_containers.image.reference import familiar

        wanted = familiar(reference)
        images = self._images("") if self._saved is None else self._listed
        found = next((i for i in images if familiar(i.reference) == wanted), None)
        return self._complete(found) if found and self._saved is None else found

    @cached_property
    def _listed(self) -> tuple[ListedImage, ...]:
        if self._saved is not None:
            return read_saved(self._saved, from_saved)
        from jetson_containers.image.facts import STAGES

        return self._images("" if self._stages else STAGES)

    def _images(self, without: str) -> tuple[ListedImage, ...]:
        from jetson_containers.engine.ask import image_summaries

        return from_summaries(image_summaries(self._address, without=without))

    @cached_property
    def _address(self) -> EngineAddress:
        from jetson_containers.engine.locate import locate

        address = locate(dict(os.environ))
        if address is None:
            raise UnreachableError(
                "no container engine answers, so its images cannot be searched",
                hint="start Docker (`sudo systemctl start docker`), make a private engine "
                "(`jetson-containers engine up`), or name a list with --local-images",
            )
        return address

    def _complete(self, image: ListedImage) -> ListedImage:
        """With the architecture, which engines tell for one image at a time."""
        from jetson_containers.engine.ask import image_architecture

        digest = image.digest
        if digest not in self._architectures:
            self._architectures[digest] = image_architecture(self._address, digest)
        kind = self._architectures[digest]
        return replace(image, architectures=(kind,) if kind else ())
