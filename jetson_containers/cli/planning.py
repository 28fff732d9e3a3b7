"""From words on the command line to a plan: shared by ``build``, ``plan`` and ``--simulate``."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from jetson_containers.cli.context import Context, say, warn
from jetson_containers.cli.faults import Faults, definition_faults, warn_of_definitions
from jetson_containers.cli.locking import add_lock_options, under_lock
from jetson_containers.cli.words import named_packages, parse_build_args, parse_device, patterns
from jetson_containers.engine.base import BOOTSTRAP, planned_base
from jetson_containers.errors import BuilderError, UsageError, raise_all
from jetson_containers.package.model import Package
from jetson_containers.plan.model import BaseImage, Plan
from jetson_containers.plan.onbase import Resolve, resolver_on
from jetson_containers.plan.options import PlanOptions
from jetson_containers.plan.planner import make_plan
from jetson_containers.plan.request import Request, nearest_to, requests_for
from jetson_containers.plan.skip import Skipped, without
from jetson_containers.plan.testing import names
from jetson_containers.resolve.model import Resolution


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what is wrong with the images that are not in it (``--skip-errors``)."""

    plan: Plan
    failures: tuple[BuilderError, ...] = ()


def add_request_options(parser: argparse.ArgumentParser) -> None:
    """What to build, and what a request adds to the definitions."""
    parser.add_argument(
        "packages",
        nargs="*",
        metavar="PKG",
        help="name, name:version, name>=2.8, a wildcard, or `all`",
    )
    parser.add_argument("--name", default="", help="name of the image, with or without a tag")
    parser.add_argument(
        "--base",
        default="",
        metavar="IMAGE",
        help="base image; `bootstrap` makes one from the distribution's packages",
    )
    parser.add_argument(
        "--local-images",
        metavar="FILE",
        default="",
        help="JSON list of images with their labels: what --base holds, where no engine is asked",
    )
    parser.add_argument(
        "--multiple", action="store_true", help="one image per package instead of one of all"
    )
    parser.add_argument(
        "--skip-errors",
        action="store_true",
        help="with --multiple: go on with the next image; the exit code still tells",
    )
    parser.add_argument(
        "--build-args",
        default="",
        metavar="K:V,...",
        help="build arguments for every stage that declares them",
    )
    parser.add_argument(
        "--build-flags", default="", metavar="FLAGS", help="further options of `docker build`"
    )
    parser.add_argument(
        "--buildkit-device", default="", metavar="CDI", help="a device that build steps need"
    )
    parser.add_argument(
        "--skip-packages",
        default="",
        metavar="PATTERNS",
        help="leave packages out, by name, name:version, name<2.6 or wildcard",
    )
    parser.add_argument(
        "--skip-tests",
        default="",
        metavar="PATTERNS",
        help="packages that are not tested; `all`, or `intermediate` for the final image only",
    )
    parser.add_argument(
        "--no-github-api",
        action="store_true",
        help="accepted for compatibility: planning never goes to the network",
    )
    add_lock_options(parser)


def plan_for(context: Context, base: BaseImage, *, again: bool = False) -> Planned:
    """The plan of the command line on ``base``; planned ``again``, it tells nothing twice.

    Raises everything that is wrong with words, chains and definitions, together. With
    ``--skip-errors`` that costs only the images concerned, as long as one is left.
    """
    args, catalogue = context.args, context.catalogue
    faults = Faults(context)
    requests, skipped = _requests(context, faults)
    held = frozenset(base.contents.packages if base.contents else ())
    resolve = resolver_on(skipped.catalogue, base)
    base, resolve = under_lock(context, base, requests, skipped.catalogue, resolve)
    resolutions = []
    for resolution in _resolutions(requests, resolve, faults):
        wrong = definition_faults(catalogue, _new(resolution, held))
        for fault in wrong:
            faults.add(fault)
        if not wrong:
            resolutions.append(resolution)
    plan = None
    if resolutions:
        try:
            plan = make_plan(
                resolutions, base, _options(context), lambda _, error: faults.add(error)
            )
        except BuilderError as error:
            faults.add(error)
    if plan is None or (faults and not args.skip_errors):
        raise_all(faults.errors)
    assert plan is not None, "no plan, and nothing wrong"
    if not again:
        _warn_of_skipping(skipped, resolutions, held)
        _warn_of_tests(args, resolutions)
        used = [package for item in resolutions for package in _new(item, held)]
        warn_of_definitions(context, catalogue, used)
        for fault in faults.errors:
            say(f"error: {fault}")
    return Planned(plan, faults.errors)


