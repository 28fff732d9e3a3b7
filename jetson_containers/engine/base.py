"""Choose the image that a chain starts on, and say which it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from jetson_containers.engine.protocol import Engine, ImageInfo
from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.image.bootstrap import bootstrap_reference
from jetson_containers.image.contents import Contents, read_contents
from jetson_containers.image.listed import ListedImage
from jetson_containers.image.reference import familiar
from jetson_containers.plan.model import BaseImage
from jetson_containers.platform.target import Target

BOOTSTRAP = "bootstrap"

#: makes the base image of a target and gives its reference
MakeBase = Callable[[Target], str]


class Images(Protocol):
    """What is asked of an engine's store alone."""

    def inspect(self, reference: str) -> ImageInfo | None: ...


def planned_base(
    target: Target,
    wanted: str,
    images: Iterable[ListedImage] = (),
    on_line: Callable[[str], None] = lambda line: None,
) -> BaseImage:
    """The base of a plan that no engine is asked about; ``images`` tell the labels of some."""
    if wanted == BOOTSTRAP:
        return BaseImage(bootstrap_reference(target))
    reference = wanted or target.base_image
    labels = next(
        (image.labels for image in images if familiar(image.reference) == familiar(reference)), {}
    )
    return BaseImage(reference, contents=_contents(reference, labels, on_line))


def choose_base(
    engine: Engine,
    target: Target,
    wanted: str,
    make: MakeBase,
    on_line: Callable[[str], None],
) -> BaseImage:
    """The base image, in the engine's store when this returns.

    ``wanted`` is an image (which has to be had), ``bootstrap`` (made from the distribution's
    packages), or empty: the target's base image if it is here or can be pulled, else one that
    was or is made from the distribution's packages.
    """
    if wanted == BOOTSTRAP:
        return _bootstrap(engine, target, make, on_line)
    reference = wanted or target.base_image
    held = engine.inspect(reference)
    if held is not None:
        return _base(reference, held, "local", on_line)
    if not wanted:
        made = engine.inspect(bootstrap_reference(target))
        if made is not None:
            return _base(bootstrap_reference(target), made, BOOTSTRAP, on_line)
    try:
        pulled = engine.pull(reference, target.platform, on_line)
        return _base(reference, pulled, "pulled", on_line)
    except BuilderError as error:
        if wanted:
            raise UnreachableError(
                f"the base image {reference} is not here and cannot be pulled: {error.what}",
                hint="load it (`docker load`), name another with --base, "
                "or make one with --base bootstrap",
            ) from None
        why = error.what.splitlines()[0][:200]
        on_line(f"{reference} cannot be pulled ({why})")
        on_line(f"a base image is made from {target.distro}'s packages")
        return _bootstrap(engine, target, make, on_line)


def held_base(
    engine: Images, target: Target, wanted: str, on_line: Callable[[str], None]
) -> BaseImage | None:
    """The base that :func:`choose_base` would find in the engine's store; nothing is pulled."""
    named = bootstrap_reference(target) if wanted == BOOTSTRAP else wanted or target.base_image
    for reference in (named, *(() if wanted else (bootstrap_reference(target),))):
        held = engine.inspect(reference)
        if held is not None:
            origin = BOOTSTRAP if reference == bootstrap_reference(target) else "local"
            return _base(reference, held, origin, on_line)
    return None


def _bootstrap(
    engine: Engine, target: Target, make: MakeBase, on_line: Callable[[str], None]
) -> BaseImage:
    reference = bootstrap_reference(target)
    held = engine.inspect(reference)
    if held is None:
        reference = make(target)
        held = engine.inspect(reference)
    if held is None:
        raise BuilderError(f"the base image {reference} was made and is not in the engine's store")
    return _base(reference, held, BOOTSTRAP, on_line)


def _base(
    reference: str, held: ImageInfo, origin: str, on_line: Callable[[str], None]
) -> BaseImage:
    contents = _contents(reference, held.labels, on_line)
    return BaseImage(reference, held.digest, origin, contents, held.manifests)


def _contents(
    reference: str, labels: Mapping[str, str], on_line: Callable[[str], None]
) -> Contents | None:
    """What an image of ours holds; one whose labels make no sense is like any other image."""
    try:
        return read_contents(labels)
    except ValueError as error:
        on_line(f"warning: {error}: {reference} counts as an image that holds no packages")
        return None
