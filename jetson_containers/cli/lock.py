"""``lock``: write down what images take from outside, and say what moved since."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jetson_containers.cli.context import Context, say, target_words, warn
from jetson_containers.cli.faults import Faults
from jetson_containers.cli.lock_job import (
    Job,
    engine_inspector,
    for_target,
    images_for,
    request_of,
)
from jetson_containers.cli.locking import LOCK_FILE
from jetson_containers.cli.parsers import add_shared_options, verb_parser
from jetson_containers.cli.words import patterns, split_packages
from jetson_containers.engine.base import planned_base
from jetson_containers.errors import (
    BuilderError,
    ExitCode,
    UnreachableError,
    UsageError,
    raise_all,
)
from jetson_containers.image.bootstrap import bootstrap_reference
from jetson_containers.lock.collect import collect, forgets
from jetson_containers.lock.file import read_lock
from jetson_containers.lock.model import Lock, LockedImage
from jetson_containers.lock.update import update_lock
from jetson_containers.lock.world import World
from jetson_containers.plan.request import requests_for
from jetson_containers.plan.skip import without


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "lock",
        "Write down what images take from outside: versions, the base image's digest, commits, "
        "checksums, the distributions' files. Without PKG, lock again what the file holds. "
        "`build PKG --locked` builds what it says.",
        "sglang --target x86-cu130 sbsa-cu130",
        "--check --offline",
        conflicts="resolve",  # its --target takes several
    )
    result.add_argument("packages", nargs="*", metavar="PKG", help="as for `build`")
    result.add_argument("--output", metavar="FILE", help=f"({LOCK_FILE})")
    result.add_argument(
        "--base", default="", metavar="IMAGE", help="base image, as for `build`"
    )
    result.add_argument(
        "--multiple", action="store_true", help="one image per package instead of one of all"
    )
    result.add_argument(
        "--skip-packages", default="", metavar="PATTERNS", help="leave packages out, as in `build`"
    )
    check = result.add_argument_group("check")
    check.add_argument(
        "--check",
        nargs="?",
        const=LOCK_FILE,
        metavar="FILE",
        help="say what drifted, and write nothing",
    )
    check.add_argument("--offline", action="store_true", help="compare with the definitions only")
    check.add_argument("--json", action="store_true", help="the findings as one JSON document")
    add_shared_options(result)
    result.add_argument(
        "--target",
        nargs="+",
        action="extend",
        default=[],
        type=target_words,
        metavar="NAME",
        help="named targets; `targets` lists them",
    )
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    if args.check is not None:
        from jetson_containers.cli.lock_check import check

        return check(context)
    if args.json or args.offline:
        raise UsageError("--json and --offline are for --check", hint="add --check")
    return write(context)


def write(context: Context) -> int:
    """Lock what is asked for; the file is written when all of it is known."""
    path = Path(context.args.output or LOCK_FILE)
    old = read_lock(path) if path.exists() else Lock()
    jobs = _asked(context) if context.args.packages else _held(context, old)
    world = World(context.environ, engine_inspector(context), say)
    images: list[LockedImage] = []
    errors: list[BuilderError] = []
    for job in jobs:
        try:
            image = collect(job.resolve, world, job.base, job.context.settings)
            image = replace(image, skip=job.skip)
        except BuilderError as error:
            errors.append(error)
            continue
        images.append(image)
        lost = forgets(old.find(*image.key), image)
        if lost:
            errors.append(
                UnreachableError(
                    f"{image}: {path} knows {', '.join(lost)}, and now it could not be asked",
                    hint=f"{path} is as it was; try again later",
                )
            )
    raise_all(errors)
    changed = update_lock(path, images)
    for image in images:
        for what, why in image.unknown.items():
            warn(f"{image}: {what} is not pinned: {why}")
        say(f"{image}: {len(image.packages)} packages, {len(image.files)} files")
    say(f"{path} {'written' if changed else 'is as it was'}")
    return ExitCode.DONE if not any(image.unknown for image in images) else ExitCode.UNREACHABLE


def _asked(context: Context) -> list[Job]:
    """The words of the command line, for each target."""
    args = context.args
    jobs: list[Job] = []
    errors: list[BuilderError] = []
    for name in dict.fromkeys(args.target) or [None]:
        own = for_target(context, name)
        faults = Faults(own)
        skip = patterns(args.skip_packages)
        try:
            skipped = without(own.catalogue, skip)
            words = split_packages(args.packages)
            requests = requests_for(skipped, words, multiple=args.multiple)
        except BuilderError as error:
            faults.add(error)
            errors += faults.errors
            continue
        base = planned_base(own.target, args.base).reference
        jobs += [Job(own, request, base, skip) for request in requests]
    raise_all(errors)
    return jobs


def _held(context: Context, lock: Lock) -> list[Job]:
    """What the file holds, of the targets that are named."""
    args = context.args
    images = images_for(lock, args.target)
    if not images:
        raise UsageError(
            "there is nothing to lock again", hint="name packages: jetson-containers lock PKG"
        )
    jobs = []
    for image in images:
        own = for_target(context, image.target)
        base = args.base or image.base.reference
        if base == bootstrap_reference(own.target) and not args.base:
            base = own.target.base_image
        base = planned_base(own.target, base).reference
        jobs.append(Job(own, request_of(image), base, image.skip))
    return jobs
