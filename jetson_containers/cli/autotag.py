"""``autotag``: the image to run on this machine. stdout carries its reference and nothing else."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jetson_containers.cli.saved import read_saved
from jetson_containers.errors import BuilderError, ExitCode, Location, UnreachableError, UsageError
from jetson_containers.image.listed import SOURCES, ListedImage, from_docker_hub, from_saved

if TYPE_CHECKING:
    from jetson_containers.image.facts import ImageFacts
    from jetson_containers.image.request import Wanted
    from jetson_containers.image.selection import Candidate
    from jetson_containers.platform.facts import HostFacts
    from jetson_containers.platform.target import Target

NOT_ASKED = (
    "registries are not asked over the network by this version: only images of the local engine "
    "and saved listings (--registry-snapshot) are searched"
)


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="jetson-containers autotag",
        description="Print the image that holds the packages and runs on this machine. Only the "
        f"reference goes to stdout. Note: {NOT_ASKED}; and nothing is built here.",
        epilog="examples:\n"
        "  jetson-containers run $(jetson-containers autotag sglang)\n"
        "  jetson-containers autotag --explain pytorch:2.14.1 transformers\n\n"
        "exit: 0 found; 1 nothing compatible; 2 wrong usage; 3 no engine could be asked",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument(
        "packages", nargs="+", metavar="PKG", help="NAME, NAME:VERSION or NAMESPACE/NAME"
    )
    result.add_argument(
        "-p", "--prefer", metavar="SOURCES", default=",".join(SOURCES),
        help=f"sources in order of preference (default: {','.join(SOURCES)})",
    )  # fmt: skip
    result.add_argument(
        "-d", "--disable", metavar="SOURCES", default="", help="sources that are left out"
    )
    result.add_argument(
        "-u", "--user", metavar="NAMES", default="dustynv",
        help="namespaces of the registry that are searched (default: dustynv)",
    )  # fmt: skip
    result.add_argument("-o", "--output", metavar="FILE", help="write the reference there too")
    result.add_argument("-q", "--quiet", action="store_true", help="no remarks, no questions")
    result.add_argument("-v", "--verbose", action="store_true", help="more words, and tracebacks")
    result.add_argument("--json", action="store_true", help="the whole ranked list as JSON")
    result.add_argument(
        "--explain", action="store_true", help="the whole ranked list as a table, on stderr"
    )
    result.add_argument("--offline", action="store_true", help="ask no registry")
    result.add_argument(
        "--local-images", metavar="FILE", help="JSON list in place of the engine's images"
    )
    result.add_argument(
        "--registry-snapshot", metavar="FILE", help="a saved listing in Docker Hub's JSON form"
    )
    result.add_argument("--target", metavar="NAME", help="a named target in place of the machine")
    result.add_argument("--facts", metavar="FILE", help="recorded evidence in place of the machine")
    return result


def main(argv: Sequence[str]) -> int:
    from jetson_containers.cli.host import facts_and_target
    from jetson_containers.image.request import parse_wanted
    from jetson_containers.image.selection import best, select

    args = parser().parse_args(argv)
    request = parse_wanted(args.packages)
    prefer = _sources(args.prefer, "--prefer")
    enabled = [item for item in prefer if item not in _sources(args.disable, "--disable")]
    host, target = facts_and_target(args.facts, args.target, complete=args.json)
    images: list[ImageFacts] = []
    silent: BuilderError | None = None
    if "local" in enabled:
        try:
            images += _local(args.local_images, request)
        except UnreachableError as error:
            silent = error
    if "registry" in enabled and args.registry_snapshot:
        images += _snapshot(args.registry_snapshot, args.user.split(","), request)
    candidates = select(images, request, host, target, prefer=enabled)
    chosen = best(candidates)
    if args.explain and candidates:
        _say(_table(candidates))
    if args.json:
        print(json.dumps(_document(chosen, candidates, host, target), indent=2))
    elif chosen is not None:
        print(chosen.reference)
    if chosen is not None:
        if args.output:
            _write(args.output, chosen.reference)
        if args.verbose and not args.quiet:
            _say(f"{chosen.reference} for {target.name}, by its {chosen.rests_on}")
        return ExitCode.DONE
    if silent is not None:
        raise silent
    if not args.quiet:
        asked = " ".join(args.packages)
        _say(_nothing(asked, candidates, target, "registry" in enabled and not args.offline))
    return ExitCode.FAILED


def _sources(text: str, option: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    wrong = [name for name in names if name not in SOURCES]
    if wrong:
        raise UsageError(
            f"{option} names unknown sources: {', '.join(wrong)}",
            hint=f"sources are {', '.join(SOURCES)}",
        )
    return list(dict.fromkeys(names))


def _local(saved: str | None, request: Sequence[Wanted]) -> list[ImageFacts]:
    """Local images that have to do with the request, from the engine or a saved list."""
    from jetson_containers.image.selection import about

    if saved is not None:
        return list(about(read_saved(saved, from_saved), request))
    from dataclasses import replace

    from jetson_containers.engine.ask import image_architecture, image_summaries
    from jetson_containers.engine.locate import locate
    from jetson_containers.image.facts import image_facts
    from jetson_containers.image.listed import from_summaries

    address = locate(dict(os.environ))
    if address is None:
        raise UnreachableError(
            "no container engine answers, so its images cannot be searched",
            hint="start Docker (`sudo systemctl start docker`), make a private engine "
            "(`jetson-containers engine up`), or name a list with --local-images",
        )
    found = about(from_summaries(image_summaries(address)), request)
    known: dict[str, str] = {}
    complete = []
    for image in found:
        digest = image.listed.digest
        if digest not in known:
            known[digest] = image_architecture(address, digest)
        kinds = (known[digest],) if known[digest] else ()
        complete.append(image_facts(replace(image.listed, architectures=kinds)))
    return complete


def _snapshot(path: str, namespaces: list[str], request: Sequence[Wanted]) -> list[ImageFacts]:
    from jetson_containers.image.selection import about

    named = [item.namespace for item in request if item.namespace]

    def read(document: Any) -> tuple[ListedImage, ...]:
        return from_docker_hub(document, [*namespaces, *named])

    return list(about(read_saved(path, read), request))


def _write(path: str, reference: str) -> None:
    try:
        Path(path).write_text(reference + "\n", encoding="utf-8")
    except OSError as error:
        raise BuilderError(
            f"the reference cannot be written: {error.strerror}", where=Location(path)
        ) from None


def _document(
    chosen: Candidate | None, candidates: Sequence[Candidate], host: HostFacts, target: Target
) -> dict[str, Any]:
    return {
        "format": 1,
        "image": chosen.reference if chosen else None,
        "target": target.to_dict(),
        "facts": host.to_dict(),
        "candidates": [item.to_dict() for item in candidates],
    }


def _table(candidates: Sequence[Candidate]) -> str:
    rows = [("image", "source", "verdict", "why")]
    for item in candidates:
        verdict = "accepted" if item.accepted else "refused"
        why = "; ".join(f"{reason.code}: {reason.message}" for reason in item.reasons)
        rows.append((item.reference, item.image.listed.source, verdict, why or item.rests_on))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join((*(row[column].ljust(widths[column]) for column in range(3)), row[3]))
        for row in rows
    )


def _nothing(asked: str, candidates: Sequence[Candidate], target: Target, unasked: bool) -> str:
    """Why there is nothing, the three nearest misses, and what can be done."""
    lines = [f"error: no image of {asked} runs on this machine ({target.name})"]
    for item in candidates[:3]:
        codes = ", ".join(f"{reason.code} ({reason.message})" for reason in item.reasons)
        lines.append(f"  {item.reference}: {codes}")
    if unasked:
        lines.append(f"  note: {NOT_ASKED}")
    lines.append(f"  hint: jetson-containers build {asked}")
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
