"""The lock against the world of today: what moved, and what could not be asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jetson_containers.lock.model import LockedBase, LockedImage
from jetson_containers.lock.moved import world_drifts
from tests.unit.lock.worlds import FakeWorld, chain, locked, wheel_header, write

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
WORLD = FakeWorld(
    refs={("https://h/a", "v1"): "c" * 40},
    sums={"https://h/a.tgz": "d" * 64},
    answers={"github_latest_tag me/a": "v1"},
    bases={"ubuntu:24.04": LockedBase("ubuntu:24.04", ONE, TWO)},
    wheels={"numpy==2": []},
    digests={"numpy-2-py3-none-any.whl": "1" * 64},
)
CONFIG = "from jetson_containers import github_latest_tag\ngithub_latest_tag('me/a')\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write(tmp_path, "numpy", wheel_header("numpy==2"))
    sources = "sources: [{git: 'https://h/a', ref: v1}, {url: 'https://h/a.tgz'}]"
    header = f"depends: [numpy]\nconfig: config.py\n{sources}"
    write(tmp_path, "app", header, config=CONFIG)
    return tmp_path


@pytest.fixture
def image(tree: Path) -> LockedImage:
    return locked(tree, WORLD, "app")


def looked(tree: Path, image: LockedImage, world: FakeWorld) -> tuple[list[str], list[str]]:
    resolution = chain(tree, "app", answers=image.recorded)
    drift, silence = world_drifts(image, resolution, world, "jetson.lock")
    return [item.message for item in drift], [f"{x.source}: {x.reason}" for x in silence]


def test_a_world_that_stands_still_is_no_drift(tree, image):
    assert looked(tree, image, WORLD) == ([], [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"refs": {("https://h/a", "v1"): "e" * 40}},
            f"v1 of https://h/a is at {'e' * 40}, locked is {'c' * 40}",
        ),
        ({"denied": {"https://h/a@v1"}}, "https://h/a@v1 is not there"),
        (
            {"sums": {"https://h/a.tgz": "e" * 64}},
            f"https://h/a.tgz has sha256 {'e' * 64}, locked is {'d' * 64}",
        ),
        (
            {"answers": {"github_latest_tag me/a": "v2"}},
            "the answer to github_latest_tag me/a is v2, locked is v1",
        ),
        (
            {"bases": {"ubuntu:24.04": LockedBase("ubuntu:24.04", None, ONE)}},
            f"ubuntu:24.04 is {ONE} now",
        ),
        ({"wheels": {}}, "the default index no longer has numpy-2-py3-none-any.whl"),
        (
            {"digests": {"numpy-2-py3-none-any.whl": "f" * 64}},
            f"numpy-2-py3-none-any.whl has sha256 {'f' * 64}, locked is {'1' * 64}",
        ),
        ({"yanked": ("numpy==2",)}, "numpy 2 was withdrawn"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_moved_is_told(tree, image, change, message):
    assert looked(tree, image, replace(WORLD, **change)) == ([message], [])


def test_a_registry_and_an_engine_agree_if_one_digest_does(tree, image):
    other = replace(WORLD, bases={"ubuntu:24.04": LockedBase("ubuntu:24.04", None, TWO)})
    assert looked(tree, image, other) == ([], [])


def test_each_source_that_is_silent_is_named_and_nothing_guessed(tree, image):
    silent = {"index", "https://h/a@v1", "https://h/a.tgz", "github_latest_tag me/a"}
    drift, silence = looked(tree, image, replace(WORLD, silent=silent, bases={}))
    assert drift == []
    assert sorted(text.partition(": ")[0] for text in silence) == [
        "1 files of the default index",
        "base ubuntu:24.04",
        "github_latest_tag me/a",
        "https://h/a.tgz",
        "https://h/a@v1",
    ]


def test_what_was_never_known_is_not_asked(tree):
    unknown = locked(tree, FakeWorld(), "app")
    world = FakeWorld()
    assert looked(tree, unknown, world) == ([], [])
    assert world.asked == []
