"""Indexes over several platforms: what is kept, what is replaced, and that bytes do not wander."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.image.registry.index import (
    DOCKER_LIST,
    OCI_INDEX,
    Entry,
    image_entry,
    index_document,
    merged,
    platform_name,
)
from jetson_containers.image.registry.manifest import Config
from jetson_containers.image.registry.writable import Document
from tests.unit.image.registry_server import DOCKER_MANIFEST, OCI_MANIFEST


def entry(arch: str, number: int, *, kind: str = OCI_MANIFEST, **platform: str) -> Entry:
    place = {"os": "linux", "architecture": arch, **platform}
    return {"mediaType": kind, "digest": f"sha256:{number:064}", "size": 5, "platform": place}


def attestation(of: Entry, number: int) -> Entry:
    notes = {
        "vnd.docker.reference.digest": of["digest"],
        "vnd.docker.reference.type": "attestation-manifest",
    }
    found: dict[str, Any] = {**entry("unknown", number, os="unknown"), "annotations": notes}
    return found


def test_what_other_machines_pushed_is_kept() -> None:
    arm = entry("arm64", 2)
    assert merged([entry("amd64", 1), arm], [entry("amd64", 3)]) == (entry("amd64", 3), arm)


def test_arm64_is_the_same_platform_with_its_only_variant() -> None:
    assert merged([entry("arm64", 1)], [entry("arm64", 2, variant="v8")]) == (
        entry("arm64", 2, variant="v8"),
    )
    assert platform_name(entry("arm64", 2, variant="v8")) == "linux/arm64"
    assert platform_name(entry("arm", 2, variant="v7")) == "linux/arm/v7"


def test_an_attestation_goes_with_its_image() -> None:
    old, new, arm = entry("amd64", 1), entry("amd64", 2), entry("arm64", 3)
    kept = [old, attestation(old, 7), arm, attestation(arm, 8)]
    assert merged(kept, [new, attestation(new, 9)]) == (
        new,
        arm,
        attestation(arm, 8),
        attestation(new, 9),
    )


def test_a_list_of_dockers_own_manifests_is_dockers_own_list() -> None:
    old = entry("amd64", 1, kind=DOCKER_MANIFEST)
    assert index_document([old])[1] == DOCKER_LIST
    assert index_document([old, entry("arm64", 2)])[1] == OCI_INDEX
    assert json.loads(index_document([old])[0])["mediaType"] == DOCKER_LIST


def test_an_image_is_entered_with_what_its_configuration_says() -> None:
    body = json.dumps({"schemaVersion": 2}).encode()
    document = Document(body, DOCKER_MANIFEST, "sha256:" + "a" * 64)
    assert image_entry(document, Config("arm64", variant="v8")) == {
        "mediaType": DOCKER_MANIFEST,
        "digest": "sha256:" + "a" * 64,
        "size": len(body),
        "platform": {"architecture": "arm64", "os": "linux", "variant": "v8"},
    }


ENTRIES = st.lists(
    st.builds(entry, st.sampled_from(["amd64", "arm64", "riscv64"]), st.integers(1, 9)), max_size=5
)


@given(ENTRIES, ENTRIES)
def test_merging_again_changes_nothing_and_no_platform_is_there_twice(
    kept: list[Entry], new: list[Entry]
) -> None:
    once = merged(kept, new)
    assert merged(once, new) == once
    names = [platform_name(one) for one in once]
    assert sorted(set(names)) == names
    assert index_document(once) == index_document(merged((), once))


@given(ENTRIES)
def test_the_order_of_pushes_does_not_show(new: list[Entry]) -> None:
    by_platform = {platform_name(one): one for one in new}
    one_by_one: tuple[Entry, ...] = ()
    for item in reversed(list(by_platform.values())):
        one_by_one = merged(one_by_one, [item])
    assert one_by_one == merged((), list(by_platform.values()))
