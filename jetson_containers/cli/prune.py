"""``prune``: show what nothing needs any more, and remove it."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from jetson_containers.cli.context import Context, add_common_options, say, warn
from jetson_containers.cli.parsers import add_json_option, verb_parser
from jetson_containers.cli.prune_words import Found, Stages, document, show
from jetson_containers.cli.words import patterns
from jetson_containers.engine import leftovers
from jetson_containers.engine.leftovers import Leftover
from jetson_containers.engine.protocol import EngineGone
from jetson_containers.errors import BuilderError, ExitCode, UsageError
from jetson_containers.report.run.words import amount, counted

if TYPE_CHECKING:
    from jetson_containers.cli.connect import Connection
    from jetson_containers.engine.prune import CacheRecord, HeldLayer

KINDS = ("stages", "runs", "caches", "wheels", "build-cache")
#: what a prune without words is about: nothing in it has to be made again
USUAL = ("stages", "runs")
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "prune",
        "Show what is not needed any more and what its removal frees, ask, and remove it. Images "
        "that have a name stay, and so does everything that this program did not make.",
        "--dry-run",
        "--yes --older-than 14d",
        "stages runs build-cache --keep-last 0",
    )
    result.add_argument(
        "what",
        nargs="*",
        metavar="WHAT",
        help=f"of {' '.join(KINDS)}; default: {' '.join(USUAL)}",
    )
    result.add_argument(
        "--keep-last",
        type=int,
        default=5,
        metavar="N",
        help="keep the records of the last N runs, and the stages that they planned (5)",
    )
    result.add_argument(
        "--older-than", default="", metavar="AGE", help="what is older only: 90m, 12h, 30d, 2w"
    )
    result.add_argument(
        "--package", default="", metavar="PATTERNS", help="the stages of these packages only"
    )
    result.add_argument("--dry-run", action="store_true", help="show, and remove nothing")
    result.add_argument("--yes", action="store_true", help="remove without a question")
    add_json_option(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    if args.keep_last < 0:
        raise UsageError("--keep-last cannot be negative", hint="0 keeps no run")
    unknown = [word for word in args.what if word not in KINDS]
    if unknown:
        raise UsageError(f"prune knows no {unknown[0]}", hint=f"it knows {' '.join(KINDS)}")
    age = _age(args.older_than)
    found = _look(context, age)
    if not args.json:
        show(found)
    if args.dry_run or not found.count or not _agreed(args):
        if args.json:
            print(json.dumps(document(found, False, None), indent=2))
        return ExitCode.DONE
    if not args.yes:
        found = _look(context, age)  # a build may have begun since the question
    watched = _watched(found)
    before = leftovers.free_bytes(watched) if watched else 0
    removed = _remove(found, age)
    measured = leftovers.free_bytes(watched) - before if watched and watched.is_dir() else None
    if args.json:
        print(json.dumps(document(found, True, measured), indent=2))
    else:
        say(f"removed: {counted(removed, 'thing')}{_measured(measured)}")
    return ExitCode.DONE if removed == found.count else ExitCode.FAILED


def _measured(more: int | None) -> str:
    """What the disk says of it; others may have written to it meanwhile."""
    if more is None:
        return ""
    if more <= 0:
        return "; meanwhile as much or more was written to the disk"
    return f"; the disk has {amount(more)} more free"


def _age(text: str) -> float | None:
    """The point in time before which things are old; ``None`` without a word about it."""
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    if match is None:
        raise UsageError(f"--older-than {text} is no age", hint="write 90m, 12h, 30d or 2w")
    return time.time() - int(match[1]) * _UNITS[match[2]]


def _look(context: Context, before: float | None) -> Found:
    args = context.args
    what = tuple(args.what) or USUAL
    files: dict[str, tuple[Leftover, ...]] = {}
    runs = leftovers.runs(context.cache / "runs")
    idle = [run.files for run in runs if not run.running]
    if "runs" in what:
        files["runs"] = leftovers.chosen(idle, keep_last=args.keep_last, before=before)
    if "caches" in what:
        files["caches"] = leftovers.chosen(
            leftovers.caches(context.cache), keep_last=0, before=before
        )
    if "wheels" in what:
        if before is None:
            raise UsageError(
                "wheels that were compiled are kept unless they are old",
                hint="say how old, as in --older-than 90d",
            )
        files["wheels"] = leftovers.chosen(
            leftovers.wheels(context.cache / "wheels"), keep_last=0, before=before
        )
    wanted = {"stages", "build-cache"} & set(what)
    connection = _connection(context) if wanted else None
    if connection is None:
        return Found(None, None, files, ())
    from jetson_containers.engine.inventory import cache_records

    records = cache_records(connection.engine)
    kept = [run for run in runs if run.running] + list(runs[len(runs) - args.keep_last :])
    if not args.keep_last:
        kept = [run for run in runs if run.running]
    planned = {item for run in kept for item in run.fingerprints}
    only = patterns(args.package)
    stages = _stages(connection, records, planned, before, only) if "stages" in what else None
    build_cache = tuple(
        item
        for item in records
        if not item.shared and not item.in_use and (before is None or item.used < before)
    )
    return Found(connection, stages, files, build_cache if "build-cache" in what else ())


def _connection(context: Context) -> Connection | None:
    from jetson_containers.cli.connect import answering

    found = answering(context)
    if found is None:
        warn("no container engine answers: of stages and of the build cache nothing is said")
    return found


def _stages(
    connection: Connection,
    records: tuple[CacheRecord, ...],
    planned: set[str],
    before: float | None,
    only: Sequence[str],
) -> Stages:
    from jetson_containers.engine.inventory import held_images, image_layers
    from jetson_containers.engine.prune import ends, layer_sizes, removable, room

    images = held_images(connection.engine)
    gone = tuple(
        image
        for image in removable(images, planned, before)
        if not only or any(fnmatchcase(image.package, pattern) for pattern in only)
    )
    told: dict[str, HeldLayer] = {}
    untold = 0
    for image in ends(gone):
        try:
            told |= image_layers(connection.engine, image.digest)
        except EngineGone:
            raise
        except BuilderError:  # an image for another architecture, which was never unpacked
            untold += 1
    if untold:
        warn(
            f"the engine does not tell the layers of {counted(untold, 'image')}, as for other "
            "architectures: what these free is an estimate"
        )
    layers = layer_sizes(images, told)
    return Stages(gone, room(images, gone, layers, records), records)


def _agreed(args: argparse.Namespace) -> bool:
    if args.yes:
        return True
    if args.json or not sys.stdin.isatty():
        say("nothing was removed; --yes removes it")
        return False
    print("Remove it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _watched(found: Found) -> Path | None:
    """Where to see how much is freed: the engine's disk, if it is here, else the cache's."""
    if found.connection:
        return found.connection.engine.capabilities().root
    paths = [path for items in found.files.values() for item in items for path in item.paths]
    return next((path.parent for path in paths if path.parent.is_dir()), None)


def _remove(found: Found, before: float | None) -> int:
    """Remove everything; how many things went."""
    removed = 0
    if found.connection and found.stages:
        removed += _remove_stages(found.connection, found.stages)
    if found.connection and found.build_cache:
        from jetson_containers.engine.inventory import prune_cache

        prune_cache(found.connection.engine, None if before is None else time.time() - before)
        removed += len(found.build_cache)
    for items in found.files.values():
        for item in items:
            try:
                leftovers.remove(item)
                removed += 1
            except OSError as error:
                warn(f"{error.filename or item.name} stays: {error.strerror}")
    return removed


def _remove_stages(connection: Connection, stages: Stages) -> int:
    from jetson_containers.engine.inventory import cache_records, prune_records, remove_stage
    from jetson_containers.engine.prune import freed

    engine = connection.engine
    removed = 0
    for image in stages.gone:
        if remove_stage(engine, image):
            removed += 1
        else:
            warn(f"{image.stage_references[0]} stays: something holds it")
    if stages.records:
        prune_records(
            engine, lambda: [item.id for item in freed(stages.records, cache_records(engine))]
        )
    return removed
