"""``list``: the packages for a target, or on which targets each of them is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from jetson_containers.cli.context import Context, say, target_is_named
from jetson_containers.cli.parsers import add_json_option, add_shared_options, verb_parser
from jetson_containers.cli.words import named_packages
from jetson_containers.errors import ExitCode, UsageError
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.findings import printable
from jetson_containers.package.model import Package
from jetson_containers.plan.skip import Matches, matcher
from jetson_containers.report.listed import Listed, faults, listed

#: faulty definitions and packages for other targets that are named one by one
_NAMED = 3


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "list",
        "List the packages that can be built for the target. A * marks the version that the bare "
        "name means; a + with --all-targets, that it does so on some of them.",
        "",
        "'torch*' --all-targets --json",
    )
    result.add_argument("packages", nargs="*", metavar="PATTERN")
    result.add_argument("--all-targets", action="store_true", help="on every named target")
    add_json_option(result)
    add_shared_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    return of(Context.of(parser().parse_args(argv)))


def of(context: Context) -> int:
    """List for the command line of ``list`` or ``build --list-packages``."""
    args = context.args
    matches = _matcher(named_packages(args.packages) if args.packages else ())
    if getattr(args, "all_targets", False):
        if target_is_named(args):
            raise UsageError(
                "--all-targets and a target exclude each other", hint="give one of them"
            )
        from jetson_containers.platform.named import named_targets

        catalogues = list(context.catalogues_for(named_targets()))
    else:
        catalogues = [context.catalogue]
    found = listed(catalogues, matches)
    if getattr(args, "json", False):
        print(json.dumps({"format": 1, "packages": [item.to_dict() for item in found]}, indent=2))
    else:
        width = max((len(item.package.reference) for item in found), default=0)
        for item in found:
            print(_line(item, width, len(catalogues)))
    _mention_faults(catalogues, context.verbose)
    if not found and args.packages:
        where = catalogues[0].target.name if len(catalogues) == 1 else "any named target"
        say(f"no package matches {' '.join(args.packages)} on {where}")
    if len(catalogues) == 1:
        _mention_refused(catalogues[0], matches, bool(args.packages))
    return ExitCode.DONE if found or not args.packages else ExitCode.FAILED


def _matcher(patterns: Sequence[str]) -> Matches:
    """Whether a package has a name, reference or alias that one of the patterns matches."""
    found = [matcher(pattern) for pattern in patterns]
    return lambda package: not found or any(matches(package) for matches in found)


def _line(item: Listed, width: int, targets: int) -> str:
    package, count = item.package, len(item.targets)
    mark = " "
    if item.default_on:
        mark = "*" if len(item.default_on) == count else "+"
    where = "all targets" if count == targets else f"{count} of {targets} targets"
    where = "" if targets == 1 else where
    group = printable(package.group)
    return f"{package.reference.ljust(width)} {mark} {group:<12} {where}".rstrip()


def _mention_faults(catalogues: Sequence[Catalogue], verbose: bool) -> None:
    """What is missing from the list because its definition is faulty: some, or all if verbose."""
    found = faults(catalogues)
    for finding, targets in list(found.items())[: None if verbose else _NAMED]:
        more = f" and {len(targets) - 1} others" if len(targets) > 1 else ""
        say(f"{finding.location}: {finding.message} ({targets[0]}{more})")
    if len(found) > _NAMED and not verbose:
        say(f"{len(found) - _NAMED} more definitions have faults; --verbose shows them")


def _mention_refused(catalogue: Catalogue, matches: Matches, wanted: bool) -> None:
    """What matches and is for other targets: with the reasons if it was asked for and is little."""
    refused = [item for item in catalogue.refused if matches(item.package)]
    names: dict[str, Package] = {item.package.name: item.package for item in refused}
    if wanted and len(refused) <= _NAMED:
        for item in refused:
            say(f"{item.reference} is not for {catalogue.target.name}: {'; '.join(item.reasons)}")
    elif names:
        say(
            f"{len(names)} more packages are not for {catalogue.target.name}, or not in every "
            "version; --all-targets shows them"
        )
