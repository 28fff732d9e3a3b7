"""Options of ``build`` about work that is done already: where it is found, what is redone."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from jetson_containers.cli.context import Context
from jetson_containers.cli.publishing import add_insecure_option, login, plain_hosts, publisher
from jetson_containers.cli.words import split_packages
from jetson_containers.engine.events import (
    Event,
    ImagePushed,
    Sink,
    StageFinished,
    StageFound,
    Warned,
)
from jetson_containers.engine.record import ImageRecord
from jetson_containers.engine.stage_memory import StageMemory
from jetson_containers.errors import UsageError, raise_all
from jetson_containers.image.reference import is_reference, parse_reference
from jetson_containers.image.registry.place import check_repository
from jetson_containers.plan.model import Plan, Stage
from jetson_containers.plan.redo import Redo, redo

if TYPE_CHECKING:
    from jetson_containers.engine.cachereg import RegistryCache
    from jetson_containers.engine.protocol import Engine


def add_finding_options(parser: argparse.ArgumentParser) -> None:
    """``--cache-registry``, ``--from``, ``--force``, and what else has to do with registries."""
    group = parser.add_argument_group("finished work")
    group.add_argument(
        "--cache-registry",
        action="append",
        default=[],
        metavar="HOST/NAMESPACE[,mode=ro|rw]",
        help="stages are looked for there, and kept there when built (rw, the default); may be "
        "given several times, the first one that has a stage is taken",
    )
    group.add_argument(
        "--from",
        dest="begin",
        action="append",
        default=[],
        metavar="PKG,...",
        help="build PKG and everything on it again, without the engine's build cache",
    )
    group.add_argument(
        "--force",
        action="append",
        default=[],
        metavar="PKG,...",
        help="build PKG again without the engine's build cache, and what stands on it as far as "
        "the result differs",
    )
    group.add_argument("--push", default="", metavar="REPOSITORY", help="push the images there")
    group.add_argument(
        "--index",
        default="",
        metavar="TAG",
        help="with --push: one more tag, which stands for all platforms that are pushed",
    )
    group.add_argument(
        "--sbom",
        action="store_true",
        help="with --push: an SPDX list of what each image holds beside it in the registry",
    )
    add_insecure_option(group)


def check_finding_options(args: argparse.Namespace) -> None:
    """Raise what is wrong with them, before anything is asked."""
    from jetson_containers.engine.cachereg import parse_cache_place

    for text in args.cache_registry:
        parse_cache_place(text)
    if args.index and not args.push:
        raise UsageError("--index needs --push", hint="an index lies beside its images")
    if args.sbom and not args.push:
        raise UsageError("--sbom needs --push", hint="`jetson-containers sbom IMAGE` writes one")
    if args.push:
        check_repository(args.push, "--push")
    if args.index and not is_reference(f"name:{args.index}"):
        raise UsageError(f"--index {args.index!r} is no tag", hint="write it as 1.2 or latest")


def stage_cache(context: Context, sink: Sink) -> RegistryCache | None:
    """The registries of ``--cache-registry``, or nothing; ``sink`` is told what is wrong."""
    from jetson_containers.engine.cachereg import RegistryCache, parse_cache_place

    places = [parse_cache_place(text) for text in context.args.cache_registry]
    if not places:
        return None
    return RegistryCache(
        places, login(context), lambda text: sink(Warned("", text)), plain_hosts(context.args)
    )


def check_pushes(args: argparse.Namespace, plans: Sequence[Plan]) -> None:
    """Raise :class:`UsageError` where ``--push`` would give two images one name."""
    if not args.push:
        return
    from jetson_containers.engine.publish import push_name

    planned = {image.reference for plan in plans for image in plan.images}
    names = Counter(push_name(args.push, reference) for reference in planned)
    raise_all(
        UsageError(f"--push: several images would be {name}", hint="push them one by one")
        for name in sorted(name for name in names if names[name] > 1)
    )


def pushing(
    context: Context, engine: Engine, sink: Sink
) -> Callable[[Sequence[ImageRecord]], None] | None:
    """Pushes the images of a run, each platform's before the index over them (``--push``)."""
    args = context.args
    if not args.push:
        return None

    def publish(images: Sequence[ImageRecord]) -> None:
        from jetson_containers.engine.publish import push_name

        push = publisher(context, engine, lambda line: None)
        indexes: dict[str, list[str]] = {}
        for image in images:
            name = push_name(args.push, image.reference)
            done = push.push(image.reference, name)
            sink(ImagePushed(image.stage, done.image, done.reference, done.digest, done.sent))
            if args.sbom:
                from jetson_containers.cli.sbom import attach_to, sbom_of

                attach_to(context, done.pinned, sbom_of(context, engine, done.image))
            indexes.setdefault(parse_reference(name).repository, []).append(done.image)
        for repository, members in indexes.items() if args.index else ():
            for done in push.push_index(f"{repository}:{args.index}", members):
                sink(ImagePushed("", done.image, done.reference, done.digest, done.sent))

    return publish


def redone(
    args: argparse.Namespace, plans: Sequence[Plan], done: Collection[str] = ()
) -> Redo:
    """What ``--from`` and ``--force`` name, without the stages ``done`` that were built again."""
    return redo(plans, split_packages(args.begin), split_packages(args.force), done)


def remembering(memory: StageMemory, stages: Mapping[str, Stage], sink: Sink) -> Sink:
    """``sink``, and what every finished stage was made of is kept in ``memory``."""

    def both(event: Event) -> None:
        if isinstance(event, StageFinished | StageFound) and event.stage in stages:
            memory.remember(stages[event.stage])
        sink(event)

    return both


def reasons(
    memory: StageMemory, stages: Mapping[str, Stage], again: Redo
) -> Callable[[Stage], str]:
    """Why one of ``stages`` is built, in one line, whether or not those below it are finished.

    ``again`` is what was asked for although it is there.
    """
    from jetson_containers.plan.why_rebuild import StageInputs, stage_inputs, why_line

    planned: dict[str, StageInputs] = {}

    def why(stage: Stage) -> str:
        if not planned:
            planned.update({one.fingerprint: stage_inputs(one) for one in stages.values()})
        return why_line(stage, memory, again.because.get(stage.id, ""), planned)

    return why
