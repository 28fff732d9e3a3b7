"""The blobs of an image, read where containerd keeps them, if that is on this machine.

Through the engine an image comes whole, layer by layer of everything below it; here a layer that
is known is not even opened. Source: containerd, ``docs/content-flow.md`` and
``plugins/content/local``; dockerd starts its own containerd below its data directory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

#: what distributions start containerd with
SYSTEM_ROOT = Path("/var/lib/containerd")
_STORE = "io.containerd.content.v1.content/blobs/sha256"
_CHUNK = 1 << 20
#: the longest manifest that is read (OCI distribution specification, "Pushing manifests")
_LONGEST = 4 << 20

#: a blob's digest and what gives its bytes
Blob = tuple[str, Callable[[], Iterator[bytes]]]


def roots(data: Path | None) -> tuple[Path, ...]:
    """Where blobs may be, for an engine that keeps its data in ``data``."""
    own = () if data is None else (data / "containerd" / "daemon" / _STORE,)
    return (*own, SYSTEM_ROOT / _STORE)


def image_blobs(places: Sequence[Path], digest: str) -> tuple[Blob, ...] | None:
    """Every manifest, configuration and layer of an image; ``None`` if one cannot be read here.

    Of an index the images that are here count, as in the engine.
    """
    for place in places:
        try:
            found = dict.fromkeys(_walk(place, digest))
        except (OSError, ValueError, LookupError, TypeError):
            continue
        return tuple((item, _reader(place / item.removeprefix("sha256:"))) for item in found)
    return None


def _walk(place: Path, digest: str) -> Iterator[str]:
    document = _document(place, digest)
    yield digest
    if "manifests" in document:
        here = [item["digest"] for item in document["manifests"] if _there(place, item["digest"])]
        if not here:
            raise LookupError(digest)
        for item in here:
            yield from _walk(place, item)
        return
    for item in (document["config"], *document["layers"]):
        if not _there(place, item["digest"]):
            raise LookupError(item["digest"])
        yield item["digest"]


def _document(place: Path, digest: str) -> dict[str, Any]:
    with (place / digest.removeprefix("sha256:")).open("rb") as file:
        found = json.loads(file.read(_LONGEST))
    if not isinstance(found, dict):
        raise TypeError(digest)
    return found


def _there(place: Path, digest: str) -> bool:
    return (place / str(digest).removeprefix("sha256:")).is_file()


def _reader(path: Path) -> Callable[[], Iterator[bytes]]:
    def read() -> Iterator[bytes]:
        with path.open("rb") as file:
            yield from iter(lambda: file.read(_CHUNK), b"")

    return read
