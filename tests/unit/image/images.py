"""Images and hosts for tests of selection."""

from __future__ import annotations

import json
from collections.abc import Sequence

from jetson_containers.image import labels as names
from jetson_containers.image.facts import ImageFacts, image_facts
from jetson_containers.image.listed import ListedImage, Source
from jetson_containers.image.request import parse_wanted
from jetson_containers.image.selection import Candidate, select
from jetson_containers.platform.assumed import facts_of_target
from jetson_containers.platform.named import named_target


def labels(target: str, *packages: str) -> dict[str, str]:
    """The labels of an image of ours whose last stage is the last package."""
    return {
        names.TARGET: json.dumps(named_target(target).to_dict()),
        names.PACKAGES: json.dumps(packages),
        names.FINGERPRINT: "0" * 64,
        names.STAGE: packages[-1],
    }


def image(
    reference: str,
    *archs: str,
    target: str = "",
    packages: Sequence[str] = (),
    source: Source = "local",
    created: str = "",
) -> ImageFacts:
    """Facts of an image, with labels when a target is given."""
    told = labels(target, *packages) if target else {}
    return image_facts(ListedImage(reference, source, archs, created, told))


def ranked(asked: str, on: str, *images: ImageFacts, **options: Sequence[str]) -> list[Candidate]:
    """The ranked list for a request on a machine of a named target."""
    target = named_target(on)
    request = parse_wanted(asked.split())
    return list(select(images, request, facts_of_target(target), target, **options))


def codes(asked: str, on: str, candidate: ImageFacts) -> list[str]:
    """The reason codes of one image."""
    return [reason.code for reason in ranked(asked, on, candidate)[0].reasons]
