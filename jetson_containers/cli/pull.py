"""``pull``: images from a registry, by the digests that their tags have now."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence

from jetson_containers.cli.connect import connect
from jetson_containers.cli.context import Context, add_common_options, say
from jetson_containers.cli.parsers import add_json_option, verb_parser
from jetson_containers.cli.publishing import (
    add_insecure_option,
    document,
    progress,
    publisher,
    tell,
)
from jetson_containers.errors import BuilderError, ExitCode, UsageError, raise_all
from jetson_containers.image.reference import check_reference

_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?")


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "pull",
        "Pull images. The registry's answers are held against their digests, and what is pulled is "
        "named by digest; what is here already is not fetched.",
        "ghcr.io/acme/sglang:0.5.23",
        "ghcr.io/acme/sglang:0.5.23 --platform linux/arm64",
    )
    result.add_argument("images", nargs="+", metavar="IMAGE")
    result.add_argument(
        "--platform", default="", metavar="OS/ARCH", help="default: the engine's own"
    )
    add_insecure_option(result)
    add_json_option(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    for image in args.images:
        check_reference(image)
    if args.platform and not _PLATFORM.fullmatch(args.platform):
        raise UsageError(
            f"--platform {args.platform!r} is no platform",
            hint="write OS/ARCH[/VARIANT], such as linux/arm64",
        )
    context = Context.of(args)
    engine = connect(context, "auto", say).engine
    platform = args.platform or f"linux/{engine.capabilities().arch}"
    pull = publisher(context, engine, progress(context))
    done, errors = [], []
    for image in args.images:
        try:
            done.append(pull.pull(image, platform))
        except BuilderError as error:
            errors.append(error)
    if args.json:
        print(json.dumps({"format": 1, "pulled": document(done)}, indent=2))
    else:
        tell(done, "pulled", "already here:")
    raise_all(errors)
    return ExitCode.DONE
