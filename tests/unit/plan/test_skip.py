"""What is skipped is chosen nowhere, and what requires it is built without it."""

from __future__ import annotations

import pytest

from jetson_containers.errors import BuilderError, UsageError
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.request import nearest_to, requests_for
from jetson_containers.plan.skip import without
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import X86, catalogue, package

SHELF = catalogue("cuda", "torch:2.7 cuda", "torch:2.8 cuda", "torch:2.9* cuda", "vision torch",
                  "app torch:2.9 tool", "tool")  # fmt: skip


def chain(word: str, *patterns: str) -> list[str]:
    skipped = without(SHELF, patterns)
    (request,) = requests_for(skipped, word.split())
    return [item.reference for item in resolve(skipped.catalogue, request).packages]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("nothing", ["cuda", "torch:2.9", "vision"]),
        ("torch:2.9", ["cuda", "torch:2.8", "vision"]),
        ("torch>=2.8", ["cuda", "torch:2.7", "vision"]),
        ("torch:2.[89]", ["cuda", "torch:2.7", "vision"]),
        ("tor*<2.9", ["cuda", "torch:2.9", "vision"]),
        ("torch", ["vision"]),
        ("torch:*", ["vision"]),
        ("cuda", ["torch:2.9", "vision"]),
    ],
)
def test_patterns_take_names_versions_and_specifiers(pattern, expected):
    assert chain("vision", pattern) == expected


def test_a_skipped_name_is_dropped_from_the_request_and_from_chains():
    assert chain("torch:2.8 vision", "torch") == ["vision"]


def test_a_version_that_a_package_needs_and_that_is_skipped_is_an_error():
    with pytest.raises(BuilderError, match=r"torch:2\.9"):
        chain("app", "torch:2.9")


def test_skipping_all_that_was_asked_for_is_an_error():
    with pytest.raises(UsageError, match="every package that was named is skipped"):
        chain("tool", "*")


def test_who_required_what_is_left_out_is_known():
    skipped = without(SHELF, ["torch", "tool", "cuda"])
    found = skipped.left_out(resolve(skipped.catalogue, [parse_requirement("app")]))
    assert found == {"torch": ("app",), "tool": ("app",)}, "nothing in the chain needs cuda"


def test_a_pattern_that_matches_nothing_is_told_with_the_nearest_names():
    skipped = without(SHELF, ["visoin", "visoin<3", "vision>9", "tool"])
    assert skipped.unmatched == ("visoin", "visoin<3", "vision>9")
    assert nearest_to(SHELF, "visoin<3") == "did you mean vision?"


def test_an_alias_moves_to_the_version_that_becomes_the_default():
    shelf = Catalogue(
        target=X86,
        packages=(
            package("pytorch:2.8"),
            package("pytorch:2.9*", aliases=("torch", "torch:2.9")),
            package("vision torch"),
        ),
    )
    left = without(shelf, ["pytorch:2.9"]).catalogue
    assert [item.reference for item in left.packages if item.is_default] == [
        "pytorch:2.8",
        "vision",
    ]
    found = resolve(left, [parse_requirement("vision")])
    assert [item.reference for item in found.packages] == ["pytorch:2.8", "vision"]
    assert without(shelf, ["torch"]).names == {"pytorch"}, "a bare alias means the name"
    assert without(shelf, ["torch<2.9"]).references == {"pytorch:2.8"}


def test_a_specifier_that_cannot_be_read_is_an_error():
    with pytest.raises(UsageError, match="'torch<<2' is no pattern"):
        without(SHELF, ["torch<<2"])
