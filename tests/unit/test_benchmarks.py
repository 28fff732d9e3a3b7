"""What the benchmarks count is counted right."""

from __future__ import annotations

import pytest

from benchmarks.ecosystem.own import Own, environment
from benchmarks.scale import simulated_targets, slope
from benchmarks.sharing import resolutions, stages
from benchmarks.simulated import made, write
from jetson_containers.package.loader import load_catalogue
from jetson_containers.platform.named import named_target


def test_chains_share_what_they_begin_with_alike():
    assert stages([]) == 0
    assert stages(["abc", "abd", "abc"]) == 4
    assert stages(["abc", "bc"]) == 5


def test_the_slope_of_a_power_law_is_its_exponent():
    assert slope([(x, 3.0 * x**1.5) for x in (1, 10, 50, 400)]) == pytest.approx(1.5)


@pytest.mark.parametrize("size", [1, 10, 120])
def test_a_simulated_tree_has_the_size_that_is_asked_for(tmp_path, size):
    items = made(size)
    assert items == made(size)
    write(tmp_path / "packages", items)
    catalogue = load_catalogue(named_target("x86-cu130"), [tmp_path / "packages"])
    assert len(catalogue.packages) == size
    assert catalogue.findings == ()
    assert len(list(resolutions(catalogue))) > 0.9 * size


def test_simulated_targets_are_all_different():
    assert len({target.name for target in simulated_targets(50)}) == 50


def test_the_own_builder_is_told_the_target_in_its_own_words():
    assert environment("orin-jp62").items() >= {
        "SYSTEM_ARCH": "aarch64",
        "CUDA_ARCH": "tegra-aarch64",
        "L4T_VERSION": "36.4.3",
        "CUDA_VERSION": "12.6",
        "LSB_RELEASE": "22.04",
    }.items()
    assert "L4T_VERSION" not in environment("x86-cu130")


def test_a_package_named_twice_is_not_two_versions():
    own = Own({"a": (("b", "b:1"), ("c", "b:1")), "d": (("b", "b:1"), ("e", "b:2"))}, {}, 0, 0)
    assert [own.twice("a"), own.twice("d")] == [False, True]
