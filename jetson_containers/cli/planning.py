"""From words on the command line to a plan: shared by ``build``, ``plan`` and ``--simulate``."""

from __future__ import annotations

import argparse
import shlex

from jetson_containers.cli.context import Context
from jetson_containers.cli.faults import report_findings, with_faults
from jetson_containers.cli.words import parse_build_args, patterns, split_packages
from jetson_containers.errors import BuilderError, UsageError, raise_all
from jetson_containers.plan.model import BaseImage, Plan
from jetson_containers.plan.planner import PlanOptions, make_plan
from jetson_containers.plan.request import resolutions_for


def add_request_options(parser: argparse.ArgumentParser) -> None:
    """What to build, and what a request adds to the definitions."""
    parser.add_argument(
        "packages", nargs="*", metavar="PKG", help="name, name:version, name>=2.8 or a wildcard"
    )
    parser.add_argument("--name", default="", help="name of the image, with or without a tag")
    parser.add_argument(
        "--base",
        default="",
        metavar="IMAGE",
        help="base image; `bootstrap` makes one from the distribution's packages",
    )
    parser.add_argument(
        "--multiple", action="store_true", help="one image per package instead of one of all"
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
        help="leave packages out, by name, version or pattern",
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


def plan_for(context: Context, base: BaseImage, *, again: bool = False) -> Plan:
    """The plan of the command line on ``base``; planned ``again``, it warns of nothing twice."""
    args = context.args
    if not args.packages:
        raise UsageError(
            "no package was named", hint="`jetson-containers list` shows the packages"
        )
    catalogue = context.catalogue
    try:
        resolutions = resolutions_for(
            catalogue,
            split_packages(args.packages),
            patterns(args.skip_packages),
            args.multiple,
        )
    except BuilderError as error:
        raise_all(with_faults(context, error))
        raise
    if not again:
        report_findings(context, catalogue, resolutions)
    options = PlanOptions(
        name=args.name,
        build_args=parse_build_args(args.build_args),
        build_flags=tuple(shlex.split(args.build_flags)),
        device=args.buildkit_device or None,
        skip_tests=patterns(args.skip_tests),
        only_tests=patterns(getattr(args, "test_only", "")),
    )
    return make_plan(resolutions, base, options)
