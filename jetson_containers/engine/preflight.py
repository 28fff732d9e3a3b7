"""What can be told before anything is built: each failed check comes with its remedy."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from jetson_containers.engine.protocol import Capabilities, ImageInfo
from jetson_containers.engine.state import State
from jetson_containers.errors import BuilderError, Location, UsageError
from jetson_containers.plan.model import MAX_LAYERS, Plan, Stage
from jetson_containers.units import gigabytes

#: what each capability is, for people
_WORDS: Mapping[str, str] = {
    "mounts": "RUN --mount",
    "heredoc": "here-documents",
    "link": "COPY --link",
    "contexts": "named build contexts",
    "network": "RUN --network",
}


def check(
    plan: Plan, todo: Iterable[Stage], capabilities: Capabilities, base: ImageInfo | None
) -> list[BuilderError]:
    """Everything that stands in the way of building ``todo`` of the plan.

    ``base`` is the base image as the engine holds it.
    """
    errors = [*_features(todo, capabilities), *_base(plan, base)]
    if base is not None:
        for image in plan.images:
            layers = base.layers + sum(plan.stage(item).layers for item in image.stages)
            if layers > MAX_LAYERS:
                errors.append(
                    BuilderError(
                        f"{image.reference} would have {layers} layers, engines allow {MAX_LAYERS}",
                        hint="use a base image with fewer layers, or join RUN and COPY steps",
                    )
                )
    return errors


def check_names(plans: Iterable[Plan]) -> list[BuilderError]:
    """No two images of several plans may have one name, unless they are the same."""
    known: dict[str, tuple[str, ...]] = {}
    errors: list[BuilderError] = []
    for plan in plans:
        for image in plan.images:
            if known.setdefault(image.reference, image.stages) != image.stages:
                errors.append(
                    UsageError(
                        f"two targets would both give an image {image.reference}",
                        hint="give --name without a tag, and each image gets its target's",
                    )
                )
    return errors


def _features(stages: Iterable[Stage], capabilities: Capabilities) -> list[BuilderError]:
    errors = []
    for stage in stages:
        missing = [need for need in stage.needs if need not in capabilities.features]
        if missing:
            words = ", ".join(_WORDS.get(need, need) for need in missing)
            errors.append(
                BuilderError(
                    f"{stage.title} uses {words}, which this engine ({capabilities.version}) "
                    "cannot do with its classic builder",
                    where=Location(f"{stage.context}/{stage.dockerfile}"),
                    hint="install docker-buildx 0.10 or newer and use --engine buildkit",
                )
            )
    return errors


def _base(plan: Plan, base: ImageInfo | None) -> list[BuilderError]:
    if base is None or not base.arch or base.arch == plan.target.docker_arch:
        return []
    return [
        BuilderError(
            f"the base image {plan.base.reference} is for {base.arch}, "
            f"the target {plan.target.name} is {plan.target.docker_arch}",
            hint=f"give a base image for {plan.target.platform}, "
            "or --base bootstrap to make one from the distribution's packages",
        )
    ]


def free_bytes(root: Path | None) -> int | None:
    """Bytes free on the engine's disk, or ``None`` when that cannot be told from here."""
    try:
        return shutil.disk_usage(root).free if root else None
    except OSError:
        return None


def check_disk(
    todo: Iterable[Stage], root: Path | None, state: State, min_free: int
) -> list[BuilderError]:
    """Whether the engine's disk at ``root`` has room for what ``todo`` took in earlier builds.

    ``min_free`` are the bytes that have to stay free.
    """
    stages = tuple(todo)
    free = free_bytes(root)
    if free is None or not stages:
        return []
    expected = sum(state.disk_used(stage.package) or 0 for stage in stages)
    if free >= expected + min_free:
        return []
    earlier = f" (earlier builds took {gigabytes(expected)})" if expected else ""
    return [disk_error(root, free, expected + min_free, earlier)]


def disk_error(root: Path | None, free: int, wanted: int, why: str = "") -> BuilderError:
    """The error for a disk that is, or would get, too full."""
    return BuilderError(
        f"the engine's disk has {gigabytes(free)} free, {gigabytes(wanted)} are needed{why}",
        where=Location(str(root)) if root else None,
        hint="free some space (`docker system df` tells who uses it, `jetson-containers prune` "
        "shows what nothing needs and removes it), or lower --min-free",
    )
