"""``bake``: the plan as a file that ``docker buildx bake`` runs."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from jetson_containers.cli.context import (
    Context,
    add_common_options,
    add_package_options,
    add_target_options,
    say,
    warn,
)
from jetson_containers.cli.finding import check_pushes
from jetson_containers.cli.parsers import verb_parser
from jetson_containers.cli.planning import add_request_options, base_without_engine, plan_for
from jetson_containers.cli.secrets import machine_secrets, secret_parts
from jetson_containers.errors import BuilderError, ExitCode, Location, UsageError
from jetson_containers.image.registry.place import check_repository
from jetson_containers.plan.bake import NO_PROVENANCE, BakeOptions, bake_text, target_name
from jetson_containers.plan.model import BaseImage, Plan, Stage
from jetson_containers.plan.output import epoch_of, stage_epochs

FILE = "docker-bake.json"
CONTEXTS = "contexts"


def parser() -> argparse.ArgumentParser:
    result = verb_parser(
        "bake",
        "Write the plan as a bake file: `docker buildx bake -f FILE` makes the same images, "
        "labels and tags as `build`, on any builder.",
        "sglang > docker-bake.json",
        "sglang --output fleet/ --target orin-jp62,x86-cu130 --push registry.local/images",
    )
    add_request_options(result)
    group = result.add_argument_group("bake file")
    group.add_argument(
        "--output",
        default="",
        metavar="PATH",
        help="a file (*.json), or a directory that gets the file and every build context",
    )
    group.add_argument("--print", action="store_true", help="the file on stdout as well")
    group.add_argument(
        "--no-engine", action="store_true", help="ask no engine for the base image's digest"
    )
    group.add_argument(
        "--push", default="", metavar="HOST/NAMESPACE", help="the images go to that registry"
    )
    group.add_argument(
        "--cache-registry",
        default="",
        metavar="HOST/NAMESPACE",
        help="the stages go to that registry, where `build --cache-registry` finds them",
    )
    group.add_argument("--cache-from", action="append", default=[], metavar="SPEC")
    group.add_argument("--cache-to", action="append", default=[], metavar="SPEC")
    group.add_argument(
        "--compression", choices=("zstd", "gzip", "uncompressed"), default="zstd", help="of layers"
    )
    group.add_argument(
        "--reproducible", action="store_true", help="the same bytes whenever it is run"
    )
    group.add_argument(
        "--provenance", action="store_true", help="with --push: say how each image was built"
    )
    group.add_argument(
        "--sbom",
        nargs="?",
        const="default",
        default="",
        metavar="GENERATOR",
        help="with --push: list what each image holds, by BuildKit's generator or another",
    )
    group.add_argument(
        "--secret", action="append", default=[], metavar="id=ID,src=FILE|env=NAME"
    )
    group.add_argument("--use-proxy", action="store_true", help="hand the proxy settings to steps")
    add_target_options(result, several=True)
    add_package_options(result)
    add_common_options(result)
    return result


def main(argv: Sequence[str]) -> int:
    args = parser().parse_args(argv)
    if not args.packages:
        raise UsageError("no package was named", hint="`jetson-containers list` shows them")
    if (args.provenance or args.sbom) and not (args.push or args.cache_registry):
        raise UsageError(
            "--provenance and --sbom need --push",
            hint="attestations lie beside an image in a registry",
        )
    stages = _stage_registry(args)
    if args.push:
        check_repository(args.push, "--push")
    planned = [plan_for(context, _base(context)) for context in Context.each_target(args)]
    plans = [item.plan for item in planned]
    check_pushes(args, plans)
    options = _options(Context.of(args), plans, stages)
    if args.output and not args.output.endswith(".json"):
        text = _write_folder(Path(args.output), plans, options)
    else:
        text = bake_text(_without_generated(plans), options)
        if args.output:
            _write(Path(args.output), text)
    if args.print or not args.output:
        print(text, end="")
    failed = any(item.failures for item in planned)
    return ExitCode.FAILED if failed else ExitCode.DONE


def _stage_registry(args: argparse.Namespace) -> str:
    """``HOST/NAMESPACE`` of ``--cache-registry``, read as ``build`` reads it; empty for none."""
    if not args.cache_registry:
        return ""
    from jetson_containers.engine.cachereg import parse_cache_place

    place = parse_cache_place(args.cache_registry)
    if not place.writable:
        raise UsageError(
            f"--cache-registry {args.cache_registry!r}: the stages of a bake go there",
            hint="leave ,mode=ro out; a bake takes nothing from a registry of stages",
        )
    return str(place.place)


def _base(context: Context) -> BaseImage:
    """The base as ``build`` would have it: with the digest that a running engine knows.

    Nothing is pulled, made or started.
    """
    from jetson_containers.engine.locate import locate

    args = context.args
    address = None if args.no_engine else locate(context.environ)
    if address is not None:
        from jetson_containers.engine.base import held_base
        from jetson_containers.engine.dockerapi import DockerApi

        found = held_base(DockerApi(address.host, address.tls_dir), context.target, args.base, say)
        if found is not None:
            return found
    base = base_without_engine(context)
    if not args.locked:
        why = "no engine is asked" if address is None else "the engine does not hold it"
        warn(
            f"the digest of {base.reference} is not known, {why}: `build` on another digest makes "
            "other stages (pull it first, or hold to a lock with --locked)"
        )
    return base


def _options(context: Context, plans: Sequence[Plan], stages: str) -> BakeOptions:
    args = context.args
    attest = [] if args.provenance else [NO_PROVENANCE]
    if args.provenance:
        attest.append("type=provenance,mode=max")
    if args.sbom:
        generator = "" if args.sbom == "default" else f",generator={args.sbom}"
        attest.append(f"type=sbom{generator}")
    remote = bool(args.push or stages)
    return BakeOptions(
        secrets=_secrets(context, plans),
        proxies=_proxies(context) if args.use_proxy else (),
        cache_from=tuple(args.cache_from),
        cache_to=tuple(args.cache_to),
        compression=args.compression,
        epochs=stage_epochs(plans, epoch_of(context.environ)) if args.reproducible else {},
        registry=args.push,
        stage_registry=stages,
        attest=tuple(attest),
        base=_pinned(plans) if remote else {},
    )


def _pinned(plans: Sequence[Plan]) -> dict[str, str]:
    """Bases by the digest under which a registry has them: a remote builder takes that one."""
    return {
        plan.base.reference: f"docker-image://{plan.base.reference}@{plan.base.manifests[0]}"
        for plan in plans
        if plan.base.manifests and "@" not in plan.base.reference
    }


def _proxies(context: Context) -> tuple[str, ...]:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
    return tuple(
        name for name in (*names, *map(str.lower, names)) if context.environ.get(name)
    )


def _secrets(context: Context, plans: Sequence[Plan]) -> dict[str, str]:
    """Where bake takes each secret from: a file or a variable, never its value."""
    found = {name: f"src={path}" for name, path in machine_secrets(context.environ).items()}
    for text in context.args.secret:
        parts = secret_parts(text)
        path = parts.get("src") or parts.get("source")
        if not parts.get("id") or not (path or parts.get("env")):
            raise UsageError(
                f"--secret {text} names no source",
                hint="write --secret id=ID,src=FILE or --secret id=ID,env=NAME",
            )
        found[parts["id"]] = f"src={path}" if path else f"env={parts['env']}"
    wanted = {name for plan in plans for stage in plan.stages for name in stage.secrets}
    return {name: source for name, source in found.items() if name in wanted}


def _without_generated(plans: Sequence[Plan]) -> Sequence[Plan]:
    """The plans, if no stage needs files that only its config.py knows."""
    for plan in plans:
        for stage in plan.stages:
            if stage.generated:
                raise UsageError(
                    f"{stage.title} has files that its config.py makes: a bake file alone "
                    "cannot hold them",
                    where=Location(stage.context),
                    hint="--output DIRECTORY/ writes the build contexts too",
                )
    return plans


def _write_folder(folder: Path, plans: Sequence[Plan], options: BakeOptions) -> str:
    """The bake file and all contexts, which it names by paths from the directory itself."""
    from dataclasses import replace

    strange = [item for item in folder.glob("*") if item.name not in (FILE, CONTEXTS)]
    if strange or (folder.exists() and not folder.is_dir()):
        raise UsageError(
            "--output would write between other files",
            where=Location(str(strange[0] if strange else folder)),
            hint="name a directory that is empty, or that an earlier `bake` wrote",
        )
    shutil.rmtree(folder / CONTEXTS, ignore_errors=True)
    stages = {stage.id: stage for plan in plans for stage in plan.stages}
    places: dict[str, str] = {}
    for stage in stages.values():
        _copy_stage(stage, folder, places)
    moved = tuple(
        replace(
            plan,
            stages=tuple(
                replace(
                    stage,
                    context=places[stage.id],
                    contexts=tuple(
                        (name, places.get(place, place)) for name, place in stage.contexts
                    ),
                )
                for stage in plan.stages
            ),
        )
        for plan in plans
    )
    text = bake_text(moved, options)
    _write(folder / FILE, text)
    say(f"run it: cd {folder} && docker buildx bake")
    return text


def _copy_stage(stage: Stage, folder: Path, places: dict[str, str]) -> None:
    """Copy what the stage's build can see; ``places`` learns where it lies from ``folder``."""
    from jetson_containers.engine.context import whole_context

    def copied(source: str, name: str) -> str:
        place = f"{CONTEXTS}/{name}"
        shutil.copytree(source, folder / place, symlinks=True)
        return place

    with whole_context(stage) as ready:
        places[stage.id] = copied(ready.context, target_name(stage))
    for name, place in stage.contexts:
        if Path(place).is_absolute() and place not in places:
            places[place] = copied(place, f"{target_name(stage)}.{name}")


def _write(path: Path, text: str) -> None:
    from jetson_containers.files import write_whole

    try:
        write_whole(path, text.encode(), mode=0o644)
    except OSError as error:
        raise BuilderError(
            f"--output cannot be written: {error.strerror}", where=Location(str(path))
        ) from None


