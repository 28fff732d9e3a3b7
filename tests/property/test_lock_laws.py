"""Laws of resolutions that are held to a lock."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.lock.held import hold_versions
from jetson_containers.lock.model import LockedBase, LockedImage, LockedPackage
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import X86, catalogue


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[int, list[int]]]:
    """For each package how many versions it has, and which earlier packages it needs."""
    size = draw(st.integers(1, 7))
    return [
        (draw(st.integers(1, 3)), draw(st.lists(st.integers(0, number - 1), max_size=3)))
        if number
        else (draw(st.integers(1, 3)), [])
        for number in range(size)
    ]


def shelf(tree: list[tuple[int, list[int]]], seed: int) -> Catalogue:
    """The tree with a default for each name that ``seed`` decides."""
    chance = random.Random(seed)
    lines = []
    for number, (versions, needs) in enumerate(tree):
        default = chance.randrange(versions)
        for version in range(versions):
            star = "*" if version == default else ""
            lines.append(f"p{number}:{version}{star} {' '.join(f'p{need}' for need in needs)}")
    return catalogue(*lines)


def locked(resolution: Resolution) -> LockedImage:
    packages = tuple(LockedPackage(item.reference) for item in resolution.packages)
    request = tuple(map(str, resolution.request))
    return LockedImage(X86.name, request, "", "", LockedBase(""), packages)


@given(trees(), st.integers(), st.integers())
def test_defaults_that_move_move_nothing_that_is_locked(tree, before, after):
    request = (parse_requirement(f"p{len(tree) - 1}"),)
    first = resolve(shelf(tree, before), request)
    image = locked(first)
    held = hold_versions(shelf(tree, after), image, resolve(shelf(tree, after), request))
    assert [item.reference for item in held.packages] == [
        item.reference for item in first.packages
    ]
    assert held.request == request


@given(trees(), st.integers())
def test_what_has_not_changed_is_held_exactly_also_its_reasons(tree, seed):
    request = (parse_requirement(f"p{len(tree) - 1}"),)
    free = resolve(shelf(tree, seed), request)
    assert hold_versions(shelf(tree, seed), locked(free), free) == free
