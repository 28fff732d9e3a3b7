"""Laws of the canonical order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.package.grammar import parse_requirement
from jetson_containers.resolve.order import dependants
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import catalogue


@st.composite
def shelves(draw: st.DrawFn) -> list[str]:
    """Lines of an acyclic catalogue: a package needs only packages before it."""
    count = draw(st.integers(1, 12))
    lines = []
    for number in range(count):
        needs = draw(st.sets(st.integers(0, number - 1), max_size=4)) if number else set()
        lines.append(" ".join([f"p{number}", *(f"p{need}" for need in sorted(needs))]))
    return lines


def chain(lines: list[str], words: list[str]) -> list[str]:
    found = resolve(catalogue(*lines), [parse_requirement(word) for word in words])
    return [package.name for package in found.packages]


@given(shelves(), st.data())
def test_dependencies_come_first(lines, data):
    wanted = data.draw(st.sampled_from(lines)).split()[0]
    ordered = chain(lines, [wanted])
    needs = {line.split()[0]: line.split()[1:] for line in lines}
    for index, name in enumerate(ordered):
        assert set(needs[name]) <= set(ordered[:index])


@given(shelves(), st.data())
def test_neither_the_order_of_request_nor_of_definition_counts(lines, data):
    names = [line.split()[0] for line in lines]
    wanted = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    shuffled_request = data.draw(st.permutations(wanted))
    shuffled_lines = data.draw(st.permutations(lines))
    assert chain(lines, wanted) == chain(shuffled_lines, shuffled_request)


@given(shelves(), st.data())
def test_a_chain_asked_again_with_all_its_members_is_the_same(lines, data):
    wanted = data.draw(st.sampled_from(lines)).split()[0]
    ordered = chain(lines, [wanted])
    assert chain(lines, ordered) == ordered


@given(shelves())
def test_the_most_needed_of_what_is_ready_comes_first(lines):
    names = [line.split()[0] for line in lines]
    needs = {line.split()[0]: set(line.split()[1:]) for line in lines}

    def users(name: str) -> int:
        above = {user for user in names if name in needs[user]}
        while True:
            more = {user for user in names if needs[user] & above} | above
            if more == above:
                return len(above)
            above = more

    ordered = chain(lines, names)
    for index, name in enumerate(ordered):
        done = set(ordered[:index])
        ready = [other for other in ordered[index:] if needs[other] <= done]
        assert name == min(ready, key=lambda other: (-users(other), other))


@given(st.lists(st.lists(st.integers(0, 7), max_size=4), min_size=1, max_size=8))
def test_dependants_count_whoever_can_reach_a_name_also_in_circles(needs):
    edges = {f"p{at}": [f"p{need}" for need in found] for at, found in enumerate(needs)}

    def reached(name: str) -> set[str]:
        seen: set[str] = set()
        todo = [name]
        while todo:
            for need in edges.get(todo.pop(), ()):
                if need in edges and need not in seen:
                    seen.add(need)
                    todo.append(need)
        return seen

    assert dependants(edges) == {
        name: sum(name in reached(other) for other in edges if other != name) for name in edges
    }
