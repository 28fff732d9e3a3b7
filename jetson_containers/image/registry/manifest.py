"""Manifests and configurations, read and held against their digests. Pure.

Source: OCI image specification (index, manifest, config); Docker image manifest v2, schema 2.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jetson_containers.image.registry.faults import TooLarge, UntrustedAnswer

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPTED = ", ".join((*INDEXES, *MANIFESTS))

_DIGEST = re.compile(r"(sha256):[0-9a-f]{64}|(sha512):[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What another document is: its digest, its bytes, and what runs it (of an index's entry).

    ``raw`` is all that the document said, for an index that keeps the entry.
    """

    digest: str
    size: int
    os: str = ""
    architecture: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Index:
    """One tag for several platforms."""

    entries: tuple[Descriptor, ...]

    @property
    def architectures(self) -> tuple[str, ...]:
        """Docker's names of what runs on Linux, sorted."""
        return tuple(sorted({item.architecture for item in self.entries if item.os == "linux"}))

    def entry(self, architecture: str) -> Descriptor | None:
        """The Linux image of an architecture, or ``None``."""
        fit = (e for e in self.entries if (e.os, e.architecture) == ("linux", architecture))
        return next(fit, None)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image; ``config`` tells where its configuration lies."""

    config: Descriptor


@dataclass(frozen=True, slots=True)
class Config:
    """What an image says of itself."""

    architecture: str
    created: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    os: str = "linux"
    variant: str = ""


def is_digest(text: str) -> bool:
    """Whether it is a digest that can be checked."""
    return _DIGEST.fullmatch(text) is not None


def verified(body: bytes, told: str, what: str) -> str:
    """The digest of ``body``. Raises :class:`UntrustedAnswer` when it is not what was told.

    Without anything told, sha256 is taken.
    """
    match = _DIGEST.fullmatch(told) if told else None
    if told and match is None:
        raise UntrustedAnswer(f"{what} has a digest that cannot be checked: {told[:80]!r}")
    kind = (match[1] or match[2]) if match else "sha256"
    digest = f"{kind}:{hashlib.new(kind, body).hexdigest()}"
    if told and digest != told:
        raise UntrustedAnswer(
            f"{what} is not what its digest says: {told[:19]}… was told, {digest[:19]}… came",
            hint="the registry, or something before it, gives wrong answers; nothing of it is used",
        )
    return digest


def read_manifest(body: bytes, media_type: str, what: str) -> Index | Manifest:
    """The document that a tag or digest points at. Raises :class:`UntrustedAnswer` for others."""
    document = _object(body, what)
    kind = str(document.get("mediaType") or media_type.partition(";")[0].strip())
    if document.get("schemaVersion") != 2:
        raise UntrustedAnswer(
            f"{what} is of an old form (schema {document.get('schemaVersion')!r})",
            hint="push the image again with a current engine",
        )
    if kind in INDEXES or (kind not in MANIFESTS and "manifests" in document):
        entries = document.get("manifests")
        if not isinstance(entries, list):
            raise UntrustedAnswer(f"{what} is an index without a list")
        return Index(tuple(_descriptor(item, what) for item in entries))
    return Manifest(_descriptor(document.get("config"), what))


def read_config(body: bytes, what: str) -> Config:
    """An image's configuration. Raises :class:`UntrustedAnswer` for what is no image."""
    document = _object(body, what)
    architecture = document.get("architecture")
    if not isinstance(architecture, str) or not architecture:
        raise UntrustedAnswer(f"{what} is no container image: it names no architecture")
    inner = document.get("config")
    labels = inner.get("Labels") if isinstance(inner, dict) else None
    return Config(
        architecture,
        str(document.get("created") or ""),
        {str(k): str(v) for k, v in labels.items()} if isinstance(labels, dict) else {},
        str(document.get("os") or "linux"),
        str(document.get("variant") or ""),
    )


def within(descriptor: Descriptor, limit: int, what: str) -> None:
    """Raises :class:`TooLarge` for a document that says it has more than ``limit`` bytes."""
    if descriptor.size > limit:
        raise TooLarge(
            f"{what} has {descriptor.size} bytes of configuration; no more than "
            f"{limit >> 20} MiB are read"
        )


def _descriptor(value: Any, what: str) -> Descriptor:
    if not isinstance(value, dict):
        raise UntrustedAnswer(f"{what} is no image manifest")
    digest, size = value.get("digest"), value.get("size")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise UntrustedAnswer(f"{what} points at something without a digest")
    if not isinstance(size, int) or size < 0:
        raise UntrustedAnswer(f"{what} points at something without a size")
    platform = value.get("platform")
    place = platform if isinstance(platform, dict) else {}
    return Descriptor(
        digest, size, str(place.get("os", "")), str(place.get("architecture", "")), value
    )


def _object(body: bytes, what: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UntrustedAnswer(f"{what} is no JSON object, or a part of one")
    return document
