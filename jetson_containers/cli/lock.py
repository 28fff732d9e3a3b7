"""``lock``: write down what images take from outside, and say what moved since."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jetson_containers.cli.context import (
    Context,
    add_common_options,
    add_package_options,
    add_target_options,
    say,
    warn,
)
from jetson_containers.cli.faults import Faults, definition_faults
from jetson_containers.cli.locking import LOCK_FILE, answers_of
from jetson_containers.cli.words import patterns, split_packages
from jetson_containers.engine.base import planned_base
from jetson_containers.errors import (
    BuilderError,
    ExitCode,
    Problems,
    UnreachableError,
    UsageError,
    raise_all,
)
from jetson_containers.image.bootstrap import bootstrap_reference
from jetson_containers.lock.collect import collect, forgets
from jetson_containers.lock.drift import Drift, drifts, remedy
from jetson_containers.lock.file import read_lock, write_lock
from jetson_containers.lock.held import hold_versions
from jetson_containers.lock.model import Lock, LockedImage
from jetson_containers.lock.moved import Silence, world_drifts
from jetson_containers.lock.world import Inspect, World
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.request import Request, requests_for
from jetson_containers.plan.skip import without
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.resolver import resolve


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="jetson-containers lock",
        description="Write down what images take from outside: versions, the base image's digest, "
        "commits, checksums, the distributions' files. Without PKG, lock again what the file "
        "holds.",
        epilog="examples:\n"
        "  jetson-containers lock sglang --target x86-cu130 sbsa-cu130\n"
        "  jetson-containers lock --check --offline\n"
        "  jetson-containers build sglang --locked",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        conflict_handler="resolve",
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
    add_target_options(result)
    result.add_argument(
        "--target",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="named targets; `targets` lists them",
    )
    add_package_options(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    if args.check is not None:
        return check(context)
    if args.json or args.offline:
        raise UsageError("--json and --offline are for --check", hint="add --check")
    return write(context)


@dataclass(frozen=True, slots=True)
class Job:
    """One image to lock: its target's context, its request, its base image."""

    context: Context
    request: Request
    base: str
    skip: tuple[str, ...] = ()

    def resolve(self, answers: Mapping[str, str]) -> Resolution:
        """The chain of the request; faults of its definitions are raised."""
        context = self.context
        faults = Faults(context)
        catalogue = context.catalogue_for(context.target, answers)
        try:
            skipped = without(catalogue, self.skip)
            found = resolve(skipped.catalogue, self.request)
        except BuilderError as error:
            faults.add(error)
            raise_all(faults.errors)
            raise
        raise_all(definition_faults(catalogue, found.packages))
        return found


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
    changed = write_lock(path, old.updated(images))
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
        own = _for_target(context, name)
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
    images = [image for image in lock.images if not args.target or image.target in args.target]
    if not images:
        raise UsageError(
            "there is nothing to lock again", hint="name packages: jetson-containers lock PKG"
        )
    jobs = []
    for image in images:
        own = _for_target(context, image.target)
        base = args.base or image.base.reference
        if base == bootstrap_reference(own.target) and not args.base:
            base = own.target.base_image
        base = planned_base(own.target, base).reference
        jobs.append(Job(own, _request(image), base, image.skip))
    return jobs


def _request(image: LockedImage) -> Request:
    return tuple(parse_requirement(word) for word in image.request)


def _for_target(context: Context, name: str | None) -> Context:
    """The same command line for one target; a locked one says all parts by its name."""
    words = {**vars(context.args), "target": name}
    return Context(argparse.Namespace(**words), context.environ)


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
    images = [image for image in lock.images if not args.target or image.target in args.target]
    world = None if args.offline else World(context.environ, engine_inspector(context), say)
    found: list[Drift] = []
    silent: list[Silence] = []
    for image in images:
        try:
            own = _for_target(context, image.target)
            own_images = [item for item in lock.images if item.target == image.target]
            answers = answers_of(own_images, path)
            free = Job(own, _request(image), image.base.reference, image.skip).resolve(answers)
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


def engine_inspector(context: Context) -> Inspect:
    """Asks the engine that answers; none is prepared or started for a lock."""
    from jetson_containers.engine.locate import locate

    try:
        address = locate(context.environ)
    except BuilderError:
        address = None
    if address is None:
        return lambda reference: None
    from jetson_containers.engine.classic import ClassicEngine

    engine = ClassicEngine(address.host, address.tls_dir)

    def inspect(reference: str) -> tuple[str, tuple[str, ...]] | None:
        try:
            held = engine.inspect(reference)
        except BuilderError:
            return None
        return (held.digest, held.manifests) if held else None

    return inspect
