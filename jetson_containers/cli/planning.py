"""From words on the command line to a plan: shared by ``build``, ``plan`` and ``--simulate``."""

from __future__ import annotations

import argparse
import fnmatch
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from jetson_containers.cli.context import Context, split_packages, warn
from jetson_containers.errors import BuilderError, Problems, UsageError, raise_all
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Requirement
from jetson_containers.plan.model import BaseImage, Plan
from jetson_containers.plan.planner import PlanOptions, make_plan
from jetson_containers.resolve.explain import MissingPackage
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.resolver import resolve


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
        resolutions = resolutions_for(catalogue, args.packages, args.skip_packages, args.multiple)
    except BuilderError as error:
        raise_all(_with_faults(context, error))
        raise
    if not again:
        _report_findings(context, catalogue, resolutions)
    options = PlanOptions(
        name=args.name,
        build_args=parse_build_args(args.build_args),
        build_flags=tuple(shlex.split(args.build_flags)),
        device=args.buildkit_device or None,
        skip_tests=patterns(args.skip_tests),
        only_tests=patterns(getattr(args, "test_only", "")),
    )
    return make_plan(resolutions, base, options)


def resolutions_for(
    catalogue: Catalogue, words: Sequence[str], skip: str, multiple: bool
) -> tuple[Resolution, ...]:
    """One resolution for all words, or one each; every faulty word is reported."""
    requirements: list[Requirement] = []
    errors: list[BuilderError] = []
    for word in split_packages(words):
        try:
            requirements += _expand(catalogue, word)
        except BuilderError as error:
            errors.append(error)
    raise_all(errors)
    kept = [item for item in requirements if not _skipped(str(item), patterns(skip))]
    if not kept:
        raise UsageError("every package that was named is skipped", hint="see --skip-packages")
    if not multiple:
        return (resolve(catalogue, kept),)
    found: list[Resolution] = []
    for item in kept:
        try:
            found.append(resolve(catalogue, (item,)))
        except BuilderError as error:
            errors.append(error)
    raise_all(errors)
    return tuple(found)


def _expand(catalogue: Catalogue, word: str) -> list[Requirement]:
    """A wildcard stands for every package (by reference or default name) that it matches."""
    if not any(sign in word for sign in "*?["):
        return [parse_requirement(word)]
    names = fnmatch.filter(catalogue.names(), word)
    exact = [
        package.reference
        for package in catalogue.packages
        if fnmatch.fnmatchcase(package.reference, word) and package.name not in names
    ]
    if not names and not exact:
        raise UsageError(
            f"no package matches {word} on {catalogue.target.name}",
            hint="`jetson-containers list` shows the packages",
        )
    return [parse_requirement(item) for item in (*names, *exact)]


def patterns(text: str) -> tuple[str, ...]:
    """Patterns separated by commas or spaces."""
    return tuple(item for item in re.split(r"[,\s]+", text) if item)


def _skipped(reference: str, skip: Sequence[str]) -> bool:
    name = reference.partition(":")[0]
    return any(
        fnmatch.fnmatchcase(reference, item) or fnmatch.fnmatchcase(name, item) for item in skip
    )


def parse_build_args(text: str) -> dict[str, str]:
    """``KEY:VALUE`` pairs joined by commas, as in the ecosystem; ``KEY=VALUE`` too.

    A comma inside a value belongs to it unless a new ``KEY:`` or ``KEY=`` follows.
    """
    found: dict[str, str] = {}
    if not text.strip():
        return found
    for part in re.split(r",(?=\s*[A-Za-z_][A-Za-z0-9_]*\s*[:=])", text):
        match = re.match(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*[:=](.*)", part, re.S)
        if match is None:
            raise UsageError(
                f"--build-args cannot be read at {part!r}", hint="write KEY:VALUE,KEY2:VALUE2"
            )
        found[match.group(1)] = match.group(2).strip()
    return found


def _with_faults(context: Context, error: BuilderError) -> list[BuilderError]:
    """An unknown package may be one whose definition is faulty: then that is the error."""
    found: list[BuilderError] = []
    for item in error.errors if isinstance(error, Problems) else (error,):
        name = item.requirement.name if isinstance(item, MissingPackage) else None
        faults = [
            BuilderError(finding.message, where=finding.location, hint=finding.hint)
            for finding in context.catalogue.findings
            if finding.severity == "error"
            and name
            in (finding.package.partition(":")[0], Path(finding.location.path).parent.name)
        ]
        elsewhere = _elsewhere(context, item) if isinstance(item, MissingPackage) else []
        if elsewhere and not faults:
            what = f"{item.what}: on {context.target.name} it is not defined"
            hint = f"it is for {', '.join(elsewhere)}"
            item = UsageError(what.replace("unknown package ", ""), where=item.where, hint=hint)
        found += faults or [item]
    return found


def _elsewhere(context: Context, error: MissingPackage) -> list[str]:
    """The known targets that have a package which this one does not know at all."""
    from jetson_containers.platform.named import named_targets

    name = error.requirement.name
    if context.catalogue.versions(name) or context.catalogue.refusals(name):
        return []
    return [
        target.name
        for target in named_targets()
        if context.catalogue_for(target).versions(name)
    ]


def _report_findings(
    context: Context, catalogue: Catalogue, resolutions: Sequence[Resolution]
) -> None:
    """Faults of packages that the chain uses stop the run; others are counted, once."""
    used = {
        package.path for resolution in resolutions for package in resolution.packages
    }
    errors: list[BuilderError] = []
    others = 0
    for finding in catalogue.findings:
        concerned = Path(finding.location.path).parent in used
        if finding.severity == "error" and concerned:
            errors.append(
                BuilderError(finding.message, where=finding.location, hint=finding.hint)
            )
        elif finding.severity == "error":
            others += 1
        elif finding.severity == "warning" and (concerned or context.verbose):
            warn(f"{finding.location}: {finding.message}")
    if others:
        warn(f"{others} other definitions have faults; `jetson-containers list` shows them")
    raise_all(errors)
