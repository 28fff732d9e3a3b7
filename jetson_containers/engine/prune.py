"""Which stages may go, and how much room that makes. Pure: decided from what an engine holds.

A stage is ours if an image carries our label with its fingerprint and has a reference whose tag
is the beginning of that fingerprint; nothing else is ever removed. It stays while an image that a
person can name needs it, while a container runs on it, and while a run that may go on planned it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jetson_containers.image import labels

_TAG = 16


@dataclass(frozen=True, slots=True)
class HeldLayer:
    """A layer: ``size`` is what it takes unpacked, ``step`` the instruction that made it.

    ``packed`` is what its compressed form takes beside that, 0 in stores that keep none.
    """

    size: int
    packed: int = 0
    step: str = ""


@dataclass(frozen=True, slots=True)
class HeldImage:
    """An image in an engine. ``created`` is in seconds since 1970; ``in_use``: by a container.

    ``chains`` names its layers, oldest first, each with all below it, so that equal names share
    one copy; ``size`` is what they take unpacked, ``packed`` what they take compressed beside that.
    """

    digest: str
    references: tuple[str, ...]
    labels: Mapping[str, str]
    created: float
    chains: tuple[str, ...]
    size: int = 0
    packed: int = 0
    in_use: bool = False

    @property
    def fingerprint(self) -> str:
        """What the label says, empty for foreign images; children of ours inherit it."""
        return self.labels.get(labels.FINGERPRINT, "")

    @property
    def package(self) -> str:
        """The package whose stage it is, without its version."""
        return self.labels.get(labels.STAGE, "").partition(":")[0]

    @property
    def stage_references(self) -> tuple[str, ...]:
        """The references that the program gave it as a stage."""
        tag = self.fingerprint[:_TAG]
        return tuple(
            item for item in self.references if len(tag) == _TAG and item.endswith(f":{tag}")
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The references that people use."""
        ours = self.stage_references
        return tuple(item for item in self.references if item not in ours)

    @property
    def lineage(self) -> frozenset[str]:
        """The fingerprints of all stages that it stands on, its own included."""
        try:
            told = json.loads(self.labels.get(labels.PLAN, "[]"))
            return frozenset({self.fingerprint, *(str(item[1]) for item in told)})
        except (IndexError, KeyError, RecursionError, TypeError, ValueError):
            return frozenset({self.fingerprint})


@dataclass(frozen=True, slots=True)
class CacheRecord:
    """A record of the builder's cache: ``shared`` says that an image holds the same layer.

    ``size`` is its own copy, unpacked, with the compressed form where there is one; ``used`` when
    it was last of use, in seconds since 1970.
    """

    id: str
    description: str
    size: int
    shared: bool
    in_use: bool
    used: float = 0.0


@dataclass(frozen=True, slots=True)
class Room:
    """What a removal frees in bytes: of ``images``, and of the builder's ``cache`` beside them."""

    images: int
    cache: int

    @property
    def whole(self) -> int:
        return self.images + self.cache


def removable(
    images: Iterable[HeldImage], planned: Collection[str] = (), before: float | None = None
) -> tuple[HeldImage, ...]:
    """The stages that may go, those that stand on others first.

    ``planned`` are fingerprints that runs to be kept need; ``before`` spares what was made at that
    time (seconds since 1970) or later, and what it stands on.

    Law: no stage is in the answer that a named image, one in use, or one that is spared needs.
    """
    held = tuple(images)
    needed = set(planned)
    for image in held:
        young = before is not None and image.created >= before
        if image.fingerprint and (image.names or image.in_use or young):
            needed |= image.lineage
    needed |= {
        item
        for image in held
        if image.fingerprint in needed and image.stage_references
        for item in image.lineage
    }
    gone = [
        image for image in held if image.stage_references and image.fingerprint not in needed
    ]
    return tuple(sorted(gone, key=lambda image: (-len(image.lineage), image.references)))


