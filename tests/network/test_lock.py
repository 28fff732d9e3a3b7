"""Distributions of a lock, as the index here has them: nothing is downloaded but to install."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.lock.held import hold_files, hold_versions
from jetson_containers.lock.model import distribution
from jetson_containers.lock.wanted import read_install
from jetson_containers.lock.wheels import Uv
from jetson_containers.lock.world import World
from jetson_containers.platform.named import named_target
from jetson_containers.platform.target import Target
from tests.network.test_install import environment, install, installed, served, write_wheel
from tests.unit.lock.worlds import catalogue, chain, locked, wheel_header, write

pytestmark = pytest.mark.network

__all__ = ["environment"]

X86, SBSA = named_target("x86-cu130"), named_target("sbsa-cu130")


def uv(target: Target = X86, **env: str) -> Uv:
    return Uv("uv", target, {**os.environ, **env})


def files(found: object) -> list[str]:
    return sorted(file for file, _ in found.files.values())  # type: ignore[attr-defined]


def test_files_are_those_of_the_targets_machine_and_python() -> None:
    wheels = [read_install("WHEELS", "numpy==2.3.5")]
    assert files(uv().distributions(wheels, "")) == [
        "numpy-2.3.5-cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl"
    ]
    assert files(uv(SBSA).distributions(wheels, "")) == [
        "numpy-2.3.5-cp312-cp312-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl"
    ]


def test_what_a_pin_needs_comes_with_it_within_its_bounds() -> None:
    found = uv().distributions([read_install("WHEELS", "pytest==8.4.0")], "pluggy==1.5.0\n")
    names = {name for name, _ in found.files}
    assert {"pytest", "pluggy", "iniconfig", "packaging"} <= names
    assert ("pluggy", "1.5.0") in found.files
    assert {"pluggy", "iniconfig"} <= found.needs["pytest"]


def test_what_is_replaced_or_left_out_is_so() -> None:
    words = "--instead pluggy==1.5.0 --without iniconfig pytest==8.4.0"
    found = uv().distributions([read_install("WHEELS", words)], "")
    assert ("pluggy", "1.5.0") in found.files
    assert not any(name == "iniconfig" for name, _ in found.files)


def test_a_pin_that_no_index_has_is_denied_without_an_address() -> None:
    with pytest.raises(BuilderError, match="do not resolve for x86-cu130") as caught:
        uv().distributions([read_install("WHEELS", "numpy==99.9")], "")
    assert not isinstance(caught.value, UnreachableError)
    assert "://" not in str(caught.value)


def test_an_index_that_does_not_answer_is_unreachable() -> None:
    silent = uv(UV_DEFAULT_INDEX="http://127.0.0.1:1/simple", UV_HTTP_RETRIES="0", UV_NO_CACHE="1")
    with pytest.raises(UnreachableError) as caught:
        silent.distributions([read_install("WHEELS", "numpy==2.3.5")], "")
    assert caught.value.what == "the index of distributions could not be asked"


def test_a_pin_of_another_index_comes_from_there_and_its_needs_from_the_default(
    tmp_path: Path,
) -> None:
    with served(tmp_path / "i", write_wheel(tmp_path / "i" / "iniconfig", "0.0.1+gpu")) as index:
        words = f"--index {index} iniconfig==0.0.1+gpu --"
        found = uv().distributions([read_install("WHEELS", words)], "")
    assert files(found) == [
        "colorama-0.4.6-py2.py3-none-any.whl",
        "iniconfig-0.0.1+gpu-py3-none-any.whl",
    ]
    assert found.unknown == {}


def test_pins_of_an_index_that_is_silent_are_unknown_and_the_rest_is_not() -> None:
    words = "--index http://127.0.0.1:1/simple torch==2.9.1 -- numpy==2.3.5"
    found = uv(UV_HTTP_RETRIES="0").distributions([read_install("WHEELS", words)], "")
    assert list(found.unknown) == ["torch==2.9.1"]
    assert [name for name, _ in found.files] == ["numpy"]


def test_files_are_still_there_or_not() -> None:
    file = "colorama-0.4.6-py2.py3-none-any.whl"
    held, yanked = uv().held_files([file, "colorama-0.4.99-py3-none-any.whl"], "")
    assert held == {file: "4f1d9991f5acc0ca119f9d443620b77f9d6b33703e51011c16baf57afb285fc6"}
    assert yanked == ()


def test_the_newest_version_is_one_that_the_target_can_install() -> None:
    assert distribution(f"colorama-{uv().newest('colorama')}-py3-none-any.whl")[0] == "colorama"
    with pytest.raises(BuilderError):
        uv().newest("jetson-containers-no-such-distribution")


def test_what_is_locked_is_what_is_installed(tmp_path: Path, environment: Path) -> None:
    """From definitions over the lock to an environment, with the installer of the packages."""
    tree = tmp_path / "tree"
    write(tree, "tool", wheel_header("pluggy==1.6.0"))
    write(tree, "app", wheel_header("pytest==8.4.0", depends="tool"))
    world = World(dict(os.environ), lambda reference: None, lambda line: None)
    image = locked(tree, world, "app")
    held = hold_versions(catalogue(tree), image, chain(tree, "app"))
    for package in hold_files(held, image).packages:
        done = install(environment, *dict(package.build_args)["WHEELS"].split())
        assert done.returncode == 0, done.stderr
    expected = dict(distribution(file) for file in image.files)
    assert installed(environment) == expected
    assert [package.name for package in image.packages if package.files] == ["tool", "app"]


def test_a_version_that_was_withdrawn_is_still_there_and_named() -> None:
    file = "attrs-21.1.0-py2.py3-none-any.whl"
    held, yanked = uv().held_files([file], "")
    assert (list(held), yanked) == ([file], ("attrs==21.1.0",))
