"""An image that was written as an OCI layout is handed on without what the engine has."""

from __future__ import annotations

import json
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from jetson_containers.engine.layout_images import LayoutPool, load_archive

REWRITTEN = {"buildkit/rewritten-timestamp": "1"}


def _layout(folder: Path, layers: list[tuple[bytes, dict[str, str]]]) -> list[str]:
    """A layout of one image; the digests of its layers."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def put(content: bytes) -> dict[str, object]:
        name = sha256(content).hexdigest()
        (blobs / name).write_bytes(content)
        return {"digest": f"sha256:{name}", "size": len(content)}

    listed = [{**put(content), "annotations": notes} for content, notes in layers]
    manifest = put(json.dumps({"config": put(b"{}"), "layers": listed}).encode())
    name = {"org.opencontainers.image.ref.name": "docker.io/jetson-stage/a:1"}
    index = {"schemaVersion": 2, "manifests": [{**manifest, "annotations": name}]}
    (folder / "index.json").write_text(json.dumps(index))
    return [str(layer["digest"]).removeprefix("sha256:") for layer in listed]


def _loaded(folder: Path, held: int) -> set[str]:
    with (
        load_archive(folder, "jetson-stage/a:1", held) as archive,
        tarfile.open(fileobj=archive, mode="r|") as tar,
    ):
        return {Path(member.name).name for member in tar}


def test_the_layers_of_the_parent_are_left_out(tmp_path):
    base, parent, own = _layout(tmp_path, [(b"base", {}), (b"parent", {}), (b"own", REWRITTEN)])
    loaded = _loaded(tmp_path, 2)
    assert own in loaded
    assert not {base, parent} & loaded
    assert {"oci-layout", "index.json"} < loaded


def test_a_layer_of_the_base_that_was_rewritten_is_new(tmp_path):
    base, own = _layout(tmp_path, [(b"base", REWRITTEN), (b"own", REWRITTEN)])
    assert {base, own} < _loaded(tmp_path, 1)


def test_an_engine_that_reads_no_further_ends_the_archive(tmp_path):
    _layout(tmp_path, [(bytes(1 << 20), {})])
    with load_archive(tmp_path, "jetson-stage/a:1", 0) as archive:
        assert archive.read(10)


def test_blobs_of_one_run_are_there_for_the_next_image(tmp_path):
    pool = LayoutPool(tmp_path)
    with pool.layout() as folder:
        (own,) = _layout(folder, [(b"own", {})])
    with pool.layout() as folder:
        assert (folder / "blobs" / "sha256" / own).read_bytes() == b"own"
        assert not (folder / "index.json").exists()


def test_a_build_that_fails_leaves_nothing_behind(tmp_path):
    pool = LayoutPool(tmp_path)
    with pytest.raises(RuntimeError), pool.layout() as folder:
        raise RuntimeError
    assert not folder.exists()