def layer_sizes(
    images: Iterable[HeldImage], told: Mapping[str, HeldLayer]
) -> Mapping[str, HeldLayer]:
    """What each layer takes, by its chain; ``told`` are those whose unpacked size is known.

    What an image has more than the shorter ones that it stands on belongs to its own layers.
    Law: the layers of an image sum up to its sizes, but for rounding, where it stands on all
    shorter images that share a layer with it.
    """
    held = sorted(images, key=lambda image: len(image.chains))
    sizes = {chain: layer.size for chain, layer in told.items()}
    for image in held:
        new = [chain for chain in image.chains if chain not in sizes]
        rest = max(0, image.size - sum(sizes.get(chain, 0) for chain in image.chains))
        sizes.update((chain, rest // len(new)) for chain in new)
    packed: dict[str, int] = {}
    for image in held:
        new = [chain for chain in image.chains if chain not in packed]
        rest = max(0, image.packed - sum(packed.get(chain, 0) for chain in image.chains))
        size = sum(sizes[chain] for chain in new)
        packed.update((chain, rest * sizes[chain] // size if size else 0) for chain in new)
    return {
        chain: HeldLayer(size, packed[chain], told[chain].step if chain in told else "")
        for chain, size in sizes.items()
        if chain in packed
    }


def ends(images: Sequence[HeldImage]) -> tuple[HeldImage, ...]:
    """The images on which none of the others stands: their layers are all that there are."""
    below = {chain for image in images for chain in image.chains[:-1]}
    return tuple(image for image in images if image.chains and image.chains[-1] not in below)


def room(
    images: Sequence[HeldImage],
    gone: Collection[HeldImage],
    layers: Mapping[str, HeldLayer],
    records: Sequence[CacheRecord],
) -> Room:
    """What it frees to remove ``gone``, and then the builder's records of layers that nobody has.

    Every layer counts once, and only if no image that stays has it. Where the builder has a record
    of a layer, it keeps a copy of its own and holds the compressed form.
    """
    digests = {image.digest for image in gone}
    kept = {
        chain for image in images if image.digest not in digests for chain in image.chains
    }
    lost = {chain: layers[chain] for image in gone for chain in image.chains}
    known = dict(_matched(lost, [item for item in records if item.shared and not item.in_use]))
    found = {chain: layer for chain, layer in lost.items() if chain not in kept}
    return Room(
        images=sum(
            layer.size + (0 if chain in known else layer.packed)
            for chain, layer in found.items()
        ),
        cache=sum(known[chain].size for chain in found if chain in known),
    )


def _matched(
    layers: Mapping[str, HeldLayer], records: Iterable[CacheRecord]
) -> Iterator[tuple[str, CacheRecord]]:
    """Layers with the builder's records of them: of the same step, and of the nearest size."""
    by_step: dict[str, list[CacheRecord]] = {}
    for record in records:
        by_step.setdefault(_step(record.description), []).append(record)
    for chain, layer in layers.items():
        same = by_step.get(_step(layer.step), [])
        if same:
            whole = layer.size + layer.packed
            nearest = min(same, key=lambda record: abs(record.size - whole))
            same.remove(nearest)
            yield chain, nearest


def _step(text: str) -> str:
    """The words of a step, out of an image's history or out of a record's description.

    BuildKit writes ``RUN |1 A=b /bin/sh -c WORDS # buildkit`` and ``COPY a b # buildkit`` in the
    first, ``mount / from exec /bin/sh -c WORDS`` and ``[2/3] COPY a b`` in the second.
    """
    words = text.removesuffix("# buildkit").strip()
    _, shell, command = words.partition("/bin/sh -c ")
    if shell:
        return command
    return words.partition("] ")[2] if words.startswith("[") else words


def freed(
    before: Iterable[CacheRecord], after: Iterable[CacheRecord]
) -> tuple[CacheRecord, ...]:
    """The records whose layers an image held before, and none holds now."""
    shared = {record.id for record in before if record.shared}
    return tuple(
        record
        for record in after
        if record.id in shared and not record.shared and not record.in_use
    )
