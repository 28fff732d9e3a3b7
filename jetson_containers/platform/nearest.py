"""The possible target nearest to an impossible one, found by search."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from packaging.version import Version

from jetson_containers.errors import TargetError
from jetson_containers.platform.compose import compose
from jetson_containers.platform.cuda import cuda_releases
from jetson_containers.platform.distro import distributions
from jetson_containers.platform.family import Family, base_targets, families
from jetson_containers.platform.gpu import compile_list
from jetson_containers.platform.l4t import find_l4t, l4t_releases
from jetson_containers.platform.selection import Selection, parse_name
from jetson_containers.platform.target import Arch, Target

# What it costs to differ: a value that was asked for by name, one that merely came with the named
# target, another kind of machine, a further part in the name, and a step between neighbouring
# versions.
_ASKED, _IMPLIED, _FAMILY, _PART, _STEP = 100, 40, 60, 1, 1


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
    possible itself. Ties go to the shorter name, then to the first in the order of the tables.
    """
    start = base_targets()[wanted.base].family
    candidates = (
        (
            (_cost(target, with_gpus, wanted, explicit, arch), target.name.count("+"), index),
            target,
            with_gpus,
        )
        for family in families().values()
        if arch is not None or family == start or (wanted.l4t is not None and family.is_jetson)
        for index, target in enumerate(_possible(family.name))
        for with_gpus in ((True, False) if wanted.gpu_architectures else (False,))
        if not with_gpus or _knows(target, wanted.gpu_architectures or ())
    )
    _, target, with_gpus = min(candidates, key=lambda item: item[0])
    if not with_gpus:
        return target
    selection = replace(parse_name(target.name), gpu_architectures=wanted.gpu_architectures)
    return compose(selection).target or target


@cache
def _possible(name: str) -> tuple[Target, ...]:
    """Every possible target of a family, with the GPU architectures that go without saying."""
    family = families()[name]
    base = next(row.name for row in base_targets().values() if row.family == family)
    made = (compose(selection).target for selection in _selections(base, family))
    return tuple(target for target in made if target is not None)


def _selections(base: str, family: Family) -> Iterator[Selection]:
    """Every combination worth trying: what cannot be had is left out before it is combined."""
    for release in l4t_releases() if family.is_jetson else (None,):
        if release and not set(family.architectures) & set(release.architectures):
            continue
        for toolkit in cuda_releases():
            for distribution in distributions():
                if not toolkit.serves_on(family.arch, release, distribution):
                    continue
                for python in distribution.pythons:
                    yield Selection(
                        base=base,
                        l4t=release.version if release else None,
                        cuda=toolkit.version,
                        distro=str(distribution),
                        python=python,
                    )


def _knows(target: Target, gpus: tuple[int, ...]) -> bool:
    """Whether ``gpus`` can be compiled for in place of the target's own."""
    listed = find_l4t(target.l4t).release.architectures if target.l4t else gpus
    return set(gpus) <= set(listed) and not compile_list(gpus, target.cuda, target.system).cut


def _cost(
    target: Target, with_gpus: bool, wanted: Selection, explicit: Selection, arch: Arch | None
) -> int:
    start = base_targets()[wanted.base]
    base = base_targets()[target.name.partition("+")[0]]
    other_family = base.family != start.family
    cost = target.name.count("+") * _PART
    if other_family:
        cost += _FAMILY
    if arch is not None and target.arch != arch:
        cost += _ASKED
    if (target.l4t is None) != (wanted.l4t is None and start.l4t is None):
        cost += _IMPLIED

    def differs(asked: object, implied: object, value: object) -> int:
        if asked is not None:
            return _ASKED if asked != value else 0
        return _IMPLIED if not other_family and implied is not None and implied != value else 0

    distro = f"{target.distro}:{target.release}"
    cost += differs(explicit.l4t, wanted.l4t or start.l4t, target.l4t)
    cost += differs(explicit.cuda, wanted.cuda or start.cuda, target.cuda)
    cost += differs(explicit.distro, wanted.distro or start.distro, distro)
    cost += differs(explicit.python, wanted.python, target.python)
    if wanted.gpu_architectures is not None and not with_gpus:
        cost += _ASKED if explicit.gpu_architectures is not None else _IMPLIED
    ladders = _ladders()
    # the CUDA that came with a server is no wish for a Jetson, where L4T brings its own
    implied_cuda = None if other_family and base.family.is_jetson else start.cuda
    cost += _steps(wanted.cuda or implied_cuda, target.cuda, ladders[0])
    cost += _steps(wanted.l4t or start.l4t, target.l4t, ladders[1])
    return cost + (_steps(wanted.python, target.python, ladders[2]) if wanted.python else 0)


@cache
def _ladders() -> tuple[tuple[Version, ...], ...]:
    """The listed versions of CUDA, L4T and Python, each ascending."""
    return (
        tuple(release.version for release in cuda_releases()),
        tuple(release.version for release in l4t_releases()),
        tuple(sorted({version for item in distributions() for version in item.pythons})),
    )


def _steps(wanted: Version | None, got: Version | None, ladder: tuple[Version, ...]) -> int:
    """How many listed versions lie between the two, at most a third of an implied difference."""
    if wanted is None or got is None or wanted == got:
        return 0
    apart = abs(bisect_right(ladder, wanted) - bisect_right(ladder, got))
    return min(_STEP * (apart + 1), _IMPLIED // 3)


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
