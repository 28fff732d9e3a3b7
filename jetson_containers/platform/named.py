"""Targets by name."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from jetson_containers.errors import TargetError
from jetson_containers.platform.compose import compose
from jetson_containers.platform.family import base_targets
from jetson_containers.platform.nearest import refuse
from jetson_containers.platform.selection import Selection, parse_name
from jetson_containers.platform.target import Target


@cache
def named_targets() -> tuple[Target, ...]:
    """The known targets, in the order of the table."""
    return tuple(named_target(name) for name in base_targets())


def named_target(name: str) -> Target:
    """The target called ``name``: a known one, or one derived (``x86-cu130+debian12``).

    Law: ``named_target(t.name) == t`` for every target made here or by ``derive``. Raises
    :class:`TargetError` with the nearest names for an unknown one.
    """
    return _made(selection_named(name))


def selection_named(name: str) -> Selection:
    """What ``name`` asks for; raises :class:`TargetError` when its named target is unknown."""
    selection = parse_name(name)
    known = list(base_targets())
    if selection.base not in known:
        near = get_close_matches(selection.base.lower(), known, n=3, cutoff=0.5)
        raise TargetError(
            f"unknown target {selection.base!r}",
            hint=f"nearest: {', '.join(near)}" if near else f"known targets: {', '.join(known)}",
        )
    return selection


@cache
def _made(selection: Selection) -> Target:
    made = compose(selection)
    if made.target is None:
        raise refuse(selection, made.reasons, explicit=selection)
    return made.target


def cut_architectures(target: Target) -> tuple[tuple[int, str], ...]:
    """The default GPU architectures that ``target``'s CUDA does not know, each with the reason."""
    return compose(selection_named(target.name)).cut
