"""What has to be done for images, from what is there already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jetson_containers.engine.demand import all_stages, demand, needs
from jetson_containers.plan.model import Stage
from tests.golden.plans import plan


@pytest.fixture(scope="module")
def like() -> Stage:
    return plan("x86-cu130", "numpy").stages[0]


@pytest.fixture
def fork(like: Stage) -> dict[str, Stage]:
    """``a`` with ``b`` and ``c`` on it, ``d`` on ``b``; ``d`` takes files from ``x``."""

    def stage(name: str, parent: str | None, **more) -> Stage:
        return replace(like, id=name, package=name, parent=parent, reference=f"s/{name}:1", **more)

    found = [
        stage("a", None),
        stage("x", None),
        stage("b", "a"),
        stage("c", "a"),
        stage("d", "b", contexts=(("x", "docker-image://s/x:1"), ("files", "/work/files"))),
    ]
    return {item.id: item for item in found}


def test_a_stage_needs_its_parent_and_the_stages_it_takes_files_from(fork):
    assert needs(fork) == {"a": (), "x": (), "b": ("a",), "c": ("a",), "d": ("b", "x")}


@pytest.mark.parametrize(
    ("wanted", "held", "cached", "build", "fetch"),
    [
        ("cd", "", "", "axbcd", ""),
        ("c", "", "", "ac", ""),
        ("cd", "cd", "", "", ""),
        ("cd", "ac", "", "xbd", ""),
        ("cd", "d", "", "ac", ""),
        ("d", "", "abxd", "", "d"),
        ("d", "", "ax", "bd", "ax"),
        ("d", "x", "b", "d", "b"),
    ],
)
def test_what_an_image_needs_and_is_not_there_is_done(fork, wanted, held, cached, build, fetch):
    found = demand(fork, wanted, held, cached)
    assert "".join(found.build) == build
    assert "".join(found.fetch) == fetch
    assert all(not found.needs[item] for item in found.fetch)


def test_what_stands_below_a_finished_stage_is_not_even_asked_for(fork):
    asked = []

    class Held:
        def __contains__(self, item: object) -> bool:
            asked.append(item)
            return item == "d"

    demand(fork, ["d"], Held(), ())
    assert asked == ["d"]


@pytest.mark.parametrize(("wanted", "width"), [("cd", 2), ("d", 1), ("c", 1), ("", 0)])
def test_a_chain_is_one_stage_wide(fork, wanted, width):
    assert demand(fork, wanted, "x", ()).width == width


def test_stages_of_several_plans_are_one_each():
    first = plan("x86-cu130", "numpy")
    again = plan("x86-cu130", "numpy")
    other = plan("x86-cu129", "numpy")
    found = all_stages([first, again, other])
    assert list(found) == [stage.id for stage in (*first.stages, *other.stages)]
