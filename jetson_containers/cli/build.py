"""``build``: plan, build what is missing, test and tag."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from types import FrameType

from jetson_containers.cli.build_parser import parser
from jetson_containers.cli.build_record import begin_journal, log_dir_of, unrecorded
from jetson_containers.cli.connect import Connection, connect
from jetson_containers.cli.context import Context, say
from jetson_containers.cli.finding import (
    check_finding_options,
    check_pushes,
    pushing,
    reasons,
    redone,
    remembering,
    stage_cache,
)
from jetson_containers.cli.logs import ClipWatch, RunLogs
from jetson_containers.cli.planning import (
    Planned,
    base_without_engine,
    check_words,
    plan_for,
)
from jetson_containers.cli.screen import Show, open_screen
from jetson_containers.cli.secrets import secret_files
from jetson_containers.cli.summary import failure, summary
from jetson_containers.cli.webhook import tell_webhook
from jetson_containers.cli.wheel_options import wheel_keeper
from jetson_containers.cli.words import patterns, split_packages
from jetson_containers.engine.base import BOOTSTRAP, choose_base, planned_base
from jetson_containers.engine.budget import Machine, default_jobs
from jetson_containers.engine.builder import Builder, expected_seconds
from jetson_containers.engine.command import pasteable
from jetson_containers.engine.demand import all_stages
from jetson_containers.engine.dryrun import DryRunEngine
from jetson_containers.engine.events import Event
from jetson_containers.engine.imagetests import TestSettings
from jetson_containers.engine.options import BuildOptions
from jetson_containers.engine.protocol import Interrupted
from jetson_containers.engine.record import RunRecord
from jetson_containers.engine.stage_memory import StageMemory
from jetson_containers.engine.state import NoState, State
from jetson_containers.errors import BuilderError, ExitCode, UsageError
from jetson_containers.plan.model import Plan
from jetson_containers.plan.output import epoch_of, stage_epochs
from jetson_containers.plan.request import requests_for
from jetson_containers.plan.skip import without


def main(argv: Sequence[str], done: Collection[str] = ()) -> int:
    """``done`` are ids of stages that ``--from`` and ``--force`` need not build again."""
    args = parser().parse_args(argv)
    if args.version:
        from jetson_containers.cli.version import version

        print(f"jetson-containers {version()}")
        return ExitCode.DONE
    contexts = Context.each_target(args)
    if args.list_packages or args.show_packages:
        return max(_look(context) for context in contexts)
    check_finding_options(args)
    if args.simulate or args.engine == "dry-run":
        return simulate(contexts)
    return build(contexts, argv, done)


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


def simulate(contexts: Sequence[Context]) -> int:
    """The commands of the plans on stdout, one pasteable line each; nothing is done."""
    args = contexts[0].args
    planned = [plan_for(context, base_without_engine(context)) for context in contexts]
    plans = [item.plan for item in planned]
    classic = args.engine == "docker"
    engine = DryRunEngine(lambda argv: print(pasteable(argv)), classic=classic)
    if not args.base:
        for plan in plans:
            engine.pull(plan.base.reference, plan.target.platform, lambda line: None)
    options = _options(contexts[0], _this_machine(), 1)
    epochs = _epochs(contexts[0], plans, () if classic else ("reproducible",))
    again = redone(args, plans)
    tests = replace(options.tests, workers=0)
    options = replace(options, tests=tests, epochs=epochs)
    options = replace(options, redo=again.stages, fresh=again.uncached)
    Builder(plans, engine, NoState(), options, lambda event: None).run()
    say(
        f"{len(all_stages(plans))} stages for {', '.join(plan.target.name for plan in plans)}; "
        "nothing was built. Images: "
        + ", ".join(image.reference for plan in plans for image in plan.images)
    )
    return ExitCode.FAILED if any(item.failures for item in planned) else ExitCode.DONE


def build(contexts: Sequence[Context], argv: Sequence[str], done: Collection[str] = ()) -> int:
    """The real thing."""
    context, args = contexts[0], contexts[0].args
    if not args.packages:
        raise UsageError("no package was named", hint="`jetson-containers list` shows them")
    log_dir = log_dir_of(context)
    wheels = wheel_keeper(context)
    for each in contexts:
        if args.base in ("", BOOTSTRAP):
            plan_for(each, planned_base(each.target, args.base))
        else:
            check_words(each)  # what this base holds already, only an engine tells
    connection = connect(context, args.engine, say)
    planned = [_plan(each, connection) for each in contexts]
    plans = tuple(item.plan for item in planned)
    capabilities = connection.engine.capabilities()
    machine = Machine(capabilities.cores, capabilities.memory)
    if not machine.cores or not machine.memory:
        machine = _this_machine()
    jobs = args.jobs or default_jobs(machine)
    options = replace(
        _options(context, machine, jobs), epochs=_epochs(context, plans, capabilities.features)
    )
    state = State(context.cache)
    stages = all_stages(plans)
    again = redone(args, plans, done)
    check_pushes(args, plans)
    show = Show(plans, connection.engine.name, jobs, expected_seconds(stages, state))
    begun = datetime.now()
    journal = begin_journal(context, plans, begun, log_dir, machine, jobs, argv)
    logs = RunLogs(log_dir / (journal.directory if journal else unrecorded(begun)).name, stages)
    clips = ClipWatch()
    with open_screen(show, sys.stderr, verbose=context.verbose) as screen:

        def sink(event: Event) -> None:
            logs.write(event)
            if journal:
                journal.write(event)
            screen.show(event)
            clipped = clips.warning(event)
            if clipped:
                sink(clipped)

        tests = replace(options.tests, run=journal.directory if journal else None)
        memory = StageMemory(context.cache / "stages")
        builder = Builder(
            plans,
            connection.engine,
            state,
            replace(options, redo=again.stages, fresh=again.uncached, tests=tests),
            remembering(memory, stages, sink),
            stage_cache(context, sink),
            wheels,
            why=reasons(memory, stages, again),
            publish=pushing(context, connection.engine, sink),
        )
        outcome = _run(builder, [context.program, "build", *argv])
    logs.close()
    if journal:
        journal.close()
    unplanned = [error for item in planned for error in item.failures]
    took = (datetime.now() - begun).total_seconds()
    tell_webhook(context, argv, plans, outcome, unplanned, took)
    if isinstance(outcome, BuilderError):
        say(failure(outcome, stages.values(), logs, connection))
        return outcome.exit_code
    record = outcome
    say(summary(record, logs, context.program, _trees(context)))
    for error in record.errors:
        say(failure(error, stages.values(), logs, connection))
    kinds = {error.exit_code for error in record.errors}
    if len(kinds) == 1 and not unplanned:
        return kinds.pop()
    return ExitCode.FAILED if kinds or unplanned else ExitCode.DONE


def _trees(context: Context) -> list[str]:
    """The options that name the same package directories from anywhere."""
    args = context.args
    dirs = [str(path) for path in context.search_dirs if path != context.own_packages]
    named = ["--package-dirs", ",".join(dirs)] if dirs else []
    return [*named, *(["--only-dirs"] if args.only_dirs else [])]


def _plan(context: Context, connection: Connection) -> Planned:
    """The plan of one target, on a base image that is in the engine's store."""
    args = context.args
    base = choose_base(
        connection.engine,
        context.target,
        args.base,
        lambda wanted: connection.bootstrap(wanted, context.cache, _progress(context)),
        say,
    )
    say(f"base image {base.reference} ({base.origin})")
    planned = plan_for(context, base, again=args.base in ("", BOOTSTRAP))
    if base.contents:
        say(f"it holds {' '.join(base.contents.packages)}")
    return planned


