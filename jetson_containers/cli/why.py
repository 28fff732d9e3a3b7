"""``why``: which requirement brought a package into a chain."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from jetson_containers.cli.context import Context
from jetson_containers.cli.faults import Faults
from jetson_containers.cli.parsers import add_json_option, add_shared_options, verb_parser
from jetson_containers.cli.words import named_requirement, seen_from_here
from jetson_containers.errors import BuilderError, ExitCode, raise_all
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.resolve.model import Resolution, Resolved
from jetson_containers.resolve.resolver import resolve
from jetson_containers.resolve.why import leading_to, others


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "why",
        "Say which requirement brought package B into the image of A; without B, for all of them.",
        "sglang numpy",
        "sglang --target orin-jp62",
    )
    result.add_argument("package", metavar="A", help="what the image is built for")
    result.add_argument("member", metavar="B", nargs="?", help="a package of its chain")
    add_json_option(result)
    add_shared_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    catalogue = context.catalogue
    request = [named_requirement(args.package)]
    try:
        resolution = resolve(catalogue, request)
    except BuilderError as error:
        faults = Faults(context)
        faults.add(error)
        raise_all(faults.errors)
        raise
    members = resolution.chosen
    if args.member is not None:
        members = (_member(catalogue, resolution, args.member),)
    if args.json:
        document = {
            "format": 1,
            "target": catalogue.target.name,
            "request": args.package,
            "packages": [_data(catalogue, resolution, item) for item in members],
        }
        print(json.dumps(document, indent=2))
    elif args.member is not None:
        print(seen_from_here("\n".join(_in_full(catalogue, resolution, members[0]))))
    else:
        for item in members:
            print(f"{item.package.reference}")
            for because in item.because:
                print(seen_from_here(f"  {because}"))
    return ExitCode.DONE


def _member(catalogue: Catalogue, resolution: Resolution, word: str) -> Resolved:
    """The chosen package that a word means, by name, alias or reference."""
    wanted = named_requirement(word)
    meant = {package.reference for package in catalogue.find(wanted)}
    for item in resolution.chosen:
        if item.package.reference in meant:
            return item
    request = resolution.request[0]
    instead = [
        item.package.reference
        for item in resolution.chosen
        if item.package.name in {package.name for package in catalogue.versions(wanted.name)}
    ]
    if instead:
        what = f"the chain of {request} has {instead[0]}, not {word}"
        hint = f"`jetson-containers why {request} {instead[0]}` says why"
    else:
        what = f"{word} is not in the chain of {request} on {resolution.target.name}"
        hint = f"`jetson-containers why {request}` shows what is"
    raise BuilderError(what, hint=hint)


def _in_full(catalogue: Catalogue, resolution: Resolution, item: Resolved) -> list[str]:
    """The way to a package, all that ask for it, and why it is this version."""
    path = leading_to(resolution, item.package)
    lines = [f"{item.package.reference} is in the image of {resolution.request[0]}:"]
    lines += [f"  {because}" for because in path]
    more = [because for because in item.because if because not in path]
    if more:
        lines += ["", "also:", *(f"  {because}" for because in more)]
    instead = others(catalogue, item)
    if instead:
        lines += ["", "not in its place:"]
        lines += [f"  {other.reference}: {'; '.join(other.reasons)}" for other in instead]
    return lines


def _data(catalogue: Catalogue, resolution: Resolution, item: Resolved) -> dict[str, Any]:
    return {
        "package": item.package.reference,
        "path": [because.to_dict() for because in leading_to(resolution, item.package)],
        "because": [because.to_dict() for because in item.because],
        "others": [
            {"package": other.reference, "reasons": list(other.reasons)}
            for other in others(catalogue, item)
        ],
    }
