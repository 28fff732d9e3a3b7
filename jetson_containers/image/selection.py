"""Selection: from listed images and a request to a ranked list of verdicts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jetson_containers.image.compatibility import Reason, doubt, refusals, unserved
from jetson_containers.image.facts import ImageFacts, image_facts
from jetson_containers.image.listed import SOURCES, ListedImage
from jetson_containers.image.ranking import rank_key
from jetson_containers.image.request import (
    Wanted,
    is_about,
    missing,
    unasked_builder,
    wrong_version,
)
from jetson_containers.platform.facts import Gpu, HostFacts
from jetson_containers.platform.target import Target


@dataclass(frozen=True, slots=True)
class Candidate:
    """An image with its verdict: accepted, or refused with every reason that applies.

    ``unserved`` are GPUs of the host that an accepted image does not run on, ``doubt`` is what
    speaks against one that nothing refuses.
    """

    image: ImageFacts
    reasons: tuple[Reason, ...] = ()
    unserved: tuple[Gpu, ...] = ()
    doubt: str = ""

    @property
    def accepted(self) -> bool:
        return not self.reasons

    @property
    def reference(self) -> str:
        return self.image.listed.reference

    @property
    def rests_on(self) -> str:
        """``label`` or ``tag``, and whether something had to be inferred."""
        return f"{self.image.verified_by}, {'inferred' if self.image.inferred else 'exact'}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form (``autotag --json``)."""
        return {
            "image": self.reference,
            "source": self.image.listed.source,
            "accepted": self.accepted,
            "verified_by": self.image.verified_by,
            "inferred": self.image.inferred,
            "label_problem": self.image.label_problem,
            "unserved_gpus": [gpu.name for gpu in self.unserved],
            "doubt": self.doubt,
            "reasons": [{"code": item.code, "message": item.message} for item in self.reasons],
        }


def about(listed: Iterable[ListedImage], request: Sequence[Wanted]) -> tuple[ImageFacts, ...]:
    """The images that have to do with a request."""
    found = (image_facts(item) for item in listed)
    return tuple(image for image in found if is_about(image, request))


def select(
    images: Iterable[ImageFacts],
    request: Sequence[Wanted],
    host: HostFacts,
    target: Target,
    *,
    prefer: Sequence[str] = SOURCES,
) -> tuple[Candidate, ...]:
    """Every image with its verdict: accepted ones first, best first; then the nearest misses.

    Laws: the result does not depend on the order of ``images``; each image is in it once.
    """
    candidates = [_candidate(image, request, host) for image in images]
    return tuple(
        sorted(
            candidates,
            key=lambda item: (
                len(item.reasons),
                rank_key(item.image, request, host, target, prefer),
            ),
        )
    )


def _candidate(image: ImageFacts, request: Sequence[Wanted], host: HostFacts) -> Candidate:
    reasons = judge(image, request, host)
    return Candidate(
        image, reasons, unserved(image, host), "" if reasons else doubt(image, host)
    )


def judge(image: ImageFacts, request: Sequence[Wanted], host: HostFacts) -> tuple[Reason, ...]:
    """Every reason to refuse: what the image is, what is asked, what the host can run."""
    own = (
        missing(image, request),
        wrong_version(image, request),
        _stage(image),
        unasked_builder(image, request),
        _unreadable(image),
    )
    return (*(reason for reason in own if reason is not None), *refusals(image, host))


def best(candidates: Sequence[Candidate]) -> Candidate | None:
    """The one to run, of a ranked list."""
    return candidates[0] if candidates and candidates[0].accepted else None


def _stage(image: ImageFacts) -> Reason | None:
    """A link of a chain is no image for users: its package alone is not what was asked for.

    Other builders append the package's name to a stage's tag (``minigpt4:r35.4.1-onnx``).
    """
    if not image.stage:
        return None
    return Reason("stage-image", "the image is a stage of a build, not its result")


def _unreadable(image: ImageFacts) -> Reason | None:
    if not image.unreadable:
        return None
    return Reason("unreadable-tag", f"{image.unreadable}, and no label of ours tells more")
