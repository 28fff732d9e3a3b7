"""Laws of the requirement grammar."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.errors import UsageError
from jetson_containers.package.grammar import is_reference, parse_requirement

letters = "abcdefgXYZ0123456789"
names = st.from_regex(r"[a-z0-9][a-z0-9._+-]{0,12}", fullmatch=True)
versions = st.lists(st.integers(0, 40), min_size=1, max_size=4).map(
    lambda parts: ".".join(map(str, parts))
)
tags = st.one_of(versions, st.from_regex(r"[a-z0-9_][a-z0-9._+-]{0,12}", fullmatch=True))
clauses = st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), versions).map("".join)
specifiers = st.lists(clauses, min_size=1, max_size=3).map(",".join)
requirements = st.one_of(
    names,
    st.tuples(names, tags).map(":".join),
    st.tuples(names, specifiers).map("".join),
)


@given(requirements)
def test_written_and_read_again_it_is_the_same(text):
    requirement = parse_requirement(text)
    again = parse_requirement(str(requirement))
    assert again == requirement
    assert str(again) == str(requirement)


@given(names, versions)
def test_an_exact_version_accepts_itself_alone(name, version):
    requirement = parse_requirement(f"{name}:{version}")
    assert requirement.accepts(version)
    assert not requirement.accepts(f"{version}-builder")
    assert not requirement.accepts(None)


@given(names, versions, versions)
def test_a_bound_and_its_complement_split_the_versions(name, bound, version):
    below = parse_requirement(f"{name}<{bound}").accepts(version)
    above = parse_requirement(f"{name}>={bound}").accepts(version)
    assert below != above


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    try:
        requirement = parse_requirement(text)
    except UsageError as error:
        assert error.hint
    else:
        assert is_reference(requirement.name)
        assert "/" not in requirement.name
