"""From resolutions to a plan: stages with their fingerprints, and the images they end in.

Pure but for reading the package directories: no engine, no network, no clock, no environment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

from jetson_containers.errors import BuilderError, Problems, UsageError, raise_all
from jetson_containers.plan.chain import Chain, Known
from jetson_containers.plan.model import BaseImage, Plan, PlannedImage, Stage
from jetson_containers.plan.naming import image_reference, named_after
from jetson_containers.plan.options import PlanOptions
from jetson_containers.resolve.model import Resolution

#: is told of an image that cannot be planned, and everything that is wrong with it
OnFault = Callable[[Resolution, BuilderError], None]


def make_plan(
    resolutions: Sequence[Resolution],
    base: BaseImage,
    options: PlanOptions | None = None,
    on_fault: OnFault | None = None,
) -> Plan:
    """One image per resolution, all on ``base``; equal stages and equal images are planned once.

    Every fault of every stage (a missing Dockerfile, one without ``BASE_IMAGE``, an argument that
    nothing declares, too many layers) is reported in one go. With ``on_fault`` an image with
    faults costs only itself, as long as another is left.
    """
    options = options or PlanOptions()
    if not resolutions:
        raise UsageError("nothing to plan", hint="name at least one package")
    chains: dict[str, tuple[Resolution, Chain]] = {}
    faults: dict[str, BuilderError] = {}
    declared: set[str] = set()
    known: dict[Hashable, Known] = {}
    for resolution in resolutions:
        chain = Chain(resolution, base, options, known)
        declared |= chain.declared
        try:
            reference = image_reference(resolution, options.name)
            raise_all((*chain.faults, *_clash(reference, resolution, chains)))
        except BuilderError as error:
            if on_fault is not None:
                on_fault(resolution, error)
            for item in error.errors if isinstance(error, Problems) else (error,):
                faults.setdefault(str(item), item)
        else:
            chains.setdefault(reference, (resolution, chain))
    if not chains or on_fault is None:
        raise_all((*faults.values(), *_undeclared(options, declared)))
    raise_all(_undeclared(options, declared))
    stages: dict[str, Stage] = {}
    for _, chain in chains.values():
        for stage in chain.stages:
            stages.setdefault(stage.id, stage)
    return Plan(
        target=resolutions[0].target,
        base=base,
        stages=tuple(stages.values()),
        images=tuple(
            PlannedImage(reference, chain.packages, tuple(stage.id for stage in chain.stages))
            for reference, (_, chain) in chains.items()
        ),
    )


def _clash(
    reference: str, resolution: Resolution, chains: Mapping[str, tuple[Resolution, Chain]]
) -> list[BuilderError]:
    """Two images cannot have one name, unless they are the same."""
    if reference not in chains or chains[reference][0].packages == resolution.packages:
        return []
    first, second = (
        named_after(item).reference for item in (chains[reference][0], resolution)
    )
    return [
        UsageError(
            f"the images of {first} and {second} would both be named {reference}",
            hint="end --name with a /, and each image gets its package's name behind it",
        )
    ]


def _undeclared(options: PlanOptions, declared: Collection[str]) -> list[BuilderError]:
    return [
        UsageError(
            f"no Dockerfile of this plan declares the build argument {name}",
            hint=f"declared are {', '.join(sorted(declared)) or 'none'}",
        )
        for name in sorted(set(options.build_args) - set(declared))
    ]
