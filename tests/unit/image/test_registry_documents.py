"""Whatever a registry sends is a value or a typed error, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.errors import BuilderError
from jetson_containers.image.registry.manifest import (
    Config,
    Index,
    Manifest,
    read_config,
    read_manifest,
    verified,
)
from jetson_containers.image.registry.place import Place, parse_place
from tests.unit.image.registry_server import digest_of

KEYS = st.sampled_from([
    *("schemaVersion", "mediaType", "manifests", "config", "digest", "size", "platform", "os"),
    *("architecture", "Labels", "created"),
])  # fmt: skip
WORDS = st.sampled_from(
    [2, 1, "linux", "amd64", "sha256:" + "0" * 64, "application/vnd.oci.image.index.v1+json"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=15,
)
bodies = st.binary(max_size=40) | values.map(lambda value: json.dumps(value).encode())


def manifests(entry: Any) -> bytes:
    return json.dumps({"schemaVersion": 2, "config": entry, "manifests": [entry]}).encode()


@given(bodies | values.map(manifests), st.text(max_size=5))
def test_any_manifest(body: bytes, kind: str) -> None:
    try:
        assert isinstance(read_manifest(body, kind, "x"), (Index, Manifest))
    except BuilderError as error:
        assert error.what


@given(bodies)
def test_any_configuration(body: bytes) -> None:
    try:
        found = read_config(body, "x")
    except BuilderError as error:
        assert error.what
    else:
        assert isinstance(found, Config) and found.architecture


@given(st.binary(max_size=8), st.text(max_size=80) | st.sampled_from(["sha256:" + "0" * 64]))
def test_a_digest_is_kept_or_refused(body: bytes, told: str) -> None:
    assert verified(body, digest_of(body), "x") == digest_of(body)
    try:
        assert verified(body, told, "x") == (told or digest_of(body))
    except BuilderError as error:
        assert "digest" in error.what


def test_longer_digests_are_checked_too() -> None:
    import hashlib

    told = "sha512:" + hashlib.sha512(b"x").hexdigest()
    assert verified(b"x", told, "x") == told
    with pytest.raises(BuilderError):
        verified(b"y", told, "x")


@given(st.text(max_size=20) | st.from_regex(r"[a-z.:/_-]{1,20}", fullmatch=True))
def test_any_place(text: str) -> None:
    try:
        found = parse_place(text)
    except BuilderError:
        return
    assert isinstance(found, Place) and parse_place(str(found)) == found
