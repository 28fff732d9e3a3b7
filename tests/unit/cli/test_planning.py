"""From words to requirements: wildcards, skipping, build arguments."""

from __future__ import annotations

import pytest

from jetson_containers.cli.words import parse_build_args, parse_device, patterns, split_packages
from jetson_containers.errors import UsageError
from jetson_containers.plan.request import requests_for
from jetson_containers.plan.skip import without
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import catalogue

SHELF = catalogue("ros:humble", "ros:iron*", "torch:2.8", "torch:2.9*", "user torch", "tool")


def chosen(*words: str, skip: str = "", multiple: bool = False) -> list[list[str]]:
    skipped = without(SHELF, patterns(skip))
    requests = requests_for(skipped, split_packages(words), multiple=multiple)
    found = [resolve(skipped.catalogue, request) for request in requests]
    return [[package.reference for package in item.packages] for item in found]


@pytest.mark.parametrize(
    ("words", "options", "expected"),
    [
        (("user",), {}, [["torch:2.9", "user"]]),
        (("user,torch:2.8",), {}, [["torch:2.8", "user"]]),
        (("ros:hum*",), {}, [["ros:humble"]]),
        (("t*",), {}, [["tool", "torch:2.9"]]),
        (("tool", "user"), {"multiple": True}, [["tool"], ["torch:2.9", "user"]]),
        (("tool", "user"), {"skip": "us*"}, [["tool"]]),
        (("torch>=2.8,<2.9",), {}, [["torch:2.8"]]),
    ],
)
def test_words_become_chains(words, options, expected):
    found = chosen(*words, **options)
    assert [sorted(chain) for chain in found] == [sorted(chain) for chain in expected]


def test_skipping_everything_is_an_error():
    with pytest.raises(UsageError, match="every package that was named is skipped"):
        chosen("tool", skip="*")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("A:1", {"A": "1"}),
        ("A:1,B:2", {"A": "1", "B": "2"}),
        ("A=1, B=x:y", {"A": "1", "B": "x:y"}),
        ("LIST:a,b,c", {"LIST": "a,b,c"}),
        ("URL:https://host/x,B:", {"URL": "https://host/x", "B": ""}),
    ],
)
def test_build_arguments_of_the_ecosystem(text, expected):
    assert parse_build_args(text) == expected


@pytest.mark.parametrize(
    ("text", "device"),
    [("", None), ("vendor/x=1", "vendor/x=1"), ("on", "nvidia.com/gpu=all"), ("None", "")],
)
def test_devices_of_the_ecosystem(text, device):
    assert parse_device(text) == device
