"""What an engine holds, to the layer, and the removal of some of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """Every image of the engine, ours and foreign ones."""
    listing = engine.listing({})
    packed = engine.containerd_store
    return engine.ask(lambda api: tuple(_held(api, listing, packed)))


def _held(
    api: APIClient, listing: Sequence[Mapping[str, Any]], packed: bool
) -> Iterator[HeldImage]:
    """The list tells what an image takes; in containerd's store ``inspect`` tells the packed part.
    """
    from docker import errors

    users = {str(item.get("ImageID", "")) for item in api.containers(all=True)}
    for item in listing:
        with contextlib.suppress(errors.ImageNotFound):  # it went in the meantime
            raw: Mapping[str, Any] = api.inspect_image(item["Id"])  # type: ignore[no-untyped-call]
            compressed = int(raw.get("Size") or 0) if packed else 0
            yield HeldImage(
                digest=str(item["Id"]),
                references=tuple(item.get("RepoTags") or ()),
                labels=dict(item.get("Labels") or {}),
                created=_seconds(raw, item),
                chains=_chains(raw),
                size=max(0, int(item.get("Size") or 0) - compressed),
                packed=compressed,
                in_use=str(item["Id"]) in users,
            )


def image_chains(engine: DockerApi, reference: str) -> tuple[str, ...]:
    """The chains of an image's layers, oldest first; none where the engine does not hold it."""
    from docker import errors

    def ask(api: APIClient) -> tuple[str, ...]:
        try:
            return _chains(api.inspect_image(reference))  # type: ignore[no-untyped-call]
        except errors.ImageNotFound:
            return ()

    return engine.ask(ask)


def image_layers(engine: DockerApi, reference: str) -> Mapping[str, HeldLayer]:
    """The layers of an image by chain, oldest first, with unpacked sizes and instructions.

    It asks for the image's history, which takes long in engines that hold many images.
    """
    chains = image_chains(engine, reference)
    lines = [line for line in engine.history(reference) if line[1] or _adds(line[0])]
    told = [*lines, *[("", 0)] * len(chains)]
    return {
        chain: HeldLayer(size, step=step)
        for chain, (step, size) in zip(chains, told, strict=False)
    }


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


def _chains(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """A name for each layer with all below it, from the digests of the layers (OCI, ChainID)."""
    names = [str(name) for name in (raw.get("RootFS") or {}).get("Layers") or ()]
    chains: list[str] = []
    for name in names:
        above = f"{chains[-1]} {name}" if chains else ""
        chains.append(f"sha256:{sha256(above.encode()).hexdigest()}" if chains else name)
    return tuple(chains)


def _adds(instruction: str) -> bool:
    """Whether an instruction of size 0 has a layer all the same."""
    words = instruction.replace("/bin/sh -c #(nop)", "").split()
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
        try:
            found = engine.inspect(reference)
            if found is None:
                continue
            if found.labels.get(labels.FINGERPRINT) != image.fingerprint:
                return False
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
