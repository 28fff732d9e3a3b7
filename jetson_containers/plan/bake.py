"""Plans as a bake file: what ``docker buildx bake`` runs unchanged, on one machine or on a fleet.

One target a stage. A stage finds its parent under the parent's own reference, which its
``BASE_IMAGE`` names: the named context of that name is the parent's target, so nothing has to be
in a registry or a store before the run, and images come out as ``build`` makes them.

Source of the form: docker/buildx, ``bake/bake.go``. A JSON file is read by HCL's rules: ``${`` and
``%{`` begin a template there, and are written doubled.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jetson_containers.errors import BuilderError, raise_all
from jetson_containers.image.reference import familiar, parse_reference
from jetson_containers.plan.bakeflags import flag_fields
from jetson_containers.plan.model import Plan, PlannedImage, Stage, dumps
from jetson_containers.plan.output import EPOCH, image_output

_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
NO_PROVENANCE = "type=provenance,disabled=true"


@dataclass(frozen=True, slots=True)
class BakeOptions:
    """What a bake file adds to plans.

    ``secrets`` maps ids to ``src=FILE`` or ``env=NAME``. ``budget`` are arguments for job counts,
    ``proxies`` names of variables whose values are those at the time of the bake.
    ``epochs`` are the times of reproducible images, by stage id.
    ``registry`` (``HOST/NAMESPACE``) gets the images, ``stage_registry`` the stages; without
    either everything stays in the engine's store. ``output`` is where it is kept, if not as
    ``compression`` and the rest say. ``folders`` are contexts in place of package directories, by
    stage id. ``only`` leaves out all other stages: their images have to be in the store.
    ``names`` are the only names that stages get, by stage id; ``fresh`` are built without cache.
    ``base`` is where a base image is taken from, if not by its name.
    """

    secrets: Mapping[str, str] = field(default_factory=dict)
    budget: Mapping[str, str] = field(default_factory=dict)
    proxies: Sequence[str] = ()
    cache_from: Sequence[str] = ()
    cache_to: Sequence[str] = ()
    compression: str = "zstd"
    output: str = ""
    epochs: Mapping[str, int] = field(default_factory=dict)
    registry: str = ""
    stage_registry: str = ""
    attest: Sequence[str] = (NO_PROVENANCE,)
    folders: Mapping[str, str] = field(default_factory=dict)
    only: Collection[str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    fresh: Collection[str] = ()
    base: Mapping[str, str] = field(default_factory=dict)


def bake_file(plans: Sequence[Plan], options: BakeOptions | None = None) -> dict[str, Any]:
    """The bake file of several plans, each for its own target; equal stages are in it once.

    Groups are the images, and ``default`` is all of them. Raises every stage that a bake file
    cannot hold.
    """
    options = options or BakeOptions()
    stages = _stages(plans, options)
    names = {stage.reference: target_name(stage) for stage in stages}
    targets: dict[str, Any] = {}
    errors: list[BuilderError] = []
    for stage in stages:
        try:
            targets[names[stage.reference]] = _target(stage, plans, names, options)
        except BuilderError as error:
            errors.append(error)
    raise_all(errors)
    groups = _groups(plans, names)
    document: dict[str, Any] = {}
    if options.proxies:
        document["variable"] = {name: {"default": ""} for name in options.proxies}
    document["group"] = {
        "default": {"targets": list(groups)},
        **{name: {"targets": list(members)} for name, members in groups.items()},
    }
    document["target"] = targets
    return document


def bake_text(plans: Sequence[Plan], options: BakeOptions | None = None) -> str:
    """The file itself; equal plans and options are equal byte for byte."""
    return dumps(bake_file(plans, options), indent=2) + "\n"


def target_name(stage: Stage) -> str:
    """The name of a stage's target: its id, in the characters that bake allows."""
    return _NO_NAME.sub("_", stage.id)


def stage_in_registry(registry: str, stage: Stage) -> str:
    """Where a registry of stages keeps it; what ``--cache-registry`` looks for."""
    return f"{registry.rstrip('/')}/{parse_reference(stage.reference).name}:" + (
        parse_reference(stage.reference).tag
    )


def image_in_registry(registry: str, reference: str) -> str:
    """What an image is called in a registry's namespace."""
    return f"{registry.rstrip('/')}/{reference.rpartition('/')[2]}"


def _stages(plans: Iterable[Plan], options: BakeOptions) -> tuple[Stage, ...]:
    found = {
        stage.id: stage
        for plan in plans
        for stage in plan.stages
        if options.only is None or stage.id in options.only
    }
    return tuple(found.values())


