"""``autotag --why-not IMAGE PKG``: the verdict on one image, wherever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jetson_containers.cli.autotag_local import LocalImages
from jetson_containers.cli.autotag_registry import Registries
from jetson_containers.errors import BuilderError, UnreachableError, UsageError
from jetson_containers.image.listed import ListedImage

if TYPE_CHECKING:
    from jetson_containers.cli.host import Machine
    from jetson_containers.image.selection import Candidate


def find_image(
    reference: str, local: LocalImages | None, registries: Registries | None
) -> tuple[ListedImage, list[BuilderError]]:
    """The image as the engine has it, else as its registry has it, else by its name alone.

    With what stood in the way of knowing more. ``None`` is a source that is not asked.
    """
    faults: list[BuilderError] = []
    if local is not None:
        try:
            found = local.named(reference)
        except UnreachableError as error:
            faults.append(error)
        else:
            if found is not None:
                return found, []
    if registries is not None:
        try:
            remote = registries.named(reference)
        except UsageError:
            raise
        except BuilderError as error:
            faults.append(error)
        else:
            if remote is not None:
                return remote, []
    return ListedImage(reference, "registry"), faults


def verdict(candidate: Candidate, machine: Machine) -> str:
    """What is to be said of one image, in lines."""
    known = f"told by its {candidate.rests_on}"
    if candidate.image.label_problem:
        known += f" ({candidate.image.label_problem})"
    if candidate.unserved:
        from jetson_containers.cli.autotag_words import not_for

        known += f"; it {not_for(candidate)}"
    if candidate.doubt:
        known += f"; it {candidate.doubt}"
    if candidate.accepted:
        return f"{candidate.reference} runs on {machine}; {known}"
    lines = [f"{candidate.reference} does not fit {machine}; {known}"]
    lines += [f"  {reason.code}: {reason.message}" for reason in candidate.reasons]
    return "\n".join(lines)
