"""Secrets are found in layers, configuration and history, in every form in which they may stand."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
import tracemalloc
from collections.abc import Iterator, Mapping
from hashlib import sha256
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.engine import secretscan, zstd
from jetson_containers.engine.needles import SHORTEST, forms, public, too_short, values
from jetson_containers.engine.secretscan import Finding, SecretScanner, scan
from jetson_containers.errors import BuilderError

PASSWORD = b"s3cret/&pass word"
SECRETS = {"token": PASSWORD}
CERTIFICATE = b"# Some CA\n-----BEGIN CERTIFICATE-----\nMIIB\nAAAA\n-----END CERTIFICATE-----\n"


def _tar(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def _zstd(content: bytes) -> bytes:
    """One frame of uncompressed blocks. Source: RFC 8878, section 3.1.1."""
    frame = zstd.MAGIC + b"\xa0" + len(content).to_bytes(4, "little")
    for start in range(0, len(content), 1 << 16):
        block = content[start : start + (1 << 16)]
        last = start + (1 << 16) >= len(content)
        frame += (last | len(block) << 3).to_bytes(3, "little") + block
    return frame


class Store:
    """An engine with one image of the given blobs; counts how often it was asked."""

    def __init__(self, *blobs: bytes, piece: int = 1000) -> None:
        self.archive = _tar({f"blobs/sha256/{sha256(item).hexdigest()}": item for item in blobs})
        self.piece = piece
        self.asked = 0

    def blobs(self, reference: str) -> None:
        return None

    def save(self, reference: str) -> Iterator[bytes]:
        self.asked += 1
        for start in range(0, len(self.archive), self.piece):
            yield self.archive[start : start + self.piece]


CLEAN = _tar({"etc/hosts": b"127.0.0.1"})
CONFIG = json.dumps({"config": {"Env": ["A=b"]}, "history": [{"created_by": "RUN x"}]}).encode()


@pytest.mark.parametrize("packed", [bytes, gzip.compress, _zstd])
def test_a_secret_in_a_file_is_named_with_its_layer_and_path(packed):
    blob = packed(_tar({"a": b"x" * 5000, "root/.netrc": b"password " + PASSWORD, "z": b""}))
    assert scan(Store(CLEAN, blob, CONFIG), "i", SECRETS) == (
        Finding("token", f"layer {sha256(blob).hexdigest()[:12]}", "/root/.netrc"),
    )


def test_an_image_without_secrets_is_read_once():
    store = Store(CLEAN, gzip.compress(CLEAN), _zstd(CLEAN), CONFIG)
    assert scan(store, "i", SECRETS) == ()
    assert store.asked == 1


def test_without_secrets_nothing_is_read():
    store = Store(CLEAN)
    assert scan(store, "i", {}) == scan(store, "i", {"ca-bundle": CERTIFICATE}) == ()
    assert store.asked == 0


@pytest.mark.parametrize("piece", [1, 7, 512, 1 << 20])
def test_a_secret_that_was_cut_by_the_stream_is_found(piece):
    store = Store(_tar({"f": b"-" * 700 + PASSWORD + b"-" * 700}), piece=piece)
    assert [item.path for item in scan(store, "i", SECRETS)] == ["/f"]


def test_configuration_and_history_are_told_apart():
    text = PASSWORD.decode()
    config = {"config": {"Env": [f"T={text}"]}, "history": [{}, {"created_by": f"RUN x {text}"}]}
    # as the engine writes it
    document = json.dumps(config).replace("&", "\\u0026").encode()
    assert [(item.place, item.path) for item in scan(Store(document), "i", SECRETS)] == [
        ("configuration", "config.Env[0]"),
        ("history", "history[1].created_by"),
    ]


def test_a_files_name_is_looked_at_too():
    assert scan(Store(_tar({"tmp/tok-12345678": b""})), "i", {"t": b"tok-12345678"})


def test_layers_of_engines_that_name_them_otherwise_are_read():
    archive = _tar({"abc/layer.tar": _tar({"f": PASSWORD}), "abc.json": b"{}"})
    store = Store()
    store.archive = archive
    assert scan(store, "i", SECRETS) == (Finding("token", "layer abc", "/f"),)


def test_a_layer_that_was_clean_is_not_opened_again_for_the_same_secret(monkeypatch):
    opened = []
    inner = secretscan._opened
    monkeypatch.setattr(secretscan, "_opened", lambda chunks: opened.append(1) or inner(chunks))
    scanner = SecretScanner()
    scanner.scan(Store(CLEAN), "parent", SECRETS)
    scanner.scan(Store(CLEAN, CONFIG), "child", SECRETS)
    assert len(opened) == 2
    scanner.scan(Store(CLEAN), "child", {"other": b"another-value"})
    assert len(opened) == 3


class Local(Store):
    """An engine whose blobs are on this machine: those of ``base``, and of an image on it."""

    def __init__(self, base: bytes, *more: bytes) -> None:
        super().__init__()
        self._images = {"base": (base,), "image": (base, *more)}

    def blobs(self, reference: str):
        return tuple(
            (f"sha256:{sha256(item).hexdigest()}", lambda item=item: iter([item]))
            for item in self._images[reference]
        )


def test_what_was_in_the_image_below_did_not_come_from_this_build():
    layer = _tar({"usr/share/doc": PASSWORD})
    engine = Local(layer, CONFIG)
    assert scan(engine, "image", SECRETS) != ()
    assert SecretScanner().scan(engine, "image", SECRETS, below="base") == ()
    engine = Local(layer, _tar({"new": PASSWORD}))
    (found,) = SecretScanner().scan(engine, "image", SECRETS, below="base")
    assert found.path == "/new"
    assert engine.asked == 0


def test_no_finding_shows_the_value():
    found = scan(Store(_tar({"f": PASSWORD})), "i", SECRETS)
    assert PASSWORD.decode() not in "".join(map(str, found))


def test_an_archive_that_ends_too_early_is_an_error_and_no_clean_image():
    store = Store(CLEAN)
    store.archive = store.archive[:700]
    with pytest.raises(BuilderError, match="cannot be read"):
        scan(store, "i", SECRETS)


@pytest.mark.parametrize("packed", [gzip.compress, _zstd])
def test_a_layer_that_is_damaged_is_an_error_and_no_clean_image(packed):
    with pytest.raises(BuilderError):
        scan(Store(packed(CLEAN)[:-40] + b"\xff" * 20), "i", SECRETS)


def test_memory_stays_bounded_however_large_a_layer_is():
    layer = _tar({"big": bytes(40 << 20)})
    store = Store(gzip.compress(layer, 1), piece=1 << 16)
    del layer
    tracemalloc.start()
    assert scan(store, "i", SECRETS) == ()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 << 20


@given(st.binary(min_size=SHORTEST, max_size=40), st.binary(max_size=5), st.binary(max_size=5))
def test_every_encoding_of_a_value_holds_one_of_its_forms(value, before, after):
    known = forms(value)
    for text in (
        before + value + after,
        base64.b64encode(before + value + after),
        base64.urlsafe_b64encode(before + value + after),
        quote(value, safe="").encode(),
    ):
        assert any(form in text for form in known)


def test_what_is_secret_of_a_file_follows_from_its_form():
    netrc = b"machine index.local\n  login reader\n  password hunter22\n"
    assert values(netrc) == (b"hunter22",)
    assert values(b"one secret\nof some lines\n") == (b"one secret\nof some lines",)
    assert b"hunter/22" in values(b"https://reader:hunter%2F22@index.local/simple")
    assert b"hunter22" in values(b'[index]\nauth_token = "hunter22"\n')
    assert values(b"first-long-token-1\nother-long-token-2\n") == (
        b"first-long-token-1",
        b"other-long-token-2",
    )


def test_of_a_key_the_middle_is_looked_for():
    lines = [bytes([65 + number]) * 64 for number in range(5)]
    key = b"\n".join((b"-----BEGIN OPENSSH PRIVATE KEY-----", *lines, b"-----END OPENSSH"))
    assert values(key)[0] == lines[2]


def test_certificates_are_public_and_keys_beside_them_are_not():
    assert public(CERTIFICATE)
    key = CERTIFICATE + b"-----BEGIN PRIVATE KEY-----\nAAAABBBBCCCC\n-----END PRIVATE KEY-----\n"
    assert not public(key)
    assert b"AAAABBBBCCCC" in values(key)


def test_a_value_too_short_to_look_for_is_told():
    assert too_short({"pin": b"1234\n", "token": PASSWORD, "ca": CERTIFICATE}) == ("pin",)
