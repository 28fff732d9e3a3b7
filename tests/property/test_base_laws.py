"""Planning on an image of ours leads to the image that asking for all at once leads to."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from jetson_containers.errors import BuilderError
from jetson_containers.image.contents import Contents
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Requirement
from jetson_containers.plan.model import BaseImage
from jetson_containers.plan.onbase import resolver_on
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.resolver import resolve
from tests.property.test_resolver_solutions import shelves
from tests.unit.shelves import X86, catalogue


def _wanted(shelf: Catalogue, data: st.DataObject) -> list[Requirement]:
    words = sorted({item.name for item in shelf.packages} | {i.reference for i in shelf.packages})
    chosen = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True))
    return [parse_requirement(word) for word in chosen]


def _resolved(shelf: Catalogue, request: list[Requirement]) -> Resolution | None:
    try:
        return resolve(shelf, request)
    except BuilderError:
        return None


def _references(resolution: Resolution) -> set[str]:
    return {package.reference for package in resolution.packages}


@given(shelves(), st.data())
def test_planning_on_the_image_of_a_is_asking_for_a_and_b(lines, data):
    shelf = catalogue(*lines)
    first, second = _wanted(shelf, data), _wanted(shelf, data)
    alone = _resolved(shelf, first)
    assume(alone is not None)
    assert alone is not None
    base = BaseImage(
        "a:1", contents=Contents(X86, tuple(item.reference for item in alone.packages))
    )
    together = _resolved(shelf, [*first, *second])
    try:
        found = resolver_on(shelf, base)(second)
    except BuilderError:
        assert together is None or not _references(alone) <= _references(together)
        return
    assert _references(alone) <= _references(found), "a version of the base was changed"
    assert len({package.name for package in found.packages}) == len(found.packages)
    if together is not None and _references(alone) <= _references(together):
        assert _references(found) == _references(together)
