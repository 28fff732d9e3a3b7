"""``lock --check``: what drifted from the file, and what could not be asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jetson_containers.cli.context import Context, say
from jetson_containers.cli.lock_job import (
    Job,
    engine_inspector,
    for_target,
    images_for,
    request_of,
)
from jetson_containers.cli.locking import answers_of
from jetson_containers.errors import BuilderError, ExitCode, Problems, UsageError
from jetson_containers.lock.drift import Drift, drifts, remedy
from jetson_containers.lock.file import read_lock
from jetson_containers.lock.held import hold_versions
from jetson_containers.lock.model import LockedImage
from jetson_containers.lock.moved import Silence, world_drifts
from jetson_containers.lock.world import World
from jetson_containers.plan.skip import without


def check(context: Context) -> int:
    """What drifted: definitions against the lock, and the world unless ``--offline``."""
    args = context.args
    path = args.check
    if args.output is not None:
        raise UsageError(
            "--check writes nothing", hint=f"leave --output out: --check {args.output}"
        )
    if args.packages:
        raise UsageError("--check looks at all that the file holds", hint="leave the packages out")
    lock = read_lock(Path(path))
    images = images_for(lock, args.target)
    world = None if args.offline else World(context.environ, engine_inspector(context), say)
    found: list[Drift] = []
    silent: list[Silence] = []
    for image in images:
        try:
            own = for_target(context, image.target)
            own_images = [item for item in lock.images if item.target == image.target]
            answers = answers_of(own_images, path)
            free = Job(own, request_of(image), image.base.reference, image.skip).resolve(answers)
        except BuilderError as error:
            found += _faults(image, error)
            continue
        catalogue = without(own.catalogue_for(own.target, answers), image.skip).catalogue
        held = hold_versions(catalogue, image, free)
        found += drifts(image, free, held, own.settings, path)
        if world is not None:
            moved, unasked = world_drifts(image, held, world, path)
            found += moved
            silent += unasked
    if args.json:
        print(_document(path, images, found, silent))
    else:
        for drift in found:
            print(f"{drift.error()}")
        for silence in silent:
            print(f"{silence.image}: {silence.source} was not checked: {silence.reason}")
        unknown = sum(len(image.unknown) for image in images)
        print(
            f"{path}: {len(images)} images, {len(found)} drifts, {len(silent)} not checked, "
            f"{unknown} not pinned"
        )
    if found:
        return ExitCode.FAILED
    return ExitCode.UNREACHABLE if silent else ExitCode.DONE


def _faults(image: LockedImage, error: BuilderError) -> list[Drift]:
    """A request that no longer makes a chain: each reason is a drift."""
    errors = error.errors if isinstance(error, Problems) else (error,)
    subject = " ".join(image.request)
    return [
        Drift(str(image), "version", subject, item.what, item.where, item.hint or remedy(image))
        for item in errors
    ]


def _document(
    path: str, images: Sequence[LockedImage], found: Sequence[Drift], silent: Sequence[Silence]
) -> str:
    data = {
        "format": 1,
        "lock": path,
        "images": [str(image) for image in images],
        "ok": not found and not silent,
        "drifts": [drift.to_dict() for drift in found],
        "unreachable": [silence.to_dict() for silence in silent],
        "unknown": [
            {"image": str(image), "source": what, "reason": why}
            for image in images
            for what, why in image.unknown.items()
        ],
    }
    return json.dumps(data, indent=2)
