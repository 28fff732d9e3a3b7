"""Which stages are built again although finished ones are found, and for which word. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from jetson_containers.errors import BuilderError, UsageError, raise_all
from jetson_containers.plan.model import Plan, Stage


@dataclass(frozen=True, slots=True)
class Redo:
    """Ids of stages that are built again, and those of them without the engine's build cache.

    ``because`` is the option for each of them, as ``--force PKG``.

    Law: ``uncached`` is part of ``stages``, and with a stage everything that stands on it, or
    takes files from it, is in ``stages``; ``because`` has exactly the keys of ``stages``.
    """

    stages: frozenset[str] = frozenset()
    uncached: frozenset[str] = frozenset()
    because: Mapping[str, str] = field(default_factory=dict)


def redo(
    plans: Sequence[Plan],
    begin: Sequence[str] = (),
    force: Sequence[str] = (),
    done: Collection[str] = (),
) -> Redo:
    """What ``--from`` (``begin``) and ``--force`` make of the plans.

    Both build a package's stages again without the engine's build cache, and then everything that
    stands on them: from ``begin`` on without that cache too, after ``force`` as far as the result
    differs. ``done`` are ids of stages that were built again before: they are left out, those apart
    that stand on one that was not. Raises :class:`UsageError` for a package that no plan has a
    stage of.
    """
    stages = [stage for plan in plans for stage in plan.stages]
    first, forced = _named(stages, begin, "--from"), _named(stages, force, "--force")
    after = _with_descendants(stages, first)
    because: dict[str, str] = {}
    for option, names in (("--from", begin), ("--force", force)):
        for name in names:
            for item in _with_descendants(stages, _named(stages, (name,), option)):
                because.setdefault(item, f"{option} {name}")
    again = after | _with_descendants(stages, forced)
    again &= _with_descendants(stages, again.difference(done))
    because = {item: option for item, option in because.items() if item in again}
    return Redo(again, again & (after | forced), because)


def _named(stages: Sequence[Stage], names: Sequence[str], option: str) -> frozenset[str]:
    """The stages of packages, by ``name`` or ``name:version``."""
    errors: list[BuilderError] = []
    found: set[str] = set()
    for name in names:
        fit = {stage.id for stage in stages if name in (stage.package, stage.title)}
        if not fit:
            known = dict.fromkeys(stage.package for stage in stages)
            errors.append(
                UsageError(
                    f"{option} {name}: nothing that is asked for has a stage of it",
                    hint=f"there are stages of {', '.join(known) or 'nothing'}",
                )
            )
        found |= fit
    raise_all(errors)
    return frozenset(found)


def _with_descendants(stages: Sequence[Stage], roots: frozenset[str]) -> frozenset[str]:
    """A stage stands behind all that it is built on, so one pass is enough."""
    found = set(roots)
    references = {stage.reference for stage in stages if stage.id in roots}
    for stage in stages:
        sources = {place.removeprefix("docker-image://") for _, place in stage.contexts}
        if stage.parent in found or references & sources:
            found.add(stage.id)
            references.add(stage.reference)
    return frozenset(found)