def _target(
    stage: Stage, plans: Sequence[Plan], names: Mapping[str, str], options: BakeOptions
) -> dict[str, Any]:
    tags = tuple(dict.fromkeys(_tags(stage, plans, options)))
    flags = flag_fields(stage)
    secrets = [
        f"id={name},{options.secrets[name]}" for name in stage.secrets if name in options.secrets
    ]
    fields: dict[str, Any] = {
        "context": options.folders.get(stage.id, stage.context),
        "dockerfile": stage.dockerfile,
        "contexts": _contexts(stage, names, options),
        "args": _args(stage, options),
        "labels": dict(stage.labels),
        "tags": list(tags),
        "platforms": [stage.platform],
        "secret": secrets,
        "cache-from": list(options.cache_from),
        "cache-to": list(options.cache_to),
        "attest": list(options.attest) if tags else [NO_PROVENANCE],
        "output": [_output(stage, tags, options)],
    }
    if stage.id in options.fresh:
        fields["no-cache"] = True
    for name, value in flags.items():
        if isinstance(value, dict):
            fields[name] = {**fields.get(name, {}), **value}
        elif isinstance(value, list):
            fields[name] = [*fields.get(name, ()), *value]
        else:
            fields[name] = value
    written = {name: _escaped(value) for name, value in fields.items() if value != []}
    args = written["args"]
    assert isinstance(args, dict)
    for name in options.proxies:
        args[name] = f"${{{name}}}"
    return {name: value for name, value in written.items() if value != {}}


def _tags(stage: Stage, plans: Sequence[Plan], options: BakeOptions) -> Iterator[str]:
    """Under which names the stage's image is kept: its own, and those of images ending in it."""
    if stage.id in options.names:
        yield options.names[stage.id]
        return
    pushed = options.registry or options.stage_registry
    if options.stage_registry:
        yield stage_in_registry(options.stage_registry, stage)
    elif not pushed:
        yield stage.reference
    for plan in plans:
        for image in plan.images:
            if image.stages and image.stages[-1] == stage.id:
                if options.registry:
                    yield image_in_registry(options.registry, image.reference)
                elif not pushed:
                    yield image.reference


def _contexts(
    stage: Stage, names: Mapping[str, str], options: BakeOptions
) -> dict[str, str]:
    found = {}
    if stage.base in names:
        found[stage.base] = f"target:{names[stage.base]}"
    elif stage.base in options.base:
        found[familiar(stage.base).removesuffix(":latest")] = options.base[stage.base]
    for name, place in stage.contexts:
        linked = names.get(place.removeprefix("docker-image://"))
        found[name] = f"target:{linked}" if linked else place
    return found


def _args(stage: Stage, options: BakeOptions) -> dict[str, str]:
    given = dict(stage.build_args)
    budget = {
        name: options.budget[name]
        for name in stage.budget
        if name in options.budget and name not in given
    }
    times = {EPOCH: str(options.epochs[stage.id])} if stage.id in options.epochs else {}
    return {"BASE_IMAGE": stage.base, **times, **given, **budget}


def _output(stage: Stage, tags: Sequence[str], options: BakeOptions) -> str:
    """Into the store, to the registry, or, for a stage without a name there, nowhere."""
    if not tags:
        return "type=cacheonly"
    if options.output:
        return options.output
    stored = image_output(options.compression, rewrite=stage.id in options.epochs)
    if options.registry or options.stage_registry:
        return stored.replace(",unpack=true", "") + ",push=true"
    return stored


def _groups(plans: Sequence[Plan], names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The targets of each image. An image that its base holds whole has none, and no group."""
    images = list(
        {
            image: (plan, image) for plan in plans for image in plan.images if image.stages
        }.values()
    )
    plain = [parse_reference(image.reference).name for _, image in images]
    found: dict[str, tuple[str, ...]] = {}
    for (plan, image), name in zip(images, plain, strict=True):
        members = [names.get(plan.stage(item).reference) for item in image.stages]
        wanted = name if plain.count(name) == 1 else f"{name}-{_own(plan, image, images)}"
        found[_free(wanted, {*found, *names.values(), "default"})] = tuple(
            member for member in members if member
        )
    return {name: members for name, members in found.items() if members}


def _own(
    plan: Plan, image: PlannedImage, images: Sequence[tuple[Plan, PlannedImage]]
) -> str:
    """What tells an image from others of its name: its target, or else its tag."""
    same = [other for other, item in images if item is not image]
    if plan.target.name not in {other.target.name for other in same}:
        return plan.target.name
    return parse_reference(image.reference).tag


def _free(wanted: str, taken: Collection[str]) -> str:
    name = _NO_NAME.sub("_", wanted)
    number = 1
    while name in taken:
        number += 1
        name = f"{_NO_NAME.sub('_', wanted)}-{number}"
    return name


def _escaped(value: Any) -> Any:
    """The value with every beginning of a template doubled."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, dict):
        return {_escaped(key): _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value
