"""What may be installed where: by the tags of wheels, and by the GPU code in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jetson_containers.platform.named import named_target
from jetson_containers.wheels.fit import fit
from tests.unit.wheels.entries import ORIN, THOR, X86, entry


def refusals(target, made):
    return " / ".join(fit(made, target).refusals)


@pytest.mark.parametrize(
    ("name", "target", "fits"),
    [
        ("ext-1.0-py3-none-any.whl", "nano-jp46", True),
        ("ext-1.0-cp312-cp312-linux_x86_64.whl", "x86-cu130", True),
        ("ext-1.0-cp312-cp312-linux_x86_64.whl", "sbsa-cu130", False),
        ("ext-1.0-cp312-cp312-linux_aarch64.whl", "thor-jp70", True),
        ("ext-1.0-cp311-cp311-linux_x86_64.whl", "x86-cu130", False),
        ("ext-1.0-cp310-cp310-linux_aarch64.whl", "orin-jp62", True),
        ("ext-1.0-cp36-cp36m-linux_aarch64.whl", "nano-jp46", True),
        ("ext-1.0-cp39-abi3-manylinux_2_34_x86_64.whl", "x86-cu130", True),
        ("ext-1.0-cp39-abi3-manylinux_2_34_aarch64.whl", "orin-jp62", True),
        ("ext-1.0-cp39-abi3-manylinux_2_36_aarch64.whl", "orin-jp62", False),
        ("ext-1.0-py3-none-manylinux2014_aarch64.whl", "xavier-jp5", True),
        ("ext-1.0-cp313-abi3-manylinux2014_x86_64.whl", "x86-cu130", False),
        ("ext-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", "x86-cu130", False),
        ("ext.whl", "x86-cu130", False),
        ("opt/ext-1.0-cp312-cp312-linux_x86_64.whl", "x86-cu130", True),
        ("ext-1.0.tar.gz", "x86-cu130", True),
    ],
)
def test_the_tags_of_a_wheel(name, target, fits):
    found = named_target(target)
    assert (not refusals(found, entry(found, **{name: ""}))) is fits


def test_the_refusal_names_both_sides():
    told = refusals(X86, entry(X86, **{"ext-1.0-cp311-cp311-linux_x86_64.whl": ""}))
    assert "is for cp311-cp311-linux_x86_64" in told
    assert "Python 3.12 and glibc 2.39 on x86_64 (ubuntu 24.04)" in told


def test_another_platform_is_refused():
    assert "linux/arm64, x86-cu130 is linux/amd64" in refusals(X86, entry(THOR, file=""))


@pytest.mark.parametrize(
    ("held", "target", "told"),
    [
        ("sm_87", ORIN, ""),
        ("sm_87", THOR, "it needs code for sm_110, and holds sm_87"),
        ("sm_110", ORIN, "it needs code for sm_87, and holds sm_110"),
        ("compute_87", THOR, ""),
        ("compute_90a", THOR, "needs code for sm_110"),
        ("sm_80 sm_86", ORIN, "needs code for sm_87"),
        ("sm_87 sm_110 compute_110", THOR, ""),
        ("", ORIN, ""),
    ],
)
def test_gpu_code(held, target, told):
    found = refusals(target, entry(target, ext=held))
    assert (told in found) and bool(found) is bool(told)


def test_code_for_some_gpus_of_a_target_is_noted_and_used():
    found = fit(entry(X86, ext="sm_80 sm_90 sm_100 sm_120"), X86)
    assert found.refusals == ()
    assert found.notes == (
        "it holds no code for sm_75 of x86-cu130, only sm_80, sm_90, sm_100, sm_120",
    )


def test_the_files_of_an_entry_count_together():
    assert not refusals(ORIN, entry(ORIN, one="sm_87", two="sm_110"))


def test_what_nobody_could_read_is_used_only_where_it_was_made_for():
    unread = entry(THOR, ext=None)
    own = fit(unread, THOR)
    assert own.refusals == ()
    assert "not known which GPUs ext has code for" in own.notes[0]
    assert not fit(unread, replace(THOR, name="host")).refusals, "a name is no fact"
    other = replace(THOR, gpu_architectures=(87,))
    assert "it was made for thor-jp72" in refusals(other, unread)


def test_what_was_read_and_suffices_outweighs_what_was_not():
    assert fit(entry(THOR, one="sm_110", two=None), THOR).notes == ()
