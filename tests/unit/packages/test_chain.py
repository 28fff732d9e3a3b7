"""The SGLang chain on every named target: it resolves, and says the same in every place."""

from __future__ import annotations

import pytest

from jetson_containers.package.model import Requirement
from jetson_containers.platform.named import named_targets
from jetson_containers.resolve.resolver import resolve
from tests.own_tree import catalogue

NAMES = [target.name for target in named_targets()]

#: the default SGLang of a target, and the PyTorch under it
SGLANG = {
    "orin-jp62": ("0.5.15", "2.11.0"),
    "orin-jp61": ("0.5.15", "2.11.0"),
    "thor-jp70": ("0.5.23", "2.14.1"),
    "thor-jp71": ("0.5.23", "2.14.1"),
    "orin-jp72": ("0.5.21", "2.13.0"),
    "thor-jp72": ("0.5.21", "2.13.0"),
    "sbsa-cu128": ("0.5.10.post1", "2.9.1"),
    "sbsa-cu129": ("0.5.15", "2.11.0"),
    "sbsa-cu130": ("0.5.23", "2.14.1"),
    "x86-cu128": ("0.5.10.post1", "2.9.1"),
    "x86-cu129": ("0.5.15", "2.11.0"),
    "x86-cu130": ("0.5.23", "2.14.1"),
}
#: PyTorch where there is no SGLang
PYTORCH = {"orin-jp60": "2.4.0a0", "xavier-jp5": "2.2.0", "orin-jp5": "2.2.0"}


@pytest.mark.parametrize("name", NAMES)
def test_every_definition_is_free_of_findings(name: str) -> None:
    assert [str(item) for item in catalogue(name).findings] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_package_of_a_target_resolves_there(name: str) -> None:
    found = catalogue(name)
    for package in found.packages:
        assert resolve(found, [Requirement(package.name, exact=package.version)]).chosen


@pytest.mark.parametrize("name", sorted(SGLANG))
def test_the_default_sglang(name: str) -> None:
    chosen = resolve(catalogue(name), [Requirement("sglang")]).chosen
    versions = {item.package.name: item.package.version for item in chosen}
    assert (versions["sglang"], versions["pytorch"]) == SGLANG[name]


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(SGLANG)))
def test_a_target_without_sglang_says_why(name: str) -> None:
    assert catalogue(name).default("sglang") is None
    [refusal] = catalogue(name).refusals("sglang")
    assert any("CUDA" in reason for reason in refusal.reasons)
    pytorch = catalogue(name).default("pytorch")
    assert pytorch is not None
    assert pytorch.version == PYTORCH.get(name, "1.11.0a0")


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_that_uses_an_index_or_a_secret_declares_it(name: str) -> None:
    for package in catalogue(name).packages:
        if not package.dockerfile:
            continue
        text = (package.path / package.dockerfile).read_text()
        for secret in ("ca-bundle", "netrc"):
            assert (f"id={secret}" in text) == (secret in package.secrets), package.reference
        if "from=pip-index" in text:
            assert any(item.name == "pip-index" for item in package.depends), package.reference


@pytest.mark.parametrize("name", NAMES)
def test_no_build_argument_holds_credentials(name: str) -> None:
    for package in catalogue(name).packages:
        assert not any("://" in value and "@" in value for _, value in package.build_args)


@pytest.mark.parametrize(("name", "there"), [("orin-jp5", True), ("orin-jp5+cu122", False)])
def test_on_l4t_35_there_is_the_cuda_of_the_base_alone(name: str, there: bool) -> None:
    """A later one would need the compatibility package, which the base does not hold."""
    assert ("cuda" in {item.name for item in catalogue(name).packages}) == there
