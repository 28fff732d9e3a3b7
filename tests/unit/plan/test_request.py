"""From words to one request for each image, and what each image is named."""

from __future__ import annotations

import pytest

from jetson_containers.errors import BuilderError, Problems, UsageError
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.naming import image_reference
from jetson_containers.plan.request import requests_for
from jetson_containers.plan.skip import without
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import X86, catalogue, package

SHELF = Catalogue(
    target=X86,
    packages=(
        package("ros:humble-base"),
        package("ros:humble-desktop*"),
        package("ros:iron"),
        package("pytorch:2.8", aliases=("torch:2.8",)),
        package("pytorch:2.9*", aliases=("torch",)),
        package("vision torch"),
        package("app vision"),
        package("tool"),
        package("index", dockerfile=None),
    ),
)


def requests(*words: str, skip: str = "", multiple: bool = False) -> list[str]:
    skipped = without(SHELF, skip.split())
    found = requests_for(skipped, words, multiple=multiple)
    return [" ".join(map(str, request)) for request in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("tool", "app", "tool"), ["tool app"]),
        (("t*",), ["pytorch tool"]),
        (("to?ch",), ["pytorch"]),
        (("torch:2.[78]",), ["pytorch:2.8"]),
        (("[pv]*",), ["pytorch vision"]),
        (("ros:i*",), ["ros:iron"]),
        (("r*",), ["ros"]),
        (("all",), ["app index pytorch ros tool vision"]),
    ],
)
def test_in_one_image_a_wildcard_is_one_version_of_each_name(words, expected):
    assert requests(*words) == expected


def test_a_wildcard_of_versions_in_one_image_has_to_choose():
    with pytest.raises(UsageError, match="matches several versions of ros: ros:humble-base, ros"):
        requests("ros:humble*")


@pytest.mark.parametrize(
    ("words", "skip", "expected"),
    [
        (("tool", "app", "tool"), "", ["tool", "app"]),
        (("ros:humble*",), "", ["ros:humble-base", "ros:humble-desktop"]),
        (("r*", "t*"), "ros:i*", ["ros:humble-base", "ros:humble-desktop", "pytorch:2.8",
                                  "pytorch:2.9", "tool"]),
        (("[ai]*",), "", ["app"]),
    ],
)  # fmt: skip
def test_with_multiple_every_version_that_matches_is_an_image(words, skip, expected):
    assert requests(*words, skip=skip, multiple=True) == expected


def test_every_faulty_word_is_told_at_once():
    with pytest.raises(Problems) as caught:
        requests("tool", "x>>1", "nothing*")
    assert len(caught.value.errors) == 2


def test_a_faulty_word_may_cost_only_itself():
    told: list[BuilderError] = []
    found = requests_for(
        without(SHELF, ()), ["x>>1", "tool"], multiple=True, on_fault=told.append
    )
    assert [str(item) for (item,) in found] == ["tool"]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("words", "name", "expected"),
    [
        ("app tool", "", "tool:amd64-cu130-24.04"),
        ("tool app", "", "app:amd64-cu130-24.04"),
        ("app vision torch", "", "app:amd64-cu130-24.04"),
        ("tool vision torch", "", "vision:amd64-cu130-24.04"),
        ("torch", "", "pytorch:2.9-amd64-cu130-24.04"),
        ("torch:2.8", "mine", "mine:2.8-amd64-cu130-24.04"),
        ("app tool", "mine/", "mine/tool:amd64-cu130-24.04"),
        ("app", "mine:1", "mine:1"),
    ],
)
def test_an_image_is_named_after_the_last_package_that_no_other_needs(words, name, expected):
    resolution = resolve(SHELF, [parse_requirement(word) for word in words.split()])
    assert image_reference(resolution, name) == expected


@pytest.mark.parametrize("name", ["n" * 256, "Big"])
def test_a_package_that_cannot_name_an_image_is_refused_at_its_place(name):
    resolution = resolve(catalogue(name), [parse_requirement(name)])
    with pytest.raises(BuilderError) as caught:
        image_reference(resolution)
    assert caught.value.where == resolution.packages[0].location
    assert image_reference(resolution, "mine") == "mine:amd64-cu130-24.04"


@pytest.mark.parametrize("name", ["n" * 256, "n/" * 126, "registry.example/" + "n/" * 119])
def test_a_name_that_gets_too_long_for_an_image_is_refused(name):
    resolution = resolve(SHELF, [parse_requirement("torch")])
    with pytest.raises(BuilderError, match="characters"):
        image_reference(resolution, name)


def test_the_order_of_words_changes_no_chain():
    chains = {
        resolve(SHELF, [parse_requirement(word) for word in words]).packages
        for words in (("app", "torch:2.8", "tool"), ("tool", "app", "torch:2.8"))
    }
    assert len(chains) == 1
