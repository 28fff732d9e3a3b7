"""What an engine holds, to the layer, and the removal of some of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from jetson_containers.engine.dockerapi import DockerApi
from jetson_containers.engine.protocol import EngineGone
from jetson_containers.engine.prune import CacheRecord, HeldImage, HeldLayer
from jetson_containers.errors import BuilderError
from jetson_containers.image import labels

if TYPE_CHECKING:
    from docker import APIClient

#: instructions that add no layer (Dockerfile reference)
_NO_LAYER = (
    "ARG",
    "CMD",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
)


def held_images(engine: DockerApi) -> tuple[HeldImage, ...]:
    """Every image of the engine, ours and foreign ones, with its layers."""
    listing = engine.listing({})
    found = engine.ask(lambda api: tuple(_held(api, listing)))
    if not engine.containerd_store:
        return tuple(image for image, _ in found)
    packed = packed_sizes([(image.layers, size) for image, size in found])
    return tuple(
        replace(
            image,
            layers=tuple(replace(item, packed=packed[item.chain]) for item in image.layers),
        )
        for image, _ in found
    )


def packed_sizes(images: Iterable[tuple[Sequence[HeldLayer], int]]) -> Mapping[str, int]:
    """What each layer takes compressed, from what all layers of each image take together.

    What an image has more than the shorter ones that it stands on belongs to its own layers, by
    their unpacked size. Law: the layers of an image sum up to what was told of it, but for
    rounding, where it stands on all shorter images that share a layer with it.
    """
    known: dict[str, int] = {}
    for layers, whole in sorted(images, key=lambda item: len(item[0])):
        new = [layer for layer in layers if layer.chain not in known]
        rest = max(0, whole - sum(known.get(layer.chain, 0) for layer in layers))
        size = sum(layer.size for layer in new)
        for layer in new:
            known[layer.chain] = rest * layer.size // size if size else 0
    return known


def _held(
    api: APIClient, listing: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[HeldImage, int]]:
    """Every image, and the bytes that ``inspect`` tells of it."""
    from docker import errors

    users = {str(item.get("ImageID", "")) for item in api.containers(all=True)}
    for item in listing:
        with contextlib.suppress(errors.ImageNotFound):  # it went in the meantime
            raw: Mapping[str, Any] = api.inspect_image(item["Id"])  # type: ignore[no-untyped-call]
            lines = api.history(item["Id"])  # type: ignore[no-untyped-call]
            image = HeldImage(
                digest=str(item["Id"]),
                references=tuple(item.get("RepoTags") or ()),
                labels=dict(item.get("Labels") or {}),
                created=_seconds(raw, item),
                layers=_layers(raw, list(reversed(lines))),
                in_use=str(item["Id"]) in users,
            )
            yield image, int(raw.get("Size") or 0)


def _seconds(raw: Mapping[str, Any], item: Mapping[str, Any]) -> float:
    """When this engine got the image: reproducible images all say that they are from one day."""
    tagged = _time(str((raw.get("Metadata") or {}).get("LastTagTime") or ""))
    return max(tagged, float(item.get("Created") or 0))


def _time(text: str) -> float:
    """Docker's times are UTC with nanoseconds; the year 1 stands for never."""
    try:
        told = datetime.fromisoformat(f"{text[:19]}+00:00")
    except ValueError:
        return 0.0
    return told.timestamp() if told.year > 1970 else 0.0


def _layers(
    raw: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> tuple[HeldLayer, ...]:
    """The layers of an image, oldest first, with their unpacked sizes."""
    names = [str(name) for name in (raw.get("RootFS") or {}).get("Layers") or ()]
    steps = [line for line in lines if int(line.get("Size") or 0) or _adds(line)]
    told = [(int(line.get("Size") or 0), str(line.get("CreatedBy") or "")) for line in steps]
    told += [(0, "")] * len(names)
    return tuple(
        HeldLayer(chain, size, 0, words)
        for chain, (size, words) in zip(_chains(names), told, strict=False)
    )


def _chains(names: Sequence[str]) -> Iterator[str]:
    """A name for each layer with all below it, from the digests of the layers (OCI, ChainID)."""
    chain = ""
    for name in names:
        chain = sha256(f"{chain} {name}".encode()).hexdigest() if chain else name
        yield chain


def _adds(line: Mapping[str, Any]) -> bool:
    words = str(line.get("CreatedBy") or "").replace("/bin/sh -c #(nop)", "").split()
    return not words or words[0] not in _NO_LAYER


def cache_records(engine: DockerApi) -> tuple[CacheRecord, ...]:
    """The records of the engine's builder; none from engines that have no BuildKit."""
    records = engine.ask(_build_cache)
    return tuple(
        CacheRecord(
            id=str(item["ID"]),
            description=str(item.get("Description") or ""),
            size=int(item.get("Size") or 0),
            shared=bool(item.get("Shared")),
            in_use=bool(item.get("InUse")),
            used=_time(str(item.get("LastUsedAt") or item.get("CreatedAt") or "")),
        )
        for item in records
    )


def _build_cache(api: APIClient) -> Sequence[Mapping[str, Any]]:
    """The build cache's part of ``system df``: the SDK asks for all, which takes long."""
    answer = api.get(
        f"{api.base_url}/v{api.api_version}/system/df", params={"type": "build-cache"}
    )
    if answer.status_code != 200:
        raise BuilderError(f"the engine does not tell its build cache: status {answer.status_code}")
    return answer.json().get("BuildCache") or ()


def remove_stage(engine: DockerApi, image: HeldImage) -> bool:
    """Take a stage's references away, and with the last of all references the image.

    ``False`` if it is another image's by now, or something holds it.
    """
    for reference in image.stage_references:
        found = engine.inspect(reference)
        if found is None:
            continue
        if found.labels.get(labels.FINGERPRINT) != image.fingerprint:
            return False
        try:
            engine.remove(reference)
        except EngineGone:
            raise
        except BuilderError:
            return False
    return True


def prune_records(engine: DockerApi, ids: Callable[[], Sequence[str]]) -> None:
    """Remove records of the builder's cache; ``ids`` tells those that are left.

    A record goes only after those that stand on it, so this goes over them until none goes.
    """
    left = list(ids())
    while left:
        for item in left:
            _prune(engine, {"id": item})
        now = list(ids())
        if len(now) >= len(left):
            return
        left = now


def prune_cache(engine: DockerApi, older: float | None) -> None:
    """Remove all of the builder's cache that is not in use, or what no build used for ``older`` s.
    """
    _prune(engine, {} if older is None else {"until": f"{older:.0f}s"}, everything=True)


def _prune(engine: DockerApi, filters: Any, *, everything: bool = False) -> None:
    """The SDK's stubs do not know these filters."""
    engine.ask(lambda api: api.prune_builds(filters=filters, all=everything))
