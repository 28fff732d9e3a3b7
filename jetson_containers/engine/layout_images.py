"""Images that BuildKit writes as an OCI layout, handed to the engine's store.

BuildKit refuses to rewrite the times of files in an image that the engine asks it to unpack, and
engines before Docker 29 ask always (github.com/moby/buildkit/issues/4230, moby/moby/pull/51493).
So a reproducible stage is written into a directory, and loaded from there. Blobs of one run are
written once, and what the parent brought is not loaded again.

Source of the form: opencontainers/image-spec, ``image-layout.md``.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from jetson_containers.engine.held_folder import HeldFolder
from jetson_containers.errors import BuilderError

_BLOBS = Path("blobs/sha256")
_REWRITTEN = "buildkit/rewritten-timestamp"


class LayoutPool:
    """The blobs of one run's layouts; gone with the program.

    Those of a program that was killed go when the next one begins.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._home = HeldFolder("jetson-layouts-", folder)
        self._root = self._home.path
        self._pool = self._root / "pool"
        self._pool.mkdir()

    @contextmanager
    def layout(self) -> Iterator[Path]:
        """A directory for one image, with what is in the pool; its new blobs join the pool.

        Links, not copies; several at the same time do not disturb one another.
        """
        with tempfile.TemporaryDirectory(dir=self._root) as name:
            blobs = Path(name) / _BLOBS
            blobs.mkdir(parents=True)
            _link(self._pool, blobs)
            yield Path(name)
            _link(blobs, self._pool)


def _link(source: Path, target: Path) -> None:
    for path in source.iterdir():
        try:
            os.link(path, target / path.name)
        except FileExistsError:
            continue


@contextmanager
def load_archive(layout: Path, reference: str, held_layers: int) -> Iterator[IO[bytes]]:
    """The image of a layout as an archive that ``docker load`` reads, as a stream.

    The first ``held_layers`` are left out: the engine has them, as the parent's. Not those that
    BuildKit rewrote in a base image, which are new.
    """
    index = json.loads((layout / "index.json").read_bytes())
    manifest = next(
        (item for item in index["manifests"] if _named(item, reference)), index["manifests"][-1]
    )
    document = json.loads(_blob(layout, manifest["digest"]).read_bytes())
    layers = [
        layer["digest"]
        for number, layer in enumerate(document["layers"])
        if number >= held_layers or _REWRITTEN in layer.get("annotations", {})
    ]
    one = json.dumps({**index, "manifests": [manifest]}).encode()
    digests = [manifest["digest"], document["config"]["digest"], *layers]
    reader, writer = os.pipe()
    failed: list[BaseException] = []

    def write() -> None:
        try:
            with (
                os.fdopen(writer, "wb") as out,
                tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar,
            ):
                _add(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
                _add(tar, "index.json", one)
                for digest in dict.fromkeys(digests):
                    path = _blob(layout, digest)
                    tar.add(path, arcname=str(_BLOBS / path.name))
        except BrokenPipeError:
            return  # the engine has said why
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=write, name="load-archive", daemon=True)
    thread.start()
    with os.fdopen(reader, "rb") as stream:
        yield stream
    thread.join()
    if failed:
        raise BuilderError(f"the image {reference} cannot be read back: {failed[0]}")


def _named(manifest: dict[str, Any], reference: str) -> bool:
    name = str((manifest.get("annotations") or {}).get("org.opencontainers.image.ref.name", ""))
    return name.endswith(reference)


def _blob(layout: Path, digest: str) -> Path:
    return layout / _BLOBS / digest.removeprefix("sha256:")


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))
