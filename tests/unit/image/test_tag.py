"""The tag grammar: every form in the wild, and what this program writes."""

import json
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from jetson_containers.image.tag import ImageTag, TagError, format_tag, parse_tag, tag_for
from jetson_containers.image.tag_text import tag_safe, version_of
from jetson_containers.platform.named import named_target

LISTING = Path(__file__).parents[4] / "shared" / "data" / "dockerhub-dustynv.json"

#: tag -> the fields it says
FORMS: dict[str, dict[str, Any]] = {
    "0.5.23-r36.4.3-cu126-22.04": {
        "version": "0.5.23", "l4t": (36, 4, 3), "cuda": "12.6", "ubuntu": "22.04"},
    "r36.4.0": {"l4t": (36, 4, 0)},
    "0.4.7-r36.4-cu128-24.04": {
        "version": "0.4.7", "l4t": (36, 4), "cuda": "12.8", "ubuntu": "24.04"},
    "2.2-r35.4.1": {"version": "2.2", "l4t": (35, 4, 1)},
    "12.9-samples-r36.4.0-cu128-24.04": {
        "version": "12.9-samples", "l4t": (36, 4, 0), "cuda": "12.8", "ubuntu": "24.04"},
    "humble-ros-base-l4t-r35.4.1": {"version": "humble-ros-base-l4t", "l4t": (35, 4, 1)},
    "r36.4.tegra-aarch64-cu129-22.04": {
        "l4t": (36, 4), "machine": "tegra-aarch64", "cuda": "12.9", "ubuntu": "22.04"},
    "r38.4.arm64-sbsa-cu130-24.04": {
        "l4t": (38, 4), "machine": "arm64-sbsa", "cuda": "13.0", "ubuntu": "24.04"},
    "0.5.23-sbsa-cu130-24.04": {
        "version": "0.5.23", "machine": "sbsa", "cuda": "13.0", "ubuntu": "24.04"},
    "0.8.6-sbsa-cu128": {"version": "0.8.6", "machine": "sbsa", "cuda": "12.8"},
    "2.6-amd64-cu128-24.04": {
        "version": "2.6", "machine": "amd64", "cuda": "12.8", "ubuntu": "24.04"},
    "0.5.23-amd64-cu130-debian12": {
        "version": "0.5.23", "machine": "amd64", "cuda": "13.0", "distro": "debian",
        "release": "12"},
    "v0.5.7-cuda-12.9": {"version": "v0.5.7", "cuda": "12.9"},
    "nightly-2025-01-15-cuda-12.9": {"version": "nightly-2025-01-15", "cuda": "12.9"},
    "v0.5.7-cu130": {"version": "v0.5.7", "cuda": "13.0"},
    "0.5.17-gpu-py312-cu130-ubuntu24.04-sagemaker": {
        "version": "0.5.17", "machine": "gpu", "python": "3.12", "cuda": "13.0",
        "ubuntu": "24.04", "suffix": "sagemaker"},
    "r36.4.3-cu128-cp312-24.04": {
        "l4t": (36, 4, 3), "cuda": "12.8", "python": "3.12", "ubuntu": "24.04"},
    "r36.2.0-20240127": {"l4t": (36, 2, 0), "suffix": "20240127"},
    "r35.4.1-onnx": {"l4t": (35, 4, 1), "suffix": "onnx"},
    "r38.2.arm64-sbsa-cu130-24.04-llvm_20": {
        "l4t": (38, 2), "machine": "arm64-sbsa", "cuda": "13.0", "ubuntu": "24.04",
        "suffix": "llvm_20"},
    "1.0-r35.6.4-cu114-20.04-py310-sm72_87": {
        "version": "1.0", "l4t": (35, 6, 4), "cuda": "11.4", "ubuntu": "20.04",
        "python": "3.10", "gpu_architectures": (72, 87)},
    "x86_64": {"machine": "x86_64"},
    "0123456789abcdef": {"fingerprint": "0123456789abcdef"},
}  # fmt: skip

