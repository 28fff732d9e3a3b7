"""Can the base image of the target be had from its registry?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, info, ok, warning


def question(reference: str) -> str:
    """Under which name the answer of a registry is recorded; see :mod:`.outside`."""
    return f"registry {reference}"


def judge(host: Host) -> Iterator[Verdict]:
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


CHECK = Check("registries", "whether the registry answers, and has the base image", judge)
