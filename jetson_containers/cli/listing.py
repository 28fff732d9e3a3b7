"""``list``: the packages for a target, or on which targets each of them is."""

from __future__ import annotations

import argparse
import fnmatch
import json
from collections.abc import Sequence

from jetson_containers.cli.context import (
    Context,
    add_common_options,
    add_package_options,
    add_target_options,
    say,
)
from jetson_containers.errors import ExitCode
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.model import Package


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="jetson-containers list",
        description="List packages: those that can be built for the target.",
        epilog="examples:\n  jetson-containers list\n"
        "  jetson-containers list 'torch*' --all-targets --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("packages", nargs="*", metavar="PATTERN")
    result.add_argument("--all-targets", action="store_true", help="on every known target")
    result.add_argument("--json", action="store_true", help="one JSON document")
    add_target_options(result)
    add_package_options(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    return of(Context.of(parser().parse_args(argv)))


def of(context: Context) -> int:
    """List for the command line of ``list`` or ``build --list-packages``."""
    args = context.args
    if getattr(args, "all_targets", False):
        from jetson_containers.platform.named import named_targets

        catalogues = [context.catalogue_for(target) for target in named_targets()]
    else:
        catalogues = [context.catalogue]
    packages: dict[str, tuple[Package, list[str]]] = {}
    for catalogue in catalogues:
        for package in _matching(catalogue, args.packages):
            entry = packages.setdefault(package.reference, (package, []))
            entry[1].append(catalogue.target.name)
    ordered = [packages[key] for key in sorted(packages)]
    if getattr(args, "json", False):
        document = {"format": 1, "packages": [_json(item, names) for item, names in ordered]}
        print(json.dumps(document, indent=2))
        return ExitCode.DONE
    if not ordered and args.packages:
        say(f"no package matches {' '.join(args.packages)} on {catalogues[0].target.name}")
        return ExitCode.FAILED
    width = max((len(item.reference) for item, _ in ordered), default=0)
    for item, names in ordered:
        where = f"{len(names)} targets" if len(catalogues) > 1 else ""
        mark = "*" if item.is_default else " "
        print(f"{item.reference.ljust(width)} {mark} {item.group:<12} {where}".rstrip())
    for catalogue in catalogues:
        for finding in catalogue.findings:
            if finding.severity == "error":
                say(f"{finding.location}: {finding.message} ({catalogue.target.name})")
    return ExitCode.DONE


def _matching(catalogue: Catalogue, patterns: Sequence[str]) -> list[Package]:
    return [
        package
        for package in catalogue.packages
        if not patterns
        or any(
            fnmatch.fnmatchcase(name, pattern)
            for pattern in patterns
            for name in (package.name, package.reference, *package.aliases)
        )
    ]


def _json(package: Package, targets: list[str]) -> dict[str, object]:
    return {
        "name": package.name,
        "version": package.version,
        "aliases": list(package.aliases),
        "default": package.is_default,
        "group": package.group,
        "depends": [str(item) for item in package.depends],
        "requires": list(package.requires),
        "path": package.relative_path,
        "targets": targets,
    }