def base_without_engine(context: Context) -> BaseImage:
    """The base of a plan that asks no engine; ``--local-images`` tells what it holds."""
    from jetson_containers.cli.saved import read_saved
    from jetson_containers.image.listed import from_saved
    from jetson_containers.image.reference import familiar

    args = context.args
    images = read_saved(args.local_images, from_saved) if args.local_images else ()
    if args.base not in ("", BOOTSTRAP):
        if not args.local_images:
            say(f"no engine is asked what {args.base} holds; --local-images FILE can tell")
        elif familiar(args.base) not in {familiar(image.reference) for image in images}:
            warn(f"{args.local_images} does not know {args.base}: planned as if it held nothing")
    return planned_base(context.target, args.base, images, say)


def check_words(context: Context) -> None:
    """Raise what is wrong with the words alone, before anything is known of the base image."""
    faults = Faults(context)
    requests, skipped = _requests(context, faults)
    resolve = resolver_on(skipped.catalogue, BaseImage(""))
    unknown = [
        (item,) for request in requests for item in request if not skipped.catalogue.find(item)
    ]
    _resolutions(unknown, resolve, faults)
    if not context.args.skip_errors:
        raise_all(faults.errors)


def _requests(context: Context, faults: Faults) -> tuple[tuple[Request, ...], Skipped]:
    args = context.args
    words = named_packages(args.packages)
    if args.skip_errors and not args.multiple:
        raise UsageError(
            "--skip-errors needs --multiple",
            hint="it goes on with the next image; without --multiple there is only one",
        )
    skipped = without(context.catalogue, patterns(args.skip_packages))
    try:
        return (
            requests_for(
                skipped,
                words,
                multiple=args.multiple,
                on_fault=faults.add if args.skip_errors else None,
            ),
            skipped,
        )
    except BuilderError as error:
        faults.add(error)
        raise_all(faults.errors)
        raise


def _resolutions(
    requests: Sequence[Request], resolve: Resolve, faults: Faults
) -> list[Resolution]:
    found = []
    for request in requests:
        try:
            found.append(resolve(request))
        except BuilderError as error:
            faults.add(error)
    return found


def _new(resolution: Resolution, held: frozenset[str]) -> list[Package]:
    """The packages that are not in the base."""
    return [package for package in resolution.packages if package.reference not in held]


def _options(context: Context) -> PlanOptions:
    args = context.args
    return PlanOptions(
        name=args.name,
        build_args=parse_build_args(args.build_args),
        build_flags=tuple(shlex.split(args.build_flags)),
        device=parse_device(args.buildkit_device),
        skip_tests=patterns(args.skip_tests),
        only_tests=patterns(getattr(args, "test_only", "")),
    )


def _warn_of_skipping(
    skipped: Skipped, resolutions: Sequence[Resolution], held: frozenset[str]
) -> None:
    """What is left out although a package requires it, and patterns that match nothing."""
    for pattern in skipped.unmatched:
        near = nearest_to(skipped.original, pattern)
        warn(f"--skip-packages {pattern} matches no package{near and f'; {near}'}")
    there = {item.partition(":")[0] for item in held}
    users: dict[str, dict[str, None]] = {}
    for resolution in resolutions:
        for name, found in skipped.left_out(resolution).items():
            users.setdefault(name, {}).update(dict.fromkeys(found))
    for name in sorted(set(users) - there):
        who = list(users[name])
        more = f" and {len(who) - 3} others" if len(who) > 3 else ""
        verb = "requires" if len(who) == 1 else "require"
        warn(
            f"{name} is left out, which {', '.join(who[:3])}{more} {verb}: "
            "the base image has to have it"
        )


def _warn_of_tests(args: argparse.Namespace, resolutions: Sequence[Resolution]) -> None:
    """Patterns of tests that mean no package of the plan."""
    for option in ("skip_tests", "test_only"):
        for pattern in patterns(getattr(args, option, "")):
            if pattern != "intermediate" and not any(
                names(package, [pattern]) for item in resolutions for package in item.packages
            ):
                warn(f"--{option.replace('_', '-')} {pattern} matches no package of this plan")
