"""An image's blobs are read where containerd keeps them, or not at all."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from jetson_containers.engine.contentstore import image_blobs, roots


class Content:
    """A content store in a directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)

    def put(self, content: bytes | dict) -> str:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        name = sha256(data).hexdigest()
        (self.folder / name).write_bytes(data)
        return f"sha256:{name}"

    def image(self, *layers: bytes) -> str:
        config = {"digest": self.put({"config": {"n": len(layers)}})}
        listed = [{"digest": self.put(layer)} for layer in layers]
        return self.put({"config": config, "layers": listed})


@pytest.fixture
def content(tmp_path: Path) -> Content:
    return Content(tmp_path / "store")


def test_an_image_is_its_manifest_its_configuration_and_its_layers(content):
    digest = content.image(b"one", b"two")
    blobs = image_blobs([content.folder], digest)
    assert blobs is not None
    assert blobs[0][0] == digest
    assert [b"".join(read()) for _, read in blobs][2:] == [b"one", b"two"]


def test_of_an_index_the_images_that_are_here_count(content):
    here = content.image(b"one")
    away = {"digest": "sha256:" + "0" * 64}
    index = content.put({"manifests": [{"digest": here}, away]})
    blobs = image_blobs([content.folder], index)
    assert blobs is not None
    assert [digest for digest, _ in blobs][:2] == [index, here]
    assert len(blobs) == 4


def test_an_image_that_lacks_a_layer_here_is_left_to_the_engine(content):
    digest = content.image(b"one", b"two")
    (content.folder / sha256(b"two").hexdigest()).unlink()
    assert image_blobs([content.folder], digest) is None


def test_what_cannot_be_read_or_is_no_manifest_is_left_to_the_engine(content, tmp_path):
    assert image_blobs([tmp_path / "absent"], content.image(b"one")) is None
    for strange in (b"text", b"[]", {"config": 1, "layers": 2}, {"manifests": []}):
        assert image_blobs([content.folder], content.put(strange)) is None


def test_a_second_place_is_asked_where_the_first_has_nothing(content, tmp_path):
    digest = content.image(b"one")
    assert image_blobs([tmp_path / "absent", content.folder], digest) is not None


def test_the_engines_own_containerd_comes_before_the_systems():
    first, second = roots(Path("/data"))
    assert str(first).startswith("/data/containerd/daemon/")
    assert str(second).startswith("/var/lib/containerd/")
    assert roots(None) == (second,)
