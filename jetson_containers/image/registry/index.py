"""One tag for several platforms: an index made of images that were pushed before it. Pure.

Source: OCI image specification, "Image Index"; BuildKit, "Image Attestation Storage" (an
attestation is an entry for ``unknown/unknown`` that names the image it is of).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jetson_containers.image.registry.manifest import MANIFESTS, Config, Index
from jetson_containers.image.registry.writable import Document

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_DOCKER_MANIFEST = MANIFESTS[1]
_OF = "vnd.docker.reference.digest"

Entry = Mapping[str, Any]


def image_entry(document: Document, config: Config) -> Entry:
    """The entry of one image."""
    platform = {"architecture": config.architecture, "os": config.os}
    if config.variant:
        platform["variant"] = config.variant
    said = json.loads(document.body).get("mediaType")
    return {
        "mediaType": said or document.media_type,
        "digest": document.digest,
        "size": len(document.body),
        "platform": platform,
    }


def entries_of(index: Index) -> tuple[Entry, ...]:
    """The entries of an index that is there, as they stand in it."""
    return tuple(entry.raw for entry in index.entries)


def merged(kept: Sequence[Entry], new: Sequence[Entry]) -> tuple[Entry, ...]:
    """``new`` entries in place of those for the same platforms, with all others.

    An attestation goes with its image. Laws: no platform is there twice; merging again changes
    nothing; the order does not depend on the order of pushes.
    """
    images = {_platform(entry): entry for entry in (*kept, *new) if not _attested(entry)}
    digests = {entry["digest"] for entry in images.values()}
    attestations = {
        entry["digest"]: entry for entry in (*kept, *new) if _attested(entry) in digests
    }
    ordered = [images[key] for key in sorted(images)]
    return (*ordered, *(attestations[key] for key in sorted(attestations)))


def index_document(entries: Iterable[Entry]) -> tuple[bytes, str]:
    """The index and its media type: equal entries are equal bytes.

    A list of nothing but Docker's own manifests is Docker's own kind of list: old engines read
    no other.
    """
    listed = [dict(entry) for entry in entries]
    old = all(entry.get("mediaType") == _DOCKER_MANIFEST for entry in listed)
    kind = DOCKER_LIST if old else OCI_INDEX
    document = {"schemaVersion": 2, "mediaType": kind, "manifests": listed}
    return json.dumps(document, indent=2, sort_keys=True).encode(), kind


def platform_name(entry: Entry) -> str:
    """``linux/arm64``, with a variant where it says more than the architecture does."""
    system, arch, variant = _platform(entry)
    return f"{system}/{arch}" + (f"/{variant}" if variant else "")


def _platform(entry: Entry) -> tuple[str, str, str]:
    place = entry.get("platform") or {}
    arch, variant = str(place.get("architecture", "")), str(place.get("variant", ""))
    # v8 is what every arm64 machine is, and not every engine writes it
    return str(place.get("os", "")), arch, "" if (arch, variant) == ("arm64", "v8") else variant


def _attested(entry: Entry) -> str:
    """The digest of the image that an attestation is of; empty for an image."""
    notes = entry.get("annotations") or {}
    return str(notes.get(_OF, "")) if _platform(entry)[0] == "unknown" else ""
