"""Warnings about images that are not for the machine."""

from jetson_containers.launch.fit import doubts, obstacle
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.host import derive_facts
from jetson_containers.platform.read import SMI_QUERY

TEGRA = Evidence("aarch64", files={"/etc/nv_tegra_release": "# R36 (release), REVISION: 4.3,"})
PC = derive_facts(Evidence("x86_64"))


def test_by_its_tag_before_it_is_pulled() -> None:
    (reason,) = doubts("dustynv/pytorch:2.1-r35.4.1", {}, PC)
    assert reason == "the image is for arm64, this machine is amd64 (wrong-arch)"


def test_by_what_the_engine_tells() -> None:
    assert doubts("ubuntu", {"Architecture": "arm64", "Config": {"Labels": None}}, PC)
    assert doubts("ubuntu", {"Architecture": "amd64", "Config": None}, PC) == ()


def test_what_is_not_known_is_no_reason() -> None:
    for odd in ("ubuntu:24.04", "sha256:0123", "", "A B", "x@y"):
        assert doubts(odd, {}, PC) == ()
    assert doubts("ubuntu", {"Config": [], "Architecture": 3}, PC) == ()


def test_gpus_that_the_image_leaves_out_are_warned_of() -> None:
    rows = "580.65.06, NVIDIA L4, 8.9\n580.65.06, Tesla V100-SXM2-16GB, 7.0\n"
    host = derive_facts(Evidence("x86_64", commands={SMI_QUERY: rows}))
    assert doubts("acme/app:1.0-amd64-cu130-24.04", {}, host) == (
        "it runs on the other GPUs, not on Tesla V100-SXM2-16GB (sm_70)",
    )
    assert doubts("acme/app:1.0-amd64-cu128-24.04", {}, host) == ()


def test_what_nvidia_smi_says_in_place_of_gpus_is_warned_of() -> None:
    told = obstacle(("No devices were found", "x" * 1000), PC)
    assert "nvidia-smi says: No devices were found; xxx" in told and len(told) < 400
    assert obstacle((), PC) == ""
    assert obstacle(("No devices were found",), derive_facts(TEGRA)) == ""
