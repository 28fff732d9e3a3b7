"""``resume``: the last run that did not come to its end, and the command that goes on with it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from jetson_containers.cli.context import Context, add_common_options, say
from jetson_containers.cli.parsers import add_json_option, verb_parser
from jetson_containers.engine.command import pasteable
from jetson_containers.engine.journal import Run, read_run
from jetson_containers.engine.unfinished import Left, last_unfinished, left
from jetson_containers.errors import BuilderError, ExitCode, Location, UsageError
from jetson_containers.plan.model import dumps


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "resume",
        "Show the last run that was killed, interrupted or failed: what it finished, what is left, "
        "and the command that goes on.",
        "",
        "--run",
    )
    result.add_argument("id", nargs="?", default="", metavar="ID", help="a run (default: the last)")
    result.add_argument("--run", action="store_true", help="go on with it, with the same words")
    add_json_option(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    context = Context.of(args)
    runs = context.cache / "runs"
    run = read_run(_named(runs, args.id)) if args.id else last_unfinished(runs)
    if run is None:
        print(_json(None, None) if args.json else "nothing is left to go on with")
        return ExitCode.DONE
    rest = left(run)
    if args.run:
        return _go_on(run)
    print(_json(run, rest) if args.json else _told(run, rest, context))
    return ExitCode.DONE


def _named(runs: Path, name: str) -> Path:
    if Path(name).name != name or not (runs / name / "journal.jsonl").is_file():
        raise UsageError(f"there is no run {name}", where=Location(str(runs)))
    return runs / name


def status(run: Run) -> str:
    """``running``, ``killed``, or how it ended."""
    if run.ended:
        return run.ended.status
    return "running" if run.alive else "killed"


def _told(run: Run, rest: Left, context: Context) -> str:
    how = {
        "running": f"is still running (process {run.header.pid})",
        "killed": "was killed",
        "interrupted": "was interrupted",
        "failed": "ended with failures",
        "done": "came to its end",
    }
    lines = [f"run       {run.directory.name}, begun {run.header.begun}, {how[status(run)]}"]
    rows = (
        ("images", rest.images),
        ("finished", rest.finished),
        ("begun", rest.begun),
        ("failed", rest.failed),
        ("waiting", rest.waiting),
    )
    lines += [f"{name:<10}{' '.join(items)}" for name, items in rows if items]
    lines += [f"error     {text}" for text in (run.ended.errors if run.ended else ())]
    if run.header.logs:
        lines.append(f"logs      {run.header.logs}")
    if rest.stages:
        again = rest.finished and _builds_again(run.header.argv)
        words = ("resume", "--run", run.directory.name) if again else run.header.argv
        command = [context.program, *words]
        place = f"cd {pasteable([run.header.directory])} && " if run.header.directory else ""
        here = again or Path(run.header.directory or ".") == Path.cwd()
        lines.append(f"go on     {'' if here else place}{pasteable(command)}")
    return "\n".join(lines)


def _json(run: Run | None, rest: Left | None) -> str:
    if run is None or rest is None:
        return dumps({"format": 1, "run": None}, indent=2)
    return dumps(
        {
            "format": 1,
            "run": run.directory.name,
            "status": status(run),
            "begun": run.header.begun,
            "directory": run.header.directory,
            "argv": list(run.header.argv),
            "logs": run.header.logs,
            "images": list(rest.images),
            "finished": list(rest.finished),
            "begun_stages": list(rest.begun),
            "failed": list(rest.failed),
            "waiting": list(rest.waiting),
        },
        indent=2,
    )


def _builds_again(argv: Sequence[str]) -> bool:
    """Whether the same words would build once more what they have built again already."""
    names = (word.partition("=")[0] for word in argv)
    options = ("--from", "--force")
    return any(len(name) > 3 and option.startswith(name) for name in names for option in options)


def _go_on(run: Run) -> int:
    """Run the same words in the same directory, in this process.

    What ``--from`` and ``--force`` made the run build again is not built once more.
    """
    if run.alive:
        raise BuilderError(
            f"the run {run.directory.name} is still running (process {run.header.pid})",
            hint="wait for it, or stop it with `kill -INT`",
        )
    verb, *words = run.header.argv or ("",)
    if verb != "build":
        raise BuilderError(f"the run {run.directory.name} is not one of `build`")
    try:
        os.chdir(run.header.directory or ".")
    except OSError as error:
        raise BuilderError(
            f"the directory of the run cannot be entered: {error.strerror}",
            where=Location(run.header.directory),
        ) from None
    from jetson_containers.cli import build

    say(f"going on: {pasteable(['build', *words])}")
    return build.main(words, run.finished)
