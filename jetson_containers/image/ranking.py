"""The order of candidates: which of several images that would do is the best. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import total_ordering
from typing import Any

from packaging.version import Version

from jetson_containers.image.compatibility import doubt
from jetson_containers.image.facts import ImageFacts, fold
from jetson_containers.image.request import Wanted, parse_version
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.target import Target


@total_ordering
class Descending:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and bool(self.value == other.value)

    def __lt__(self, other: Descending) -> bool:
        return bool(other.value < self.value)

    def __hash__(self) -> int:
        return hash(self.value)


def rank_key(
    image: ImageFacts,
    request: Sequence[Wanted],
    host: HostFacts,
    target: Target,
    prefer: Sequence[str],
) -> tuple[Any, ...]:
    """Sorts the best image first.

    In this order: the source, as preferred; labels that are not believed last; what may hold no
    code for the GPU (:func:`.rules.gpu.doubt`) after what does; the version,
    newest first; verified by label before by tag; nearness of L4T, then of CUDA; the target's own
    Ubuntu release; named after what is asked before merely holding it; the date; and the
    reference, so that the order is total.
    """
    source = image.listed.source
    return (
        prefer.index(source) if source in prefer else len(prefer),
        bool(image.label_problem),
        bool(doubt(image, host)),
        tuple(Descending(version_key(text)) for text in _versions(image, request)),
        image.verified_by != "label",
        l4t_distance(image.l4t, host.l4t.value),
        cuda_distance(image.cuda, target.cuda),
        (image.distro, image.release) != (target.distro, target.release),
        fold(image.reference.name) not in {fold(item.name) for item in request},
        Descending(image.listed.created),
        image.listed.reference,
    )


def version_key(text: str) -> tuple[Any, ...]:
    """Ascending: no version, then what is no PEP 440 version (as text), then versions."""
    if not text:
        return (0,)
    version = parse_version(text)
    return (1, text) if version is None else (2, version)


def l4t_distance(image: tuple[int, ...] | None, host: Version | None) -> int:
    """0 equal in the parts that the image gives, 1 same minor, 2 same major, 3 neither."""
    if host is None:
        return 0
    if image is None:
        return 3
    here = (host.major, host.minor, host.micro)
    same = next((n for n, (a, b) in enumerate(zip(image, here, strict=False)) if a != b), None)
    if same is None:
        return 0
    return 3 - same


def cuda_distance(image: Version | None, target: Version) -> tuple[int, int]:
    """Equal, then the nearest below, then the nearest above, then unknown."""
    if image is None:
        return (3, 0)
    apart = (image.major - target.major) * 100 + image.minor - target.minor
    if apart == 0:
        return (0, 0)
    return (1, -apart) if apart < 0 else (2, apart)


def _versions(image: ImageFacts, request: Sequence[Wanted]) -> list[str]:
    held = dict(image.packages)
    return [held.get(fold(item.name), "") for item in request]
