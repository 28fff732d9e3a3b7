"""``report``: what a run did, as a page, JSON or JUnit; the runs there are; two runs compared."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jetson_containers.cli.context import Context, add_common_options, say, warn
from jetson_containers.cli.parsers import verb_parser
from jetson_containers.errors import BuilderError, ExitCode, Location, UsageError

if TYPE_CHECKING:
    from jetson_containers.report.run.model import RunReport
    from jetson_containers.report.run.sizes import ImageLayers

#: format -> suffix of files in it
SUFFIXES = {"html": ".html", "json": ".json", "junit": ".xml"}


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "report",
        "Show what a run did: when which stage was built and why, the critical path, tests, sizes "
        "and logs. RUN is a run's id or the beginning of one, or its directory; default: the last.",
        "--output report.html",
        "20261121-1530 --format junit --output report.xml",
        "--list",
        "--compare 20261120-0900 20261121-1530",
    )
    result.add_argument("run", nargs="?", default="", metavar="RUN", help="default: the last run")
    result.add_argument(
        "--format",
        choices=tuple(SUFFIXES),
        default="",
        help="default: as the suffix of --output says, else html",
    )
    result.add_argument("--json", action="store_true", help="the same as --format json")
    result.add_argument(
        "--output", default="", metavar="FILE", help="write a file instead of stdout"
    )
    result.add_argument("--list", action="store_true", help="the runs that left a record")
    result.add_argument(
        "--compare",
        nargs=2,
        metavar=("A", "B"),
        help="what B did slower, bigger or again, and why, as text or JSON",
    )
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    if args.list + bool(args.compare) + bool(args.run) > 1:
        raise UsageError(
            "RUN, --list and --compare exclude each other", hint="give one of them"
        )
    if args.list:
        return _list(context)
    form = _format(args)
    if args.compare:
        text = _compared(context, form)
    else:
        text = _written(context, read(context, args.run), form)
    if args.output:
        path = Path(args.output).expanduser()
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"--output cannot be written: {error.strerror}",
                where=Location(str(path)),
                hint="name a file in a directory that exists",
            ) from None
        say(f"{path} written")
    else:
        sys.stdout.write(text)
    return ExitCode.DONE


def _format(args: argparse.Namespace) -> str:
    said = "json" if args.json else args.format
    suffix = Path(args.output).suffix.lower()
    by_suffix = {value: key for key, value in SUFFIXES.items()}
    if args.output and not said and suffix not in by_suffix:
        raise UsageError(
            f"--output {args.output}: the suffix tells no format",
            hint=f"end the name with {', '.join(by_suffix)}, or name the --format",
        )
    return said or by_suffix.get(suffix, "html")


def runs_directory(context: Context) -> Path:
    """Where builds leave their records."""
    return context.cache / "runs"


def read(context: Context, words: str) -> RunReport:
    """The run of an id, the beginning of one, or a directory; without words the last one.

    Without words, runs whose record cannot be read are passed over with a warning.
    """
    from jetson_containers.engine.journal import list_runs
    from jetson_containers.report.run.read import read_run

    if "/" in words:
        return read_run(Path(words).expanduser())
    folder = runs_directory(context)
    found = [path for path in list_runs(folder) if path.name.startswith(words)]
    exact = [path for path in found if path.name == words]
    if not found:
        raise UsageError(
            f"no run is called {words}" if words else "no run has left a record yet",
            where=Location(str(folder)),
            hint="`jetson-containers report --list` shows the runs"
            if words
            else "`jetson-containers build PKG` leaves one",
        )
    if words and not exact and len(found) > 1:
        raise UsageError(
            f"{len(found)} runs begin with {words}",
            hint=f"name one: {', '.join(path.name for path in found[-5:])}",
        )
    return read_run((exact or found)[-1]) if words else _last_readable(found)


def _last_readable(runs: Sequence[Path]) -> RunReport:
    """The newest of ``runs``, oldest first, whose record can be read; raises what is wrong."""
    from jetson_containers.report.run.read import RunUnreadable, read_run

    wrong: list[RunUnreadable] = []
    for path in reversed(runs):
        try:
            run = read_run(path)
        except RunUnreadable as error:
            wrong.append(error)
            continue
        for each in wrong:
            warn(f"left out: {each}")
        return run
    raise wrong[0]


def _list(context: Context) -> int:
    """One line a run, oldest first; or as JSON."""
    from jetson_containers.engine.journal import list_runs
    from jetson_containers.report.run.read import RunUnreadable, read_run
    from jetson_containers.report.run.words import counted
    from jetson_containers.units import clock

    runs = []
    for path in list_runs(runs_directory(context)):
        try:
            runs.append(read_run(path))
        except RunUnreadable as error:
            warn(str(error))
    if context.args.json:
        document = {
            "format": 1,
            "runs": [
                {
                    "run": run.id,
                    "begun": run.begun,
                    "status": run.status,
                    "seconds": run.seconds,
                    "stages": len(run.stages),
                    "built": _built(run),
                    "images": [image.reference for image in run.images],
                }
                for run in runs
            ],
        }
        print(json.dumps(document, indent=2))
        return ExitCode.DONE
    for run in runs:
        names = ", ".join(image.reference for image in run.images[:3])
        more = f" and {len(run.images) - 3} more" if len(run.images) > 3 else ""
        stages = f"{_built(run)} of {counted(len(run.stages), 'stage')} built"
        print(f"{run.id}  {run.status:<11}  {clock(run.seconds):>8}  {stages}  {names}{more}")
    if not runs:
        say("no run has left a record yet")
    return ExitCode.DONE


def _built(run: RunReport) -> int:
    return sum(stage.status == "built" for stage in run.stages)


def _compared(context: Context, form: str) -> str:
    from jetson_containers.report.run.compare import compare, to_comparison_document, to_text

    first, second = (read(context, words) for words in context.args.compare)
    found = compare(first, second)
    if form == "json":
        return json.dumps(to_comparison_document(found), indent=2, ensure_ascii=False) + "\n"
    if form == "junit" or context.args.format == "html":
        raise UsageError("a comparison is text or JSON", hint="leave out --format, or name json")
    return to_text(found)


def _written(context: Context, run: RunReport, form: str) -> str:
    """A run in a format; sizes by layer if the engine that holds its images answers."""
    if form == "junit":
        from jetson_containers.report.run.junit import to_junit

        return to_junit(run)
    layers = _layers(context, run)
    if form == "json":
        from jetson_containers.report.run.document import to_document

        return json.dumps(to_document(run, layers), indent=2, ensure_ascii=False) + "\n"
    from jetson_containers.report.run.logs import excerpts
    from jetson_containers.report.run.page import to_page

    return to_page(run, layers, excerpts(run))


def _layers(context: Context, run: RunReport) -> tuple[ImageLayers, ...]:
    """The layers of the run's images, as far as an engine that answers now tells."""
    from jetson_containers.cli.connect import answering
    from jetson_containers.engine.inventory import image_chains, image_layers
    from jetson_containers.report.run.sizes import run_layers

    if all(image.size is None for image in run.images):
        return ()
    try:
        connection = answering(context)
        if connection is None:
            return ()
        engine = connection.engine

        def layers(reference: str) -> dict[str, tuple[str, int]]:
            found = image_layers(engine, reference)
            return {chain: (layer.step, layer.size) for chain, layer in found.items()}

        return run_layers(run, layers, lambda reference: image_chains(engine, reference))
    except BuilderError as error:
        say(f"sizes by layer are left out: {error.what}")
        return ()