def _progress(context: Context) -> Callable[[str], None]:
    """Tell what happens; the warnings of the tools behind it only if asked for."""

    def tell(line: str) -> None:
        if context.verbose or not line.startswith("W: "):
            say(line)

    return tell


def _run(builder: Builder, command: Sequence[str]) -> RunRecord | BuilderError:
    """The record of the run, or the error that ended it; ``command`` is what was typed.

    A terminal that goes away (SIGHUP) interrupts it too, unless it was started with ``nohup``.
    """
    interrupted = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            os._exit(ExitCode.INTERRUPTED)
        interrupted = True
        builder.stop()

    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    before = {name: signal.signal(name, stop) for name in signals}
    try:
        return builder.run()
    except BuilderError as error:
        if not interrupted:
            return error
        return Interrupted(
            "interrupted",
            hint="finished stages are kept, the same command goes on: "
            + pasteable(command)
            + f"\n  hint: `{pasteable([command[0], 'resume'])}` tells what is left",
        )
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _options(context: Context, machine: Machine, jobs: int) -> BuildOptions:
    args = context.args
    data = context.root / "data"
    return BuildOptions(
        secrets=secret_files(context),
        machine=machine,
        jobs=jobs,
        proxies=_proxies(context) if args.use_proxy else {},
        cache_from=tuple(args.cache_from),
        cache_to=tuple(args.cache_to),
        compression=args.compression,
        min_free=int(args.min_free * 1e9),
        stage_tests="intermediate" not in patterns(args.skip_tests),
        tests=TestSettings(
            workers=max(1, min(4, machine.cores)),
            timeout=args.test_timeout,
            data=data if data.is_dir() else None,
        ),
        fail_fast=args.fail_fast,
    )


def _epochs(
    context: Context, plans: Sequence[Plan], features: Collection[str]
) -> dict[str, int]:
    """The times of a reproducible build, by stage id; empty where none is asked for."""
    if not context.args.reproducible:
        return {}
    if "reproducible" not in features:
        raise UsageError(
            "--reproducible: this engine cannot set the times of files in an image",
            hint="it takes Docker 26 or later with the containerd image store and buildx",
        )
    return stage_epochs(plans, epoch_of(context.environ))


def _this_machine() -> Machine:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(os.cpu_count() or 1, memory)


def _proxies(context: Context) -> dict[str, str]:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
    words = (*names, *(name.lower() for name in names))
    return {name: context.environ[name] for name in words if context.environ.get(name)}
