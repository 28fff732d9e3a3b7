"""What others wrote, tags, labels, evidence, listings: a value or a typed error, nothing else."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.errors import TargetError, UsageError
from jetson_containers.image import labels as names
from jetson_containers.image.docker_hub import from_docker_hub
from jetson_containers.image.facts import image_facts
from jetson_containers.image.labels import LabelError, read_labels
from jetson_containers.image.listed import ListedImage, from_saved, from_summaries
from jetson_containers.image.request import parse_wanted
from jetson_containers.image.selection import judge
from jetson_containers.image.tag import ImageTag, TagError, format_tag, parse_tag
from jetson_containers.platform import read
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.host import derive_facts, target_for
from jetson_containers.platform.named import named_target

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["12.6", "36.4.3", "ubuntu:22.04", "tegra", "aarch64", "9.0+PTX", "87"])
)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)

#: words of real tags, to be put together wrongly
TAG_WORDS = [
    *("r36.4.3", "r36.4", "r35.4.1", "r38.2.arm64-sbsa", "r36.4.tegra-aarch64", "r10.3.0", "r36"),
    *(
        "cu126",
        "cu13",
        "cuda-12.9",
        "cuda12.8",
        "cudnn9",
        "gpu",
        "amd64",
        "sbsa",
        "arm64",
        "x86_64",
    ),
    *("22.04", "ubuntu24.04", "debian12", "ubi9", "py312", "py3", "cp310", "sm87", "sm72_87"),
    *("2.8.0", "v0.5.7", "latest", "nightly", "builder", "runtime", "20240127", "onnx", "_r36.4"),
]
tag_texts = (
    st.text(max_size=40)
    | st.lists(st.sampled_from(TAG_WORDS), max_size=7).map("-".join)
    | st.lists(st.sampled_from(TAG_WORDS) | st.text("-._0a", max_size=3), max_size=9).map("".join)
    | st.from_regex(r"[0-9a-f]{14,18}", fullmatch=True)
)

TARGET: dict[str, Any] = named_target("orin-jp62").to_dict()
TRUE = {
    names.TARGET: json.dumps(TARGET),
    names.PACKAGES: '["python:3.10","app:1.0"]',
    names.FINGERPRINT: "0" * 64,
    names.STAGE: "app:1.0",
    names.DRIVER: "550",
}
wrong_targets = st.dictionaries(st.sampled_from(sorted(TARGET)), documents, max_size=3).map(
    lambda changed: json.dumps({**TARGET, **changed})
)
label_values = (
    st.text(max_size=30)
    | documents.map(json.dumps)
    | st.integers(1, 3000).map(lambda depth: "[" * depth)
    | st.sampled_from(list(TRUE.values()))
)
label_sets = st.fixed_dictionaries(
    {}, optional={name: label_values | st.just(text) for name, text in TRUE.items()}
) | wrong_targets.map(lambda text: {**TRUE, names.TARGET: text})

#: pieces of real texts, to be cut and put together wrongly
PIECES = [
    *("# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic", "# R", "R99 (release), REVISION:"),
    *("36.4.3-20250107174145", "ID=ubuntu\n", 'VERSION_ID="22.04"\n', "ID='debian'\nVERSION_ID=12"),
    *("NVIDIA Jetson AGX Orin Developer Kit\0", "NVIDIA DGX Spark", "Thor", "quill"),
    *("570.124.06, NVIDIA H100 80GB HBM3, 9.0\n", "540.4.0, Orin (nvgpu), 8.7\n", "[N/A], , \n"),
    *("1.1, a, 10.1\n", "Driver Version: 570.1", "CUDA Version: 12.8", "CUDA Version: N/A"),
    *("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0", "Kernel Module "),
    *('{"cuda": {"version": "12.6.68"}}', '{"cuda_nvcc": 1}', "Python 3.12.3", "MemTotal: 7 kB"),
    *("Filesystem\n/dev/sda 1 2 3 4% /", "12080", "²", "٣٦.٤", "9" * 5000, ".", "-", " ", "\n"),
]
pieces = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=6).map("".join)
FILES = [
    *(read.L4T_RELEASE_FILE, read.OS_RELEASE, read.MODEL_FILE, read.DRIVER_FILE, read.CUDA_FILE),
    *(read.MEMORY_FILE, read.CGROUP_FILE, f"{read.CUDART}12.6.77", f"{read.CUDART}13"),
]
COMMANDS = [
    *(read.SMI_QUERY, read.SMI, read.CU_DRIVER, read.L4T_PACKAGE, read.PYTHON_COMMAND),
    read.DISK_COMMAND,
]
evidences = st.builds(
    Evidence,
    st.sampled_from(["aarch64", "x86_64", "arm64", "riscv64"]) | st.text(max_size=5),
    kernel=st.text(max_size=8),
    files=st.fixed_dictionaries({}, optional=dict.fromkeys(FILES, pieces)),
    commands=st.fixed_dictionaries({}, optional=dict.fromkeys(COMMANDS, pieces)),
    engine=st.dictionaries(
        st.sampled_from(["server_version", "runtimes", "cdi_devices", "rootless", "x"]),
        documents,
    ),
)


@given(tag_texts)
def test_tags(text: str) -> None:
    try:
        tag = parse_tag(text)
    except TagError as error:
        assert error.what and error.hint
        return
    assert isinstance(tag, ImageTag) and isinstance(tag.is_stage, bool)
    try:
        written = format_tag(tag)
    except TagError:
        return
    assert parse_tag(written) == tag


@given(label_sets, tag_texts)
def test_labels(labels: dict[str, str], tag: str) -> None:
    lie = ""
    try:
        read_labels(labels)
    except LabelError as error:
        lie = error.what
    image = image_facts(ListedImage(f"acme/app:{tag}", "local", labels=labels))
    assert image.label_problem == lie
    assert image.verified_by == "tag" or not lie


#: the form of recorded evidence, with wrong values among the right ones
recordings = st.fixed_dictionaries(
    {"format": st.just(1), "machine": st.just("aarch64") | documents},
    optional={
        "kernel": st.just("5.15.148-tegra") | documents,
        "files": st.dictionaries(st.sampled_from(FILES), pieces | documents, max_size=2),
        "commands": st.dictionaries(st.sampled_from(COMMANDS), pieces, max_size=2) | documents,
        "engine": documents,
    },
)


@given(
    st.text(max_size=60)
    | documents.map(json.dumps)
    | recordings.map(json.dumps)
    | st.integers(1, 3000).map(lambda depth: "[" * depth)
)
def test_recorded_evidence(text: str) -> None:
    try:
        evidence = Evidence.from_json(text)
    except UsageError as error:
        assert error.what
    else:
        assert Evidence.from_json(evidence.to_json()) == evidence


@given(evidences)
def test_facts_and_target(evidence: Evidence) -> None:
    facts = derive_facts(evidence)
    for fact in facts.to_dict().values():
        assert fact["reason"] if fact["value"] is None else fact["source"]
    try:
        target = target_for(facts)
    except TargetError as error:
        assert error.what and error.hint
    else:
        assert named_target(target.name) == target


@given(evidences, label_sets, tag_texts, st.sampled_from([(), ("arm64",), ("amd64", "arm64")]))
def test_verdicts(
    evidence: Evidence, labels: dict[str, str], tag: str, archs: tuple[str, ...]
) -> None:
    image = image_facts(ListedImage(f"acme/app:{tag}", "registry", archs, labels=labels))
    reasons = judge(image, parse_wanted(["app"]), derive_facts(evidence))
    assert len({reason.code for reason in reasons}) == len(reasons)
    assert all(reason.message for reason in reasons)


hub_tags = st.fixed_dictionaries(
    {},
    optional={
        "name": documents | tag_texts,
        "tag_last_pushed": documents,
        "images": documents
        | st.lists(st.fixed_dictionaries({}, optional={"architecture": documents})),
    },
)
hub = st.fixed_dictionaries(
    {},
    optional={
        "namespace": st.just("acme") | documents,
        "name": st.just("app") | documents,
        "tags": documents | st.lists(hub_tags | documents, max_size=3),
        "results": documents | st.lists(hub_tags | documents, max_size=3),
        "next": st.just("https://h/v2/repositories/acme/app/tags?page=2") | documents,
    },
)
#: as an honest listing, but for what the tags are
listings = st.lists(
    st.fixed_dictionaries({
        "namespace": st.just("acme"),
        "name": st.just("app"),
        "tags": st.lists(hub_tags | tag_texts.map(lambda tag: {"name": tag}), max_size=3),
    }),
    max_size=3,
)  # fmt: skip
saved = st.fixed_dictionaries(
    {},
    optional={
        "reference": documents | tag_texts.map("app:{}".format),
        "architecture": documents,
        "created": documents,
        "labels": documents,
        "Created": documents,
        "RepoTags": documents,
        "Labels": documents,
        "Id": documents,
    },
)


@given(documents | st.lists(hub | documents, max_size=3) | listings)
def test_listings_of_registries(document: Any) -> None:
    try:
        found = from_docker_hub(document, ["acme"], ["app"])
    except UsageError as error:
        assert error.what
        return
    for listed in found:
        image_facts(listed)


@given(documents | st.lists(saved | documents, max_size=3))
def test_listings_of_local_images(document: Any) -> None:
    try:
        found = from_saved(document)
    except UsageError as error:
        assert error.what
        return
    for listed in found:
        image_facts(listed)


@given(st.lists(saved, max_size=3))
def test_what_an_engine_lists(summaries: list[Any]) -> None:
    for listed in from_summaries(summaries):
        image_facts(listed)
