"""``push``: images to a registry, and one index over those of several platforms."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from jetson_containers.cli.connect import answering
from jetson_containers.cli.context import Context, add_common_options
from jetson_containers.cli.parsers import add_json_option, verb_parser
from jetson_containers.cli.publishing import (
    add_insecure_option,
    document,
    progress,
    publisher,
    tell,
)
from jetson_containers.errors import (
    BuilderError,
    ExitCode,
    UnreachableError,
    UsageError,
    raise_all,
)
from jetson_containers.image.reference import check_reference, is_reference, parse_reference
from jetson_containers.image.registry.place import check_repository


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "push",
        "Push images. What is there already is not sent, so an interrupted push is repeated. "
        "Digests are printed.",
        "sglang:0.5.23-amd64-cu130-24.04 --to ghcr.io/acme",
        "--index ghcr.io/acme/sglang:0.5.23 sglang-amd64 sglang-arm64",
    )
    result.add_argument("images", nargs="+", metavar="IMAGE", help="an image of this engine")
    where = result.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--to", metavar="REPOSITORY", help="HOST/NAMESPACE: each image keeps its name and tag there"
    )
    where.add_argument(
        "--index",
        metavar="REPOSITORY/NAME:TAG",
        help="one tag for all platforms: the images are pushed as TAG-ARCH first; what the index "
        "has for other platforms stays",
    )
    add_insecure_option(result)
    add_json_option(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    from jetson_containers.engine.publish import push_name

    whole = args.to is None
    names = {} if whole else {image: push_name(args.to, image) for image in args.images}
    _check(args, names)
    context = Context.of(args)
    connection = answering(context)
    if connection is None:
        raise UnreachableError(
            "no container engine answers, so there is nothing to push",
            hint="`jetson-containers engine status` tells more",
        )
    push = publisher(context, connection.engine, progress(context))
    errors: list[BuilderError] = []
    if whole:
        done = list(push.push_index(args.index, args.images))
    else:
        done = []
        for image, name in names.items():
            try:
                done.append(push.push(image, name))
            except BuilderError as error:
                errors.append(error)
    if args.json:
        print(json.dumps({"format": 1, "pushed": document(done)}, indent=2))
    else:
        tell(done, "pushed", "already there:")
    raise_all(errors)
    return ExitCode.DONE


def _check(args: argparse.Namespace, names: dict[str, str]) -> None:
    """Raise what is wrong with the words, before anything is asked."""
    for text in args.images:
        check_reference(text)
    if args.to is not None:
        check_repository(args.to, "--to")
    elif not is_reference(args.index):
        scheme, mark, _ = args.index.partition("://")
        raise UsageError(
            f"--index {args.index!r} is no reference of an image",
            hint="write REPOSITORY/NAME:TAG, in lower case"
            + (f", without {scheme}{mark}" if mark else ""),
        )
    for text in names.values() if args.to is not None else (args.index,):
        if parse_reference(text).digest:
            raise UsageError(f"{text}: a push has a tag, not a digest", hint="write NAME:TAG")
    clash = [name for name in names.values() if list(names.values()).count(name) > 1]
    if clash:
        raise UsageError(f"several images would be {clash[0]}", hint="push them one by one")
