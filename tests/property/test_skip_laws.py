"""What is skipped is nowhere, and everything else that a chain requires is there."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from jetson_containers.errors import BuilderError
from jetson_containers.plan.request import requests_for
from jetson_containers.plan.skip import without
from jetson_containers.resolve.resolver import resolve
from tests.property.test_resolver_solutions import shelves
from tests.unit.shelves import catalogue


@given(shelves(), st.data())
def test_a_chain_lacks_what_is_skipped_and_nothing_else(lines, data):
    shelf = catalogue(*lines)
    names = sorted({item.name for item in shelf.packages})
    patterns = data.draw(
        st.lists(
            st.sampled_from([*names, *(item.reference for item in shelf.packages), "n?>=2"]),
            max_size=3,
        )
    )
    words = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
    skipped = without(shelf, patterns)
    try:
        (request,) = requests_for(skipped, words)
        found = resolve(skipped.catalogue, request)
    except BuilderError:
        assume(False)
        raise
    chosen = {item.name: item.version for item in found.packages}
    assert not {item.reference for item in found.packages} & skipped.references
    assert {word for word in words if word not in skipped.names} <= set(chosen)
    before = {item.reference: item for item in shelf.packages}
    required = {
        need.name
        for item in found.packages
        for need in before[item.reference].depends
        if need.name in skipped.names
    }
    assert set(skipped.left_out(found)) == required
    for item in found.packages:
        for need in before[item.reference].depends:
            assert need.name in skipped.names or need.accepts(chosen[need.name])
