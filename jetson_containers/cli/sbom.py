"""``sbom``: what an image holds, as SPDX, and beside it in a registry."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from jetson_containers.cli.connect import answering
from jetson_containers.cli.context import Context, add_common_options, say
from jetson_containers.cli.parsers import verb_parser
from jetson_containers.cli.publishing import add_insecure_option, registries
from jetson_containers.errors import BuilderError, ExitCode, UnreachableError
from jetson_containers.image.reference import parse_reference

if TYPE_CHECKING:
    from jetson_containers.engine.protocol import Engine


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "sbom",
        "List the packages of the distribution and of Python that an image holds, as an SPDX "
        "document. The image is not run.",
        "sglang:0.5.23-amd64-cu130-24.04 > sglang.spdx.json",
        "sglang:0.5.23-amd64-cu130-24.04 --attach ghcr.io/acme/sglang:0.5.23-amd64-cu130-24.04",
    )
    result.add_argument("image", metavar="IMAGE", help="an image of this engine")
    result.add_argument("--output", default="", metavar="FILE", help="write it there")
    result.add_argument(
        "--attach",
        default="",
        metavar="REFERENCE",
        help="keep it in the registry beside that image, which was pushed before",
    )
    add_insecure_option(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    connection = answering(context)
    if connection is None:
        raise UnreachableError(
            "no container engine answers, so there is no image to read",
            hint="`jetson-containers engine status` tells more",
        )
    text = sbom_of(context, connection.engine, args.image)
    if args.attach:
        say(f"attached {attach_to(context, args.attach, text)}")
    if args.output:
        from jetson_containers.files import write_whole

        write_whole(Path(args.output), text, mode=0o644)
    if not (args.attach or args.output):
        print(text.decode(), end="")
    return ExitCode.DONE


def sbom_of(context: Context, engine: Engine, image: str) -> bytes:
    """The SPDX document of an image of the engine."""
    from jetson_containers.cli.version import version
    from jetson_containers.engine.sbom import installed
    from jetson_containers.image.sbom import spdx_document
    from jetson_containers.plan.output import epoch_of

    held = engine.inspect(image)
    if held is None:
        raise BuilderError(f"there is no image {image} here", hint="build or pull it first")
    found = installed(engine, image)
    epoch = epoch_of(context.environ)
    now = datetime.now(timezone.utc)
    document = spdx_document(
        image,
        held.digest,
        found.software,
        found.system,
        program=f"jetson-containers-{version()}",
        created=now if epoch is None else datetime.fromtimestamp(epoch, timezone.utc),
    )
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def attach_to(context: Context, reference: str, text: bytes) -> str:
    """Keep an SPDX document beside a pushed image; where it is."""
    from jetson_containers.image.registry.attach import attach
    from jetson_containers.image.registry.remote import remote_place
    from jetson_containers.image.sbom import MEDIA_TYPE

    parsed = parse_reference(reference)
    place = remote_place(parsed.repository)
    registry = registries(context)(place.host)
    there = registry.document(place.namespace, parsed.digest or parsed.tag or "latest")
    if there is None:
        raise BuilderError(f"{reference} is not in its registry", hint="push the image first")
    digest = attach(registry, place.namespace, there.digest, MEDIA_TYPE, text)
    return f"{parsed.repository}@{digest}"