#: tags of builders beside: NGC, the Jetson AI lab, serving projects, cloud providers
OTHERS: dict[str, dict[str, Any]] = {
    "r36.2.0-py3": {"l4t": (36, 2, 0), "suffix": "py3"},
    "r35.2.1-pth2.0-py3": {"l4t": (35, 2, 1), "suffix": "pth2.0-py3"},
    "r36.4-tegra-aarch64-cu126-22.04": {
        "l4t": (36, 4), "machine": "tegra-aarch64", "cuda": "12.6", "ubuntu": "22.04"},
    "r36.4.0-cu12.6": {"l4t": (36, 4, 0), "cuda": "12.6"},
    "r36.4.0-cuda12.6-22.04": {"l4t": (36, 4, 0), "cuda": "12.6", "ubuntu": "22.04"},
    "v1-cu12.9.1": {"version": "v1", "cuda": "12.9"},
    "v1-cu12.9-amd64": {"version": "v1", "machine": "amd64", "cuda": "12.9"},
    "v0.5.4-cu129-amd64": {"version": "v0.5.4", "machine": "amd64", "cuda": "12.9"},
    "v0.5.6-cu129-arm64-runtime": {
        "version": "v0.5.6", "machine": "arm64", "cuda": "12.9", "suffix": "runtime"},
    "v0.4.9.post2-cu128-b200": {"version": "v0.4.9.post2", "cuda": "12.8", "suffix": "b200"},
    "v0.12.0-aarch64-cu130": {"version": "v0.12.0", "machine": "aarch64", "cuda": "13.0"},
    "v0.11.0-x86_64": {"version": "v0.11.0", "machine": "x86_64"},
    "cu130-nightly": {"cuda": "13.0", "suffix": "nightly"},
    "cu130-nightly-aarch64": {"version": "nightly", "machine": "aarch64", "cuda": "13.0"},
    "2.8.0-cuda12.8-cudnn9-runtime": {
        "version": "2.8.0", "cuda": "12.8", "suffix": "cudnn9-runtime"},
    "25.08-cuda12.9-py3.13": {"version": "25.08", "cuda": "12.9", "python": "3.13"},
    "v1-cu129-rockylinux8": {
        "version": "v1", "cuda": "12.9", "distro": "rockylinux", "release": "8"},
    "2.6.0-gpu-py312-cu126-ubuntu22.04-ec2": {
        "version": "2.6.0", "machine": "gpu", "python": "3.12", "cuda": "12.6",
        "ubuntu": "22.04", "suffix": "ec2"},
}  # fmt: skip

#: tags that say nothing, or too little, of the platform; what looks like L4T is TensorRT's version
UNREADABLE = (
    "", "-r36.4", "a b", "r36.4" + "x" * 124, "latest", "22.06", "spark", "v0.11.0", "r36",
    "25.08-py3", "25.08-py3-igpu", "12.8.1-cudnn-devel-ubuntu24.04", "8.6.2-runtime",
    "r8.6.2-runtime", "r10.3.0-devel", "dev-cu13", "dev-arm64-cu13", "2.19.0-gpu-jupyter",
)  # fmt: skip


def expected(fields: dict[str, Any]) -> ImageTag:
    values = dict(fields)
    for name in ("cuda", "python"):
        if name in values:
            values[name] = Version(values[name])
    if "ubuntu" in values:
        values["distro"], values["release"] = "ubuntu", values.pop("ubuntu")
    return ImageTag(**values)


@pytest.mark.parametrize("text", FORMS | OTHERS)
def test_form(text: str) -> None:
    tag = parse_tag(text)
    assert tag == expected((FORMS | OTHERS)[text])
    assert parse_tag(format_tag(tag)) == tag


