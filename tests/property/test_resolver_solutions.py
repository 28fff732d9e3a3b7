"""Whatever the resolver answers is a solution, and what it refuses has a true cause."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.errors import BuilderError
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.resolve.explain import ConflictError, MissingPackage
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import catalogue


@st.composite
def shelves(draw: st.DrawFn) -> list[str]:
    """Versions 1 to 3 of up to five names, with requirements and conflicts on earlier names."""
    lines = []
    for index in range(draw(st.integers(1, 5))):
        for version in range(1, draw(st.integers(1, 3)) + 1):
            words = [f"n{index}:{version}{'*' if version == 1 else ''}"]
            for other in range(index):
                form = draw(st.sampled_from(["", "", "{0}", "{0}:{1}", "{0}>={1}", "!{0}:{1}"]))
                if form:
                    words.append(form.format(f"n{other}", draw(st.integers(1, 3))))
            lines.append(" ".join(words))
    return lines


@given(shelves(), st.data())
def test_an_answer_is_a_solution_and_a_refusal_has_a_cause(lines, data):
    shelf = catalogue(*lines)
    names = sorted({package.name for package in shelf.packages})
    wanted = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    request = [parse_requirement(word) for word in wanted]
    try:
        answer = resolve(shelf, request)
    except MissingPackage as error:
        assert not shelf.find(error.requirement)
        return
    except ConflictError as error:
        assert error.causes
        for cause in error.causes:
            assert cause.parent is None or cause.requirement in (
                *cause.parent.depends,
                *cause.parent.conflicts,
            )
        return
    except BuilderError as error:
        raise AssertionError(f"an untyped refusal: {error}") from error
    chosen = {package.name: package for package in answer.packages}
    assert len(chosen) == len(answer.packages), "two versions of one name"
    asked = list(request)
    for package in answer.packages:
        asked += package.depends
        for item in package.conflicts:
            other = chosen.get(item.name)
            assert other is None or not item.accepts(other.version)
    for item in asked:
        assert item.accepts(chosen[item.name].version)
    by_version = {item.name for item in asked if item.exact is not None or item.specifier}
    for package in answer.packages:
        assert package.is_default or package.name in by_version
    needed = {item.name for item in asked}
    assert set(chosen) == needed, "a package that nothing asks for"
