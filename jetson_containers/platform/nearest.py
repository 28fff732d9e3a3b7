"""The possible target nearest to an impossible one, found by search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from packaging.version import Version

from jetson_containers.errors import TargetError
from jetson_containers.platform.compose import compose
from jetson_containers.platform.cuda import cuda_releases
from jetson_containers.platform.distro import distributions
from jetson_containers.platform.family import BaseTarget, base_targets
from jetson_containers.platform.l4t import l4t_releases
from jetson_containers.platform.selection import Selection
from jetson_containers.platform.target import Arch, Target

# What it costs to differ: a value that was asked for by name, one that merely came with the named
# target, and another kind of machine. A step between neighbouring versions costs far less.
_ASKED, _IMPLIED, _FAMILY, _STEP = 100, 40, 60, 1


class ImpossibleTarget(TargetError):
    """A combination that cannot be: all ``reasons``, and the ``nearest`` target that can."""

    def __init__(self, what: str, reasons: tuple[str, ...], nearest: Target) -> None:
        super().__init__(
            f"{what} is impossible: {'; '.join(reasons)}",
            hint=f"the nearest possible target is {nearest.name}",
        )
        self.reasons = reasons
        self.nearest = nearest


def refuse(
    wanted: Selection,
    reasons: tuple[str, ...],
    *,
    explicit: Selection,
    arch: Arch | None = None,
) -> ImpossibleTarget:
    """The error for ``wanted``; ``explicit`` holds the values that were asked for just now."""
    return ImpossibleTarget(
        _described(wanted, arch), reasons, nearest_target(wanted, explicit=explicit, arch=arch)
    )


def nearest_target(wanted: Selection, *, explicit: Selection, arch: Arch | None = None) -> Target:
    """The possible target that differs least from ``wanted``.

    Law: the result is possible (``compose`` makes it), and equal to ``wanted`` where that is
    possible itself. Ties go to the first in the order of the tables.
    """
    best: tuple[int, Target] | None = None
    for base in base_targets().values():
        if arch is None and not _same_world(base, wanted):
            continue
        for target in _possible(base.name, wanted.gpu_architectures):
            cost = _cost(base, target, wanted, explicit, arch)
            if best is None or cost < best[0]:
                best = (cost, target)
    assert best is not None
    return best[1]


def _same_world(base: BaseTarget, wanted: Selection) -> bool:
    return base.family == base_targets()[wanted.base].family or (
        wanted.l4t is not None and base.family.is_jetson
    )


@lru_cache(maxsize=64)
def _possible(name: str, gpus: tuple[int, ...] | None) -> tuple[Target, ...]:
    """Every possible target of one named target, with ``gpus`` where they fit."""
    found: dict[Target, None] = {}
    for selection in _selections(base_targets()[name]):
        plain = compose(selection).target
        if plain is None:
            continue
        found[plain] = None
        if gpus is not None:
            with_gpus = compose(
                Selection(
                    selection.base,
                    selection.l4t,
                    selection.cuda,
                    selection.distro,
                    selection.python,
                    gpus,
                )
            ).target
            if with_gpus is not None:
                found[with_gpus] = None
    return tuple(found)


def _selections(base: BaseTarget) -> Iterator[Selection]:
    """Every combination worth trying: what cannot be had is left out before it is combined."""
    releases = l4t_releases() if base.family.is_jetson else (None,)
    for release in releases:
        if release and not set(base.family.architectures) & set(release.architectures):
            continue
        for toolkit in cuda_releases():
            for distribution in distributions():
                if not toolkit.serves_on(base.family.arch, release, distribution):
                    continue
                for python in distribution.pythons:
                    yield Selection(
                        base=base.name,
                        l4t=release.version if release else None,
                        cuda=toolkit.version,
                        distro=str(distribution),
                        python=python,
                    )


def _cost(
    base: BaseTarget, target: Target, wanted: Selection, explicit: Selection, arch: Arch | None
) -> int:
    start = base_targets()[wanted.base]
    cost = target.name.count("+") * _STEP
    other_family = base.family != start.family
    if other_family:
        cost += _FAMILY
    if arch is not None and target.arch != arch:
        cost += _ASKED

    def differs(asked: object, implied: object, value: object) -> int:
        if asked is not None:
            return _ASKED if asked != value else 0
        return _IMPLIED if not other_family and implied is not None and implied != value else 0

    distro = f"{target.distro}:{target.release}"
    gpus = target.gpu_architectures
    if (target.l4t is None) != (wanted.l4t is None and start.l4t is None):
        cost += _IMPLIED
    cost += differs(explicit.l4t, wanted.l4t or start.l4t, target.l4t)
    cost += differs(explicit.cuda, wanted.cuda or start.cuda, target.cuda)
    cost += differs(explicit.distro, wanted.distro or start.distro, distro)
    cost += differs(explicit.python, wanted.python, target.python)
    cost += differs(explicit.gpu_architectures, wanted.gpu_architectures, gpus)
    cost += _steps(wanted.cuda or start.cuda, target.cuda, (c.version for c in cuda_releases()))
    cost += _steps(wanted.l4t or start.l4t, target.l4t, (r.version for r in l4t_releases()))
    own = next(d.python for d in distributions() if str(d) == distro)
    pythons = {version for item in distributions() for version in item.pythons}
    return cost + _steps(wanted.python or own, target.python, pythons)


def _steps(wanted: Version | None, got: Version | None, ladder: Iterable[Version]) -> int:
    """How many listed versions lie between the two, at most a third of an implied difference."""
    if wanted is None or got is None or wanted == got:
        return 0
    low, high = min(wanted, got), max(wanted, got)
    return min(_STEP * sum(low < item <= high for item in ladder) + _STEP, _IMPLIED // 3)


def _described(wanted: Selection, arch: Arch | None) -> str:
    parts = [
        arch or "",
        f"L4T {wanted.l4t}" if wanted.l4t else "",
        f"CUDA {wanted.cuda}" if wanted.cuda else "",
        wanted.distro or "",
        f"Python {wanted.python}" if wanted.python else "",
        "sm_" + ", sm_".join(map(str, wanted.gpu_architectures))
        if wanted.gpu_architectures
        else "",
    ]
    said = ", ".join(part for part in parts if part)
    return f"{wanted.base} with {said}" if said else wanted.base
