"""A document that lies beside an image in its registry, and is found from it; entries of nothing.

Source: OCI distribution specification 1.1, "Pushing Manifests with Subject" and "Referrers Tag
Schema"; OCI image specification 1.1, "Guidelines for Artifact Usage". Registries that keep no list
of referrers get it as an index under the tag ``sha256-<digest>``.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from jetson_containers.errors import BuilderError
from jetson_containers.image.registry.index import OCI_INDEX
from jetson_containers.image.registry.manifest import MANIFESTS
from jetson_containers.image.registry.writable import WritableRegistry

_EMPTY = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"


def attach(
    registry: WritableRegistry, repository: str, subject: str, kind: str, content: bytes
) -> str:
    """Keep ``content``, of media type ``kind``, beside the image of digest ``subject``.

    The digest of its manifest. To attach the same again changes nothing. Raises
    :class:`BuilderError` where there is no such image.
    """
    image = registry.document(repository, subject)
    if image is None:
        raise BuilderError(f"there is no image {repository}@{subject} to attach to")
    for blob in (_EMPTY, content):
        registry.put_blob(repository, _digest(blob), blob)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFESTS[0],
        "artifactType": kind,
        "config": {"mediaType": _EMPTY_TYPE, "digest": _digest(_EMPTY), "size": len(_EMPTY)},
        "layers": [{"mediaType": kind, "digest": _digest(content), "size": len(content)}],
        "subject": {
            "mediaType": json.loads(image.body).get("mediaType") or image.media_type,
            "digest": subject,
            "size": len(image.body),
        },
    }
    body = json.dumps(manifest, indent=2).encode()
    digest = registry.put(repository, _digest(body), body, MANIFESTS[0])
    if not registry.lists_referrers(repository, subject):
        entry = {
            "mediaType": MANIFESTS[0],
            "digest": digest,
            "size": len(body),
            "artifactType": kind,
        }
        _list(registry, repository, subject, entry)
    return digest


def referrers_tag(subject: str) -> str:
    """The tag that lists what is attached to an image."""
    return subject.replace(":", "-", 1)



def put_empty(registry: WritableRegistry, repository: str, tag: str) -> None:
    """Let a tag point at an artifact that holds nothing, whatever it pointed at before."""
    registry.put_blob(repository, _digest(_EMPTY), _EMPTY)
    empty = {"mediaType": _EMPTY_TYPE, "digest": _digest(_EMPTY), "size": len(_EMPTY)}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFESTS[0],
        "artifactType": _EMPTY_TYPE,
        "config": empty,
        "layers": [empty],
    }
    registry.put(repository, tag, json.dumps(manifest, indent=2).encode(), MANIFESTS[0])


def _list(
    registry: WritableRegistry, repository: str, subject: str, entry: dict[str, Any]
) -> None:
    """Add an entry to the index of what is attached, in place of an older one of its kind."""
    tag = referrers_tag(subject)
    there = registry.document(repository, tag)
    listed = json.loads(there.body).get("manifests", []) if there else []
    others = [item for item in listed if item.get("artifactType") != entry["artifactType"]]
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*others, entry]}
    body = json.dumps(index, indent=2).encode()
    if there is None or there.body != body:
        registry.put(repository, tag, body, OCI_INDEX)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
