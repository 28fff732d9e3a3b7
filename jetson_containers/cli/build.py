"""``build``: plan, build what is missing, test and tag."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import FrameType

from jetson_containers.cli.connect import Connection, connect
from jetson_containers.cli.context import (
    Context,
    add_common_options,
    add_package_options,
    add_target_options,
    say,
)
from jetson_containers.cli.logs import RunLogs
from jetson_containers.cli.planning import (
    add_request_options,
    base_without_engine,
    check_words,
    plan_for,
)
from jetson_containers.cli.screen import Screen, open_screen
from jetson_containers.cli.secrets import secret_files
from jetson_containers.cli.summary import failure, summary
from jetson_containers.cli.words import patterns, split_packages
from jetson_containers.engine.base import BOOTSTRAP, choose_base, planned_base
from jetson_containers.engine.builder import Builder, BuildOptions
from jetson_containers.engine.command import pasteable
from jetson_containers.engine.dryrun import DryRunEngine
from jetson_containers.engine.events import Event
from jetson_containers.engine.protocol import Interrupted
from jetson_containers.engine.record import RunRecord
from jetson_containers.engine.state import NoState, State
from jetson_containers.errors import BuilderError, ExitCode, Location, UsageError
from jetson_containers.plan.model import Plan
from jetson_containers.plan.request import requests_for
from jetson_containers.plan.skip import without


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="jetson-containers build",
        description="Build the images of packages: what is finished is found, the rest is built, "
        "tested and tagged.",
        epilog="examples:\n"
        "  jetson-containers build sglang\n"
        "  jetson-containers build --name my/llm pytorch:2.14.1 transformers\n"
        "  jetson-containers build --simulate sglang --target orin-jp62",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_request_options(result)
    run = result.add_argument_group("run")
    run.add_argument("--engine", choices=("auto", "buildkit", "docker", "dry-run"), default="auto")
    run.add_argument("--simulate", "--dry-run", action="store_true", help="print the commands only")
    run.add_argument(
        "--test-only", default="", metavar="PATTERNS", help="test these packages only"
    )
    run.add_argument("--push", default="", metavar="REPOSITORY", help="push the images there")
    run.add_argument("--cache-from", action="append", default=[], metavar="SPEC")
    run.add_argument("--cache-to", action="append", default=[], metavar="SPEC")
    run.add_argument("--use-proxy", action="store_true", help="hand the proxy settings to steps")
    run.add_argument("--log-dir", default="", metavar="DIR", help="default: logs/ of the checkout")
    run.add_argument(
        "--compression",
        choices=("zstd", "gzip", "uncompressed"),
        default="zstd",
        help="of new layers; gzip for engines older than Docker 23",
    )
    run.add_argument(
        "--min-free", type=float, default=2.0, metavar="GB", help="disk to leave free (2)"
    )
    run.add_argument(
        "--secret", action="append", default=[], metavar="id=ID,src=FILE", help="a build secret"
    )
    result.add_argument("--list-packages", action="store_true", help="list packages and end")
    result.add_argument("--show-packages", action="store_true", help="show the packages and end")
    add_target_options(result)
    add_package_options(result)
    add_common_options(result)
    result.add_argument("--version", action="store_true", help="print the version and end")
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    if args.version:
        from jetson_containers.cli.version import version

        print(f"jetson-containers {version()}")
        return ExitCode.DONE
    if args.list_packages or args.show_packages:
        return _look(Context.of(args))
    context = Context.of(args)
    if args.simulate or args.engine == "dry-run":
        return simulate(context)
    return build(context)


def _look(context: Context) -> int:
    """``--list-packages`` and ``--show-packages``: of all packages, or of those named."""
    from jetson_containers.cli import listing, show

    args = context.args
    if args.list_packages and not args.skip_packages:
        return listing.of(context)
    skipped = without(context.catalogue, patterns(args.skip_packages))
    words = split_packages(args.packages) or ("*",)
    found = [str(item) for (item,) in requests_for(skipped, words, multiple=True)]
    if args.show_packages:
        return show.of(context, found)
    args.packages = found
    return listing.of(context)


def simulate(context: Context) -> int:
    """The commands of the plan on stdout, one pasteable line each; nothing is done."""
    args = context.args
    base = base_without_engine(context)
    planned = plan_for(context, base)
    plan = planned.plan
    classic = args.engine == "docker"
    engine = DryRunEngine(lambda argv: print(pasteable(argv)), classic=classic)
    if not args.base:
        engine.pull(base.reference, context.target.platform, lambda line: None)
    options = replace(_options(context), workers=0)
    Builder(plan, engine, NoState(), options, lambda event: None).run()
    say(
        f"{len(plan.stages)} stages for {context.target.name}; nothing was built. "
        f"Images: {', '.join(image.reference for image in plan.images)}"
    )
    return ExitCode.FAILED if planned.failures else ExitCode.DONE


def build(context: Context) -> int:
    """The real thing."""
    args = context.args
    if not args.packages:
        raise UsageError("no package was named", hint="`jetson-containers list` shows them")
    target = context.target
    log_dir = _log_dir(context)
    if args.base in ("", BOOTSTRAP):
        plan_for(context, planned_base(target, args.base))
    else:
        check_words(context)  # what this base holds already, only an engine tells
    connection = connect(context, args.engine, say)
    base = choose_base(
        connection.engine,
        target,
        args.base,
        lambda wanted: connection.bootstrap(wanted, context.cache, _progress(context)),
        say,
    )
    say(f"base image {base.reference} ({base.origin})")
    planned = plan_for(context, base, again=args.base in ("", BOOTSTRAP))
    plan = planned.plan
    if base.contents:
        say(f"it holds {' '.join(base.contents.packages)}")
    logs = RunLogs(log_dir, plan, datetime.now())
    with open_screen(plan, connection.engine.name, sys.stderr, verbose=context.verbose) as screen:
        outcome = _run(context, connection, plan, logs, screen)
    if isinstance(outcome, BuilderError):
        say(failure(outcome, plan, logs, connection))
        return outcome.exit_code
    record = outcome
    say(summary(plan, record, logs, context.program))
    for error in record.errors:
        say(failure(error, plan, logs, connection))
    if args.push and not record.errors:
        _push(args.push, record, connection)
    return ExitCode.FAILED if record.errors or planned.failures else ExitCode.DONE


def _progress(context: Context) -> Callable[[str], None]:
    """Tell what happens; the warnings of the tools behind it only if asked for."""

    def tell(line: str) -> None:
        if context.verbose or not line.startswith("W: "):
            say(line)

    return tell


def _run(
    context: Context, connection: Connection, plan: Plan, logs: RunLogs, screen: Screen
) -> RunRecord | BuilderError:
    """The record of the run, or the error that ended it."""

    def sink(event: Event) -> None:
        logs.write(event)
        screen.show(event)

    builder = Builder(plan, connection.engine, State(context.cache), _options(context), sink)
    interrupted = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            os._exit(ExitCode.INTERRUPTED)
        interrupted = True
        builder.stop()

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        return builder.run()
    except BuilderError as error:
        if not interrupted:
            return error
        return Interrupted(
            "interrupted",
            hint="finished stages are kept, the same command goes on: "
            + pasteable(["./build.sh", *_again()]),
        )
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
        logs.close()


def _again() -> list[str]:
    words = sys.argv[1:]
    return words[1:] if words[:1] == ["build"] else words


def _options(context: Context) -> BuildOptions:
    args = context.args
    cores = os.cpu_count() or 1
    jobs = str(max(1, min(cores, _memory_gigabytes() // 3)))
    data = context.root / "data"
    return BuildOptions(
        secrets=secret_files(context),
        budget={
            "MAX_JOBS": jobs,
            "CMAKE_BUILD_PARALLEL_LEVEL": jobs,
            "NINJAFLAGS": f"-j{jobs}",
            "NVCC_THREADS": "1",
        },
        proxies=_proxies(context) if args.use_proxy else {},
        cache_from=tuple(args.cache_from),
        cache_to=tuple(args.cache_to),
        compression=args.compression,
        min_free=int(args.min_free * 1e9),
        data=data if data.is_dir() else None,
        stage_tests="intermediate" not in patterns(args.skip_tests),
        go_on=args.skip_errors,
        workers=max(1, min(4, cores)),
    )


def _proxies(context: Context) -> dict[str, str]:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
    words = (*names, *(name.lower() for name in names))
    return {name: context.environ[name] for name in words if context.environ.get(name)}


def _memory_gigabytes() -> int:
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)


def _log_dir(context: Context) -> Path:
    if context.args.log_dir:
        wanted = Path(context.args.log_dir).expanduser().absolute()
        try:
            wanted.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"--log-dir cannot be used: {error.strerror}",
                where=Location(str(wanted)),
                hint="name a directory that you may write to",
            ) from None
        return wanted
    own = context.root / "logs"
    return own if os.access(context.root, os.W_OK) else context.cache / "logs"


def _push(repository: str, record: RunRecord, connection: Connection) -> None:
    """Push each image to ``repository/<name>:<tag>``."""
    for image in record.images:
        reference = f"{repository.rstrip('/')}/{image.reference.rpartition('/')[2]}"
        connection.engine.tag(image.digest, reference)
        try:
            connection.engine.push(reference, say)
        except BuilderError:
            connection.engine.remove(reference)
            raise
        say(f"pushed {reference}")
