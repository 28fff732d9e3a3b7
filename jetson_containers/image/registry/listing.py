"""What a registry has of a package: its images as :class:`ListedImage`, checked one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.image.docker_hub import hub_image
from jetson_containers.image.listed import ListedImage
from jetson_containers.image.registry import hub
from jetson_containers.image.registry.client import Registry
from jetson_containers.image.registry.credentials import Login
from jetson_containers.image.registry.faults import TooLarge, UntrustedAnswer
from jetson_containers.image.registry.place import HUB, Place
from jetson_containers.image.registry.web import Web
from jetson_containers.questions import ask_all

#: images of one repository that are read; each takes two or three answers
MOST = 100
_WORKERS = 6


@dataclass(frozen=True, slots=True)
class Listing:
    """The images, what kept others out of the list, and how many were not even asked for."""

    images: tuple[ListedImage, ...]
    faults: tuple[BuilderError, ...] = ()
    unread: int = 0


def list_repository(
    place: Place, name: str, architecture: str, web: Web, login: Callable[[str], Login | None]
) -> Listing:
    """The images of one repository.

    Docker Hub tells architectures and dates with the tags; labels are not asked for there, since
    each manifest would count as a pull. Elsewhere the manifest and configuration of every image
    are read and verified: what cannot be verified is not in the list. Raises
    :class:`UnreachableError` where there is no list at all, or more of it than is read.
    """
    if place.host == HUB:
        with _whole():
            tags = hub.hub_tags(web, place.namespace, name, address=hub.ADDRESS)
        found_there = (hub_image(place.namespace, name, tag) for tag in tags)
        return Listing(tuple(image for image in found_there if image is not None))
    registry = Registry(place.host, web, login)
    repository = f"{place.namespace}/{name}".lstrip("/")
    with _whole():
        found = registry.tags(repository)
    chosen = worth_reading(f"{place}/{name}", found, architecture)
    questions = [partial(registry.image, repository, tag, architecture) for tag in chosen]
    answers = ask_all(
        questions, workers=_WORKERS, seconds=max(0.0, web.deadline - web.clock()) + 1
    )
    images, faults = [], []
    for tag, answer in zip(chosen, answers, strict=True):
        reference = f"{place}/{name}:{tag}"
        if isinstance(answer, BuilderError):
            faults.append(answer)
        elif isinstance(answer, BaseException):
            raise answer
        elif answer is not None:
            images.append(
                ListedImage(
                    reference,
                    "registry",
                    answer.architectures,
                    answer.created,
                    answer.labels,
                    answer.digest,
                )
            )
    late = sum(answer is None for answer in answers)
    if late and web.clock() >= web.deadline:
        faults.append(UnreachableError(f"{place}/{name} is too slow: {late} images are not read"))
    return Listing(tuple(images), tuple(faults), len(found) - len(chosen))


@contextmanager
def _whole() -> Iterator[None]:
    """A list that is too large is one that was not read: what it holds is not known."""
    try:
        yield
    except TooLarge as error:
        raise UntrustedAnswer(error.what) from None


def worth_reading(
    repository: str, tags: Iterable[str], architecture: str, most: int = MOST
) -> tuple[str, ...]:
    """At most ``most`` tags: those that may run on the architecture first, newest first.

    A tag that tells nothing comes after those that fit, and before those of other architectures.
    """
    from jetson_containers.image.facts import image_facts
    from jetson_containers.image.ranking import Descending, version_key

    def key(tag: str) -> tuple[object, ...]:
        facts = image_facts(ListedImage(f"{repository}:{tag}", "registry"))
        unfit = bool(facts.architectures) and architecture not in facts.architectures
        version = facts.packages[0][1] if facts.packages else ""
        return (unfit, bool(facts.unreadable), facts.stage, Descending(version_key(version)), tag)

    return tuple(sorted(tags, key=key)[:most])
