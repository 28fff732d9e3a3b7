"""Can the base image of the target be had, and do the registries answer that autotag asks?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jetson_containers.doctor.model import Check, Host, Verdict, info, ok, warning

#: before the place, in the name under which an answer is recorded
_IMAGES = "images "


def question(reference: str) -> str:
    """Under which name the answer of a registry is recorded; see :mod:`.outside`."""
    return f"registry {reference}"


def place_question(place: str) -> str:
    """The same for a place where images are looked for, as ``docker.io/NAME``."""
    return f"{_IMAGES}{place}"


def judge(host: Host) -> Iterator[Verdict]:
    yield from _base_image(host)
    for question_, answer in host.evidence.commands.items():
        if question_.startswith(_IMAGES):
            yield _place(question_.removeprefix(_IMAGES), answer.split())


def _place(name: str, answer: Sequence[str]) -> Verdict:
    if answer[:1] == ["answered"]:
        held = f" and has {answer[1]} repositories" if answer[1:] else ""
        return ok(f"{name}, where autotag looks for images, answers{held}")
    if answer[:1] == ["absent"]:
        return warning(f"{name} has no images, so autotag finds none there")
    return warning(
        f"{name} could not be asked: autotag finds no image there, and knows only what it was "
        "told last (`autotag --offline`)"
    )


def _base_image(host: Host) -> Iterator[Verdict]:
    if host.target is None:
        return
    reference = host.target.base_image
    said = host.output(question(reference))
    if said is None:
        yield info(f"the registry of the base image {reference} was not asked")
    elif said.startswith("found"):
        yield ok(f"the registry has the base image {reference}")
    elif said.startswith("absent"):
        yield warning(
            f"the registry has no base image {reference}: name another one with `build --base`"
        )
    else:
        yield warning(
            f"the registry of the base image {reference} could not be asked: images can be "
            "neither pulled nor found there. Where the engine has no such image either, `build` "
            "makes one from the distribution's packages, if it can"
        )


CHECK = Check(
    "registries", "whether registries answer, and the base image's has that image", judge
)