@pytest.mark.parametrize("text", UNREADABLE)
def test_unreadable(text: str) -> None:
    with pytest.raises(TagError):
        parse_tag(text)


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("r35.4.1-onnx", True),
        ("r36.4.3-cudnn", True),
        ("0123456789abcdef", True),
        ("r36.2.0-20240127", False),
        ("r35.2.1-pth2.0-py3", False),
        ("r36.4.0-cudnn9-devel", False),
        ("0.5.17-gpu-py312-cu130-ubuntu24.04-sagemaker", False),
        ("0.5.23-r36.4.3-cu126-22.04", False),
    ],
)
def test_stages_are_told(text: str, stage: bool) -> None:
    assert parse_tag(text).is_stage is stage


@pytest.mark.parametrize(
    ("target", "tag"),
    [
        ("orin-jp62", "0.5.23-r36.4.3-cu126-22.04"),
        ("orin-jp62+py311", "0.5.23-r36.4.3-cu126-22.04-py311"),
        ("orin-jp62+cu128+ubuntu24.04", "0.5.23-r36.4.3-cu128-24.04"),
        ("orin-jp5", "0.5.23-r35.6.4-cu114-20.04-sm87"),
        ("orin-jp5+sm72.87", "0.5.23-r35.6.4-cu114-20.04"),
        ("thor-jp71", "0.5.23-r38.4.0-cu130-24.04"),
        ("sbsa-cu130", "0.5.23-sbsa-cu130-24.04"),
        ("x86-cu129", "0.5.23-amd64-cu129-24.04"),
        ("x86-cu130+debian12", "0.5.23-amd64-cu130-debian12"),
        ("x86-cu130+py313+sm89", "0.5.23-amd64-cu130-24.04-py313-sm89"),
    ],
)
def test_tag_for(target: str, tag: str) -> None:
    assert tag_for(named_target(target), "0.5.23") == tag


def test_prefix_postfix_and_no_version() -> None:
    target = named_target("x86-cu130")
    assert tag_for(target, None) == "amd64-cu130-24.04"
    assert tag_for(target, "1", prefix="a", postfix="-b") == "a-1-amd64-cu130-24.04-b"


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("2.8.0+cu128", "2.8.0_cu128"),
        ("1!2.0", "1__2.0"),
        ("0.6.6.post1", "0.6.6.post1"),
        ("12.9-samples", "12.9-samples"),
        ("r36.4.0", "_r36.4.0"),
        ("v1-amd64", "v1-_amd64"),
    ],
)
def test_versions_in_tags(version: str, text: str) -> None:
    assert tag_safe(version) == text
    assert version_of(text) == version
    tag = tag_for(named_target("orin-jp62"), version)
    assert version_of(parse_tag(tag).version) == version


def test_what_no_tag_can_say_is_refused() -> None:
    with pytest.raises(TagError, match="reads back as something else"):
        format_tag(ImageTag(version="1-amd64", l4t=(36, 4), suffix="x"))
    with pytest.raises(TagError, match="nothing of the platform"):
        format_tag(ImageTag(version="1.0"))
    with pytest.raises(TagError, match="not a tag: it has 148 characters") as caught:
        tag_for(named_target("x86-cu130"), "1" * 130)
    assert caught.value.what.startswith("no tag can say the version '11")
    assert "ImageTag" not in caught.value.what and len(caught.value.what) < 200


def test_the_published_tags() -> None:
    """All of a public listing but two that say nothing of the platform."""
    if not LISTING.exists():
        pytest.skip(f"this checkout has no {LISTING}")
    unread = []
    for repository in json.loads(LISTING.read_text(encoding="utf-8")):
        for row in repository["tags"]:
            try:
                tag = parse_tag(row["name"])
            except TagError:
                unread.append(f"{repository['name']}:{row['name']}")
                continue
            assert parse_tag(format_tag(tag)) == tag
            assert tag.docker_arch == row["images"][0]["architecture"]
    assert len(unread) == 2
    assert all(text.rpartition(":")[2] in ("22.06", "36.4.0") for text in unread)
