"""What ``prune`` found, in words and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jetson_containers.engine.leftovers import Leftover
from jetson_containers.report.run.words import amount, counted

if TYPE_CHECKING:
    from jetson_containers.cli.connect import Connection
    from jetson_containers.engine.prune import CacheRecord, HeldImage, Room

#: lines of a list that are shown
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Stages:
    """Stages that may go, what that frees, and the builder's records before."""

    gone: tuple[HeldImage, ...]
    room: Room
    records: tuple[CacheRecord, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that may go; ``connection`` is the engine that holds stages and build cache."""

    connection: Connection | None
    stages: Stages | None
    files: dict[str, tuple[Leftover, ...]]
    build_cache: tuple[CacheRecord, ...]

    @property
    def size(self) -> int:
        """Bytes that its removal frees."""
        files = sum(item.size for items in self.files.values() for item in items)
        records = sum(item.size for item in self.build_cache)
        return files + records + (self.stages.room.whole if self.stages else 0)

    @property
    def count(self) -> int:
        """How many things that are."""
        stages = len(self.stages.gone) if self.stages else 0
        return stages + len(self.build_cache) + sum(map(len, self.files.values()))


def show(found: Found) -> None:
    """The preview, on stdout."""
    if found.stages and found.stages.gone:
        room = found.stages.room
        cache = f", {amount(room.cache)} of it in the build cache" if room.cache else ""
        title = counted(len(found.stages.gone), "stage")
        print(f"{title} that no image needs: {amount(room.whole)}{cache}")
        _lines([image.stage_references[0] for image in found.stages.gone])
    for kind, items in found.files.items():
        if items:
            size = amount(sum(item.size for item in items))
            print(f"{len(items)} of {kind}: {size}")
            _lines([f"{item.name} ({amount(item.size)})" for item in items])
    if found.build_cache:
        size = amount(sum(item.size for item in found.build_cache))
        print(f"{counted(len(found.build_cache), 'record')} of the build cache: {size}")
        print("  of all builds on this engine, not of this program's alone")
    print(f"together: {amount(found.size)}" if found.count else "nothing is to be removed")


def _lines(items: Sequence[str]) -> None:
    for item in items[:_SHOWN]:
        print(f"  {item}")
    if len(items) > _SHOWN:
        print(f"  and {len(items) - _SHOWN} more")


def document(found: Found, removed: bool, measured: int | None) -> dict[str, Any]:
    """The JSON form; ``freed`` is measured on the engine's disk, where that can be seen."""
    stages = found.stages
    return {
        "format": 1,
        "removed": removed,
        "stages": [
            {"reference": image.stage_references[0], "fingerprint": image.fingerprint}
            for image in (stages.gone if stages else ())
        ],
        "stages_size": stages.room.whole if stages else 0,
        "stages_size_in_build_cache": stages.room.cache if stages else 0,
        **{
            kind.replace("-", "_"): [{"name": item.name, "size": item.size} for item in items]
            for kind, items in found.files.items()
        },
        "build_cache_records": len(found.build_cache),
        "build_cache_size": sum(item.size for item in found.build_cache),
        "size": found.size,
        "freed": measured,
    }
