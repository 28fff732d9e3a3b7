"""Which packages a request brings in, and what is said when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.errors import ExitCode, Problems
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.resolve.explain import (
    ConflictError,
    CycleError,
    MissingPackage,
    UnknownPackage,
)
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import X86, catalogue, package

SHELF = catalogue(
    "base",
    "cuda:12.9 base",
    "cuda:13.0* base",
    "torch:2.8 cuda:12.9",
    "torch:2.9 cuda:13.0",
    "torch:2.10* cuda:13.0",
    "torch:2.11-builder cuda:13.0",
    "vision torch",
    "audio torch>=2.9,<2.10",
    "old torch~=2.8.0",
)


def names(*words: str, shelf=SHELF) -> list[str]:
    found = resolve(shelf, [parse_requirement(word) for word in words])
    return [item.reference for item in found.packages]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (("vision",), ["base", "cuda:13.0", "torch:2.10", "vision"]),
        (("torch:2.8", "vision"), ["base", "cuda:12.9", "torch:2.8", "vision"]),
        (("vision", "torch:2.8"), ["base", "cuda:12.9", "torch:2.8", "vision"]),
        (("vision", "audio"), ["base", "cuda:13.0", "torch:2.9", "audio", "vision"]),
        (("torch>=2.8",), ["base", "cuda:13.0", "torch:2.10"]),
        (("torch!=2.10",), ["base", "cuda:13.0", "torch:2.9"]),
    ],
)
def test_a_request_brings_one_version_of_each_name(request_, expected):
    assert names(*request_) == expected


def test_a_bare_name_never_means_another_version_than_the_default():
    shelf = catalogue("torch:2.10* gone", "torch:2.9", "vision torch")
    with pytest.raises(MissingPackage, match="unknown package gone"):
        names("vision", shelf=shelf)


def test_a_missing_requirement_tells_its_path_and_place():
    shelf = catalogue("app lib", "lib nothing")
    with pytest.raises(MissingPackage) as caught:
        names("app", shelf=shelf)
    assert caught.value.path == ("app", "lib")
    assert str(caught.value.where) == "/tree/lib/Dockerfile:2"
    assert caught.value.exit_code is ExitCode.FAILED


def test_a_version_that_is_not_defined_names_those_that_are():
    with pytest.raises(MissingPackage) as caught:
        names("torch:3.0")
    assert "torch:2.9" in caught.value.hint


def test_unknown_names_are_reported_together_with_the_nearest():
    with pytest.raises(Problems) as caught:
        names("visoin", "tourch")
    first, second = caught.value.errors
    assert first.hint == "did you mean vision?"
    assert second.hint.startswith("did you mean torch")
    assert caught.value.exit_code is ExitCode.USAGE
    assert all(isinstance(error, UnknownPackage) for error in caught.value.errors)


def test_requirements_that_exclude_each_other_are_all_named():
    with pytest.raises(ConflictError) as caught:
        names("old", "audio")
    assert "old requires torch~=2.8.0 (/tree/old/Dockerfile:10)" in caught.value.what
    assert "audio requires torch<2.10,>=2.9 (/tree/audio/Dockerfile:9)" in caught.value.what


def test_equal_requirements_are_told_with_their_own_places():
    shelf = catalogue("x:1*", "p x:1", "w x:1", "top p w")
    found = resolve(shelf, [parse_requirement("top")])
    because = next(item.because for item in found.chosen if item.package.name == "x")
    assert [str(item) for item in because] == [
        "p requires x:1 (/tree/p/Dockerfile:2)",
        "w requires x:1 (/tree/w/Dockerfile:3)",
    ]


def test_conflicts_keep_a_version_out():
    shelf = catalogue("torch:2* ", "torch:1", "app !torch:2 torch>=1")
    assert names("app", shelf=shelf) == ["torch:1", "app"]
    shelf = catalogue("torch:2*", "app !torch", "user torch")
    with pytest.raises(ConflictError, match="app conflicts with torch"):
        names("app", "user", shelf=shelf)
    assert names("app", shelf=shelf) == ["app"]


def test_a_circle_is_told_as_a_path():
    shelf = catalogue("a b", "b c", "c a", "d a")
    with pytest.raises(CycleError) as caught:
        names("d", shelf=shelf)
    assert caught.value.path == ("a", "b", "c", "a")
    assert str(caught.value.where) == "/tree/a/Dockerfile:1"


def test_a_long_chain_needs_no_recursion():
    lines = ["p0", *(f"p{number} p{number - 1}" for number in range(1, 3000))]
    assert len(names("p2999", shelf=catalogue(*lines))) == 3000


def test_an_alias_of_two_packages_means_that_of_the_later_search_path():
    first = package("a:1*", root=Path("/first"), aliases=("x",))
    later = package("b:1*", root=Path("/later"), aliases=("x",))
    assert names("x", shelf=Catalogue(X86, (first, later))) == ["b:1"]


def test_an_alias_that_the_default_does_not_carry_means_its_own_version():
    old = package("torch:1", aliases=("legacy",))
    assert names("legacy", shelf=Catalogue(X86, (old, package("torch:2*")))) == ["torch:1"]
