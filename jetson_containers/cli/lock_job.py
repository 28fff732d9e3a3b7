"""One image to lock or to check: in which context, from which request, who is asked."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jetson_containers.cli.context import Context
from jetson_containers.cli.faults import Faults, definition_faults
from jetson_containers.errors import BuilderError, UsageError, raise_all
from jetson_containers.lock.model import Lock, LockedImage
from jetson_containers.lock.world import Inspect
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.request import Request
from jetson_containers.plan.skip import without
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.resolver import resolve


@dataclass(frozen=True, slots=True)
class Job:
    """One image to lock: its target's context, its request, its base image."""

    context: Context
    request: Request
    base: str
    skip: tuple[str, ...] = ()

    def resolve(self, answers: Mapping[str, str]) -> Resolution:
        """The chain of the request; faults of its definitions are raised."""
        context = self.context
        faults = Faults(context)
        catalogue = context.catalogue_for(context.target, answers)
        try:
            skipped = without(catalogue, self.skip)
            found = resolve(skipped.catalogue, self.request)
        except BuilderError as error:
            faults.add(error)
            raise_all(faults.errors)
            raise
        raise_all(definition_faults(catalogue, found.packages))
        return found


def request_of(image: LockedImage) -> Request:
    return tuple(parse_requirement(word) for word in image.request)


def images_for(lock: Lock, targets: Sequence[str]) -> list[LockedImage]:
    """The locked images of ``targets``, of all where none is named. One without an image is wrong
    use: nothing would be looked at, and all would seem well.
    """
    known = sorted({image.target for image in lock.images})
    raise_all(
        UsageError(
            f"the lock holds nothing for {name}",
            hint=f"it holds {', '.join(known)}" if known else "it holds no image at all",
        )
        for name in dict.fromkeys(targets)
        if name not in known
    )
    return [image for image in lock.images if not targets or image.target in targets]


def for_target(context: Context, name: str | None) -> Context:
    """The same command line for one target; a locked one says all parts by its name."""
    words = {**vars(context.args), "target": name}
    return Context(argparse.Namespace(**words), context.environ)


def engine_inspector(context: Context) -> Inspect:
    """Asks the engine that answers; none is prepared or started for a lock."""
    from jetson_containers.engine.locate import locate

    try:
        address = locate(context.environ)
    except BuilderError:
        address = None
    if address is None:
        return lambda reference: None
    from jetson_containers.engine.classic import ClassicEngine

    engine = ClassicEngine(address.host, address.tls_dir)

    def inspect(reference: str) -> tuple[str, tuple[str, ...]] | None:
        try:
            held = engine.inspect(reference)
        except BuilderError:
            return None
        return (held.digest, held.manifests) if held else None

    return inspect
