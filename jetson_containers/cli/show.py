"""``show``: everything about one package on one target."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from jetson_containers.cli.context import (
    Context,
    add_common_options,
    add_package_options,
    add_target_options,
)
from jetson_containers.errors import ExitCode, UsageError, raise_all
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Package
from jetson_containers.resolve.explain import missing_error
from jetson_containers.resolve.model import Because


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="jetson-containers show",
        description="Show what is known about packages on a target.",
        epilog="example:\n  jetson-containers show sglang --target orin-jp62",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("packages", nargs="+", metavar="PKG")
    result.add_argument("--json", action="store_true", help="one JSON document")
    add_target_options(result)
    add_package_options(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    return of(Context.of(args), args.packages)


def of(context: Context, words: Sequence[str]) -> int:
    """Show the packages behind ``words``, every version of a bare name."""
    catalogue = context.catalogue
    if not words:
        raise UsageError("no package was named", hint="`jetson-containers list` shows them")
    requirements = [parse_requirement(word) for word in words]
    raise_all(
        missing_error(catalogue, Because(item))
        for item in requirements
        if not catalogue.find(item)
    )
    found = {
        package.reference: package for item in requirements for package in catalogue.find(item)
    }
    if getattr(context.args, "json", False):
        document = {"format": 1, "packages": [_data(item) for item in found.values()]}
        print(json.dumps(document, indent=2))
        return ExitCode.DONE
    for package in found.values():
        print(f"{package.reference}{'  (default)' if package.is_default else ''}")
        for key, value in _data(package).items():
            if value and key not in ("name", "version", "default"):
                text = ", ".join(map(str, value)) if isinstance(value, list) else value
                print(f"  {key:<12}{text}")
        print()
    return ExitCode.DONE


def _data(package: Package) -> dict[str, object]:
    return {
        "name": package.name,
        "version": package.version,
        "default": package.is_default,
        "aliases": list(package.aliases),
        "group": package.group,
        "depends": [str(item) for item in package.depends],
        "conflicts": [str(item) for item in package.conflicts],
        "requires": list(package.requires),
        "defined": str(package.location),
        "path": package.relative_path,
        "dockerfile": package.dockerfile,
        "build_args": [f"{key}={value}" for key, value in package.build_args],
        "tests": list(package.tests),
        "sources": [
            f"{item.kind} {item.location} {item.version} {item.index}".rstrip()
            for item in package.sources
        ],
        "notes": package.notes,
    }
