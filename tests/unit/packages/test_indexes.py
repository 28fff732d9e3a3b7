"""The wheel indexes as data: what they say is coherent, and the helpers follow it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from jetson_containers.platform.named import named_target, named_targets
from jetson_containers.platform.target import Target
from packages.python.pip_index import index as indexes

PACKAGES = Path(__file__).parents[3] / "packages"
DATA = indexes.load("python/pip_index/indexes.yaml")
NAMES = [target.name for target in named_targets()]

#: targets that no wheel is known for: their PyTorch is a file of NVIDIA's
WITHOUT_ROW = {"orin-jp60", "nano-jp46"}


def used() -> Iterator[tuple[dict[str, Any], str, str]]:
    for row in DATA["targets"]:
        for role, index in row["use"].items():
            yield row, role, index


def test_every_role_and_index_that_is_used_is_defined() -> None:
    for _, role, index in used():
        assert role in DATA["roles"]
        assert index in DATA["indexes"]


def test_an_address_is_https_without_credentials_or_left_to_the_installer() -> None:
    for entry in DATA["indexes"].values():
        url = entry["url"]
        assert url == "" or re.fullmatch(r"https://[a-z0-9.-]+/[^@?]*[a-z0-9]", url)


def test_an_index_that_is_named_after_a_cuda_serves_targets_of_that_cuda() -> None:
    for row, _, index in used():
        named = re.search(r"/cu(\d{3})$", index)
        # The default index's wheels may be of another minor version of the same CUDA.
        if named and DATA["indexes"][index]["url"]:
            assert row["when"]["cuda"] == f"=={named[1][:2]}.{named[1][2]}"


@pytest.mark.parametrize("role", ["torch", "kernel", "compiled", "toolkit"])
def test_nothing_compiled_comes_from_the_default_index_on_jetson(role: str) -> None:
    for row, found, index in used():
        if row["when"]["system"] == "tegra" and found == role:
            assert DATA["indexes"][index]["url"]


def test_jetson_indexes_are_for_jetson_and_what_runs_its_servers_wheels() -> None:
    for row, _, index in used():
        if index.startswith("jetson/jp"):
            assert row["when"]["system"] == "tegra"


@pytest.mark.parametrize("name", NAMES)
def test_torch_has_one_index_on_every_target_or_none(name: str) -> None:
    found = indexes.index_of("torch", named_target(name), DATA)
    assert (found is None) == (name in WITHOUT_ROW)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_pure_comes_from_the_default_index_everywhere(name: str) -> None:
    target = named_target(name)
    for distribution in ("transformers", "Jinja2", "nvidia_ml_py", "nvidia-cutlass-dsl"):
        assert indexes.index_of(distribution, target, DATA) == "pypi"


@pytest.mark.parametrize(
    ("name", "pin", "holds"),
    [
        ("x86-cu130", "torch==2.14.1", True),
        ("x86-cu130", "torch==2.9.1", False),
        ("x86-cu128", "torch==2.9.1", True),
        ("x86-cu128", "torch==2.14.1", False),
        ("orin-jp62", "torch==2.11.0", True),
        ("orin-jp62", "torch==2.14.1", False),
        ("orin-jp62", "sglang-kernel==0.4.4", False),
        ("orin-jp72", "sglang-kernel==0.4.7", False),
        ("thor-jp72", "sglang-kernel==0.4.7", True),
        ("nano-jp46", "torch==2.14.1", False),
        ("nano-jp46", "jinja2==3.1.6", True),
    ],
)
def test_what_an_index_holds_decides(name: str, pin: str, holds: bool) -> None:
    assert indexes.held(pin, named_target(name), DATA) is holds


def test_install_takes_an_accelerator_wheel_from_its_index_and_the_rest_from_the_default() -> None:
    words = indexes.install(["torch==2.11.0", "jinja2==3.1.6"], named_target("orin-jp62"), DATA)
    url = DATA["indexes"]["jetson/jp6/cu126"]["url"]
    assert words == f"--index {url} torch==2.11.0 -- jinja2==3.1.6"
    assert indexes.install(["torch==2.14.1"], named_target("x86-cu130")) == "torch==2.14.1"


def test_install_refuses_two_indexes_and_what_no_index_has() -> None:
    with pytest.raises(ValueError, match="cannot install from"):
        indexes.install(["torch==2.11.0", "sglang-kernel==0.4.4"], named_target("x86-cu129"))
    with pytest.raises(ValueError, match=r"no index holds torch==1\.0"):
        indexes.install(["torch==1.0"], named_target("nano-jp46"))


def test_the_first_row_that_a_target_can_have_is_the_default() -> None:
    rows = [
        {"version": "3", "wheels": ["torch==2.14.1"]},
        {"version": "2", "wheels": ["torch==2.11.0"], "depends": ["numpy"]},
        {"version": "1", "wheels": ["torch==2.9.1"], "when": {"cuda": "==12.6"}},
    ]
    package = {"name": "pytorch", "alias": ["torch"], "depends": ["python"], "test": ["test.py"]}
    first, second = indexes.wheel_packages(package, named_target("orin-jp62"), rows)
    assert (first["name"], first["alias"]) == ("pytorch:2", ["pytorch", "torch", "torch:2"])
    assert first["depends"] == ["python", "numpy"]
    assert first["test"] == ["python3 /test/test.py 2"]
    assert (second["name"], second["alias"]) == ("pytorch:1", ["torch:1"])
    [none] = indexes.wheel_packages(package, named_target("nano-jp46"), rows)
    assert none["disabled"]


def test_a_wheel_that_no_index_has_is_built_where_a_source_is_given() -> None:
    source = {"git": "https://example.org/kernels", "ref": "v1"}
    rows = [{"version": "1", "wheels": ["sglang-kernel==0.4.4"], "source": source}]
    [built] = indexes.wheel_packages({"name": "kernels"}, named_target("orin-jp62"), rows)
    assert built["dockerfile"] == "Dockerfile.source"
    assert set(indexes.BUILD_TOOLS) <= set(built["depends"])
    assert built["build_args"]["CUDA_ARCHITECTURES"] == "87"
    assert built["sources"] == [source]
    [wheel] = indexes.wheel_packages({"name": "kernels"}, named_target("x86-cu129"), rows)
    assert "dockerfile" not in wheel


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({}, True),
        ({"system": "tegra"}, True),
        ({"system": ["sbsa", "x86_64"]}, False),
        ({"l4t": ">=36.4,<37", "cuda": "==12.6", "python": "==3.10"}, True),
        ({"cuda": ">=13"}, False),
        ({"gpu": 87}, True),
        ({"gpu": 110}, False),
        ({"distro": "ubuntu:22.04", "arch": "aarch64"}, True),
    ],
)
def test_conditions(condition: dict[str, Any], holds: bool) -> None:
    assert indexes.matches(named_target("orin-jp62"), condition) is holds


def test_a_server_has_no_l4t_to_compare() -> None:
    server: Target = named_target("x86-cu130")
    assert not indexes.matches(server, {"l4t": ">=32"})


def test_the_constraints_bound_pure_distributions_only() -> None:
    lines = (PACKAGES / "python/pip_index/constraints.txt").read_text().splitlines()
    names = [line.partition("==")[0] for line in lines if line and not line.startswith("#")]
    assert len(names) > 100
    for name in names:
        assert indexes.role_of(name, DATA) == "pure", name


def test_gpu_list() -> None:
    assert indexes.gpu_list(named_target("orin-jp62")) == "8.7"
    assert "11.0" in indexes.gpu_list(named_target("sbsa-cu130")).split(";")


def test_versions_are_pep_440() -> None:
    for entry in DATA["indexes"].values():
        for versions in (entry.get("holds") or {}).values():
            for version in versions:
                assert Version(version)
