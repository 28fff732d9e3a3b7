"""``--locked`` of ``plan`` and ``build``: what the lock file holds is what is planned."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jetson_containers.cli.context import Context, warn
from jetson_containers.errors import BuilderError, Location, UsageError, raise_all

if TYPE_CHECKING:
    from jetson_containers.lock.model import Lock, LockedImage
    from jetson_containers.package.catalogue import Catalogue
    from jetson_containers.package.model import Requirement
    from jetson_containers.plan.model import BaseImage
    from jetson_containers.plan.onbase import Resolve
    from jetson_containers.plan.request import Request
    from jetson_containers.platform.target import Target
    from jetson_containers.resolve.model import Resolution

LOCK_FILE = "jetson.lock"


def add_lock_options(parser: argparse.ArgumentParser) -> None:
    """``--locked`` and ``--lock FILE``, which says the same of another file."""
    parser.add_argument(
        "--locked",
        dest="locked",
        action="store_const",
        const=LOCK_FILE,
        help=f"hold to {LOCK_FILE}, and refuse what drifted from it",
    )
    parser.add_argument(
        "--lock", dest="locked", metavar="FILE", help="--locked, with another lock file"
    )


def read_locked(context: Context) -> Lock:
    """The lock that the command line names."""
    from jetson_containers.lock.file import read_lock

    return read_lock(Path(context.args.locked))


def recorded_answers(context: Context, target: Target) -> dict[str, str]:
    """What the lock recorded for the questions of definitions on ``target``."""
    return answers_of(
        [image for image in read_locked(context).images if image.target == target.name],
        context.args.locked,
    )


def answers_of(images: Sequence[LockedImage], path: str) -> dict[str, str]:
    """The answers of several images of one target, which have to agree: they share a catalogue."""
    found: dict[str, str] = {}
    for image in images:
        for question, text in image.recorded.items():
            if found.setdefault(question, text) != text:
                raise BuilderError(
                    f"the lock holds two answers to {question!r} for {image.target}: "
                    f"{found[question]} and {text}",
                    where=Location(path),
                    hint=f"lock them together: jetson-containers lock --target {image.target}",
                )
    return found


def under_lock(
    context: Context,
    base: BaseImage,
    requests: Sequence[Request],
    catalogue: Catalogue,
    resolve: Resolve,
) -> tuple[BaseImage, Resolve]:
    """The base image and the resolver, held to the lock if ``--locked`` asks for it.

    The resolver raises every drift of an image together. Raises for requests without a lock.
    """
    if getattr(context.args, "locked", None) is None:
        return base, resolve
    from jetson_containers.lock.drift import base_drift, drifts
    from jetson_containers.lock.held import hold_base, hold_files, hold_versions

    path = context.args.locked
    lock = read_locked(context)
    target = context.target.name
    images = {request: _locked(lock, target, request, path) for request in requests}
    errors: list[BuilderError] = []
    held = base
    for image in images.values():
        found = base_drift(image, base, context.target, context.args.base, path)
        errors += [item.error() for item in found]
        held = hold_base(image, base)
        for what, why in image.unknown.items():
            warn(f"{path} does not pin {what}: {why}")
    if len({image.base for image in images.values()}) > 1:
        errors.append(
            BuilderError(
                "the images of this plan are locked on different base images",
                where=Location(path),
                hint=f"lock them together: jetson-containers lock --target {target}",
            )
        )
    raise_all(errors)

    def locked(request: Sequence[Requirement]) -> Resolution:
        image = images.get(tuple(request))
        if image is None:
            return resolve(request)
        free = resolve(request)
        found = hold_versions(catalogue, image, free)
        raise_all(
            item.error() for item in drifts(image, free, found, context.settings, path)
        )
        return hold_files(found, image)

    return held, locked


def _locked(lock: Lock, target: str, request: Request, path: str) -> LockedImage:
    words = [str(item) for item in request]
    found = lock.find(target, words)
    if found is None:
        known = ", ".join(str(image) for image in lock.images) or "nothing"
        raise UsageError(
            f"the lock does not hold {' '.join(words)} on {target}; it holds {known}",
            where=Location(path),
            hint=f"jetson-containers lock {' '.join(words)} --target {target}",
        )
    return found
