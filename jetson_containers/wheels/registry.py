"""Entries of the wheel store in an OCI registry, as artifacts: one manifest, one layer a file.

``HOST/NAMESPACE/<package>:<artifact key>``. Source: OCI image specification 1.1, "Guidelines for
artifact usage"; OCI distribution specification, "Pulling blobs".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jetson_containers.errors import UnreachableError, UsageError
from jetson_containers.image.registry.credentials import Login
from jetson_containers.image.registry.faults import UntrustedAnswer
from jetson_containers.image.registry.manifest import MANIFESTS, is_digest, verified
from jetson_containers.image.registry.place import Place, parse_place
from jetson_containers.image.registry.web import LIMIT, Patience, Web
from jetson_containers.image.registry.writable import WritableRegistry
from jetson_containers.plan.model import Stage
from jetson_containers.wheels.entry import BadEntry, Entry, read_entry

SCHEME = "oci://"
_KIND = "application/vnd.jetson-containers.wheels.v1"
_INDEX = f"{_KIND}.index+json"
_SIGNATURE = f"{_KIND}.signature"
_FILE = f"{_KIND}.file"
_NO_CONFIG = ("application/vnd.oci.empty.v1+json", b"{}")
_TITLE = "org.opencontainers.image.title"
#: bytes of one question for a part of a file: what breaks off is asked for again
_PIECE = 32 << 20
_REMEDY = "the build goes on without it"


class ArtifactRegistry(WritableRegistry):
    """A registry whose blobs may be larger than memory."""

    def blob(self, repository: str, digest: str) -> bytes:
        """A small blob, held against its digest."""
        what = f"the blob {digest[:19]}… of {self._host}/{repository}"
        answer = self._gate.get(self._blob_url(repository, digest), repository, limit=LIMIT)
        self._expect(answer, what)
        verified(answer.body, digest, what)
        return answer.body

    def save_blob(self, repository: str, digest: str, size: int, path: Path) -> None:
        """Write a blob of ``size`` bytes to a new file, part by part, held against its digest.

        Raises :class:`UntrustedAnswer` for another one.
        """
        what = f"the blob {digest[:19]}… of {self._host}/{repository}"
        url, running, written = self._blob_url(repository, digest), hashlib.sha256(), 0
        with path.open("xb") as file:
            while written < size:
                last = min(written + _PIECE, size) - 1
                headers = {"Range": f"bytes={written}-{last}", "Accept": "*/*"}
                answer = self._gate.ask("GET", url, repository, headers=headers, limit=_PIECE)
                whole = answer.status == 200 and written == 0 and len(answer.body) == size
                if not whole and (answer.status != 206 or len(answer.body) != last + 1 - written):
                    self._refuse_part(answer.status, what)
                running.update(answer.body)
                file.write(answer.body)
                written += len(answer.body)
        if f"sha256:{running.hexdigest()}" != digest:
            raise UntrustedAnswer(f"{what} is not what its digest says")

    def _refuse_part(self, status: int, what: str) -> None:
        if status in (200, 206):
            raise UntrustedAnswer(f"{what} is not as long as it was said to be")
        raise UnreachableError(f"{what} cannot be had: {self._host} answers {status}")

    def _blob_url(self, repository: str, digest: str) -> str:
        return f"{self._base}/v2/{repository}/blobs/{digest}"


@dataclass
class RegistryPlace:
    """A :class:`~jetson_containers.wheels.places.Place` in a registry's namespace.

    Nobody waits twice for one that does not answer.
    """

    place: Place
    writable: bool
    login: Callable[[str], Login | None]
    plain: frozenset[str] = frozenset()
    _down: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return f"{SCHEME}{self.place}"

    def fetch(self, stage: Stage, dest: Path) -> tuple[Entry, bytes, bytes | None] | None:
        """See :meth:`Place.fetch`. Raises :class:`BadEntry` and what the registry client does."""
        if self._down or stage.artifact is None:
            return None
        repository = self._repository(stage)
        try:
            found = self._registry(20.0).document(repository, stage.artifact)
            if found is None:
                return None
            layers = _layers(found.body, f"{self.name}/{stage.package}")
            index_layer = next(iter(layers.get(_INDEX, ())), None)
            if index_layer is None:
                raise BadEntry("it has no index")
            index = self._registry(20.0).blob(repository, index_layer["digest"])
            entry = read_entry(index, f"the index of {self.name}/{stage.package}")
            signatures = layers.get(_SIGNATURE, ())
            signature = (
                self._registry(20.0).blob(repository, signatures[0]["digest"])
                if signatures
                else None
            )
            for file in entry.files:
                path = dest / file.name
                path.parent.mkdir(parents=True, exist_ok=True)
                patient = self._registry(60.0 + file.size / 1e6)
                patient.save_blob(repository, f"sha256:{file.sha256}", file.size, path)
        except UnreachableError:
            self._down = True
            raise
        return entry, index, signature

    def keep(self, stage: Stage, entry: Entry, files: Path, signature: bytes | None) -> None:
        """See :meth:`Place.keep`. The manifest comes last: half an entry is never found."""
        if self._down:
            return
        repository = self._repository(stage)
        small = [(_INDEX, "index.json", entry.to_json())]
        if signature is not None:
            small.append((_SIGNATURE, "index.json.sig", signature))
        try:
            registry = self._registry(60.0 + entry.size / 1e6)
            layers = []
            for file in entry.files:
                layer = _descriptor(_FILE, file.sha256, file.size, file.name)
                registry.put_blob(repository, layer["digest"], files / file.name)
                layers.append(layer)
            for kind, title, content in small:
                layer = _descriptor(kind, _sha256(content), len(content), title)
                registry.put_blob(repository, layer["digest"], content)
                layers.append(layer)
            config = _descriptor(_NO_CONFIG[0], _sha256(_NO_CONFIG[1]), len(_NO_CONFIG[1]))
            registry.put_blob(repository, config["digest"], _NO_CONFIG[1])
            manifest = {
                "schemaVersion": 2,
                "mediaType": MANIFESTS[0],
                "artifactType": _KIND,
                "config": config,
                "layers": layers,
                "annotations": {"org.opencontainers.image.ref.name": entry.package},
            }
            body = json.dumps(manifest, separators=(",", ":")).encode()
            registry.put(repository, entry.key, body, MANIFESTS[0])
        except UnreachableError:
            self._down = True
            raise

    def _repository(self, stage: Stage) -> str:
        return f"{self.place.namespace}/{stage.package.lower()}".lstrip("/")

    def _registry(self, seconds: float) -> ArtifactRegistry:
        patience = Patience(connect=3.0, read=30.0, total=seconds, attempts=3, calls=2)
        return ArtifactRegistry(self.place.host, Web(patience, self.plain, _REMEDY), self.login)


def parse_place_of_wheels(text: str) -> tuple[Place, bool]:
    """``oci://HOST/NAMESPACE[,mode=ro|rw]``: the place, and whether it is written to.

    Raises :class:`UsageError`.
    """
    head, _, rest = text.removeprefix(SCHEME).partition(",")
    if rest not in ("", "mode=ro", "mode=rw"):
        raise UsageError(
            f"--wheel-store {text}: {rest!r} is not known",
            hint="write oci://HOST/NAMESPACE, with ,mode=ro behind it where nothing is to be kept",
        )
    return parse_place(head), rest != "mode=ro"


def _layers(body: bytes, what: str) -> Mapping[str, list[dict[str, Any]]]:
    """The layers of an artifact's manifest by their media type."""
    found: dict[str, list[dict[str, Any]]] = {}
    try:
        document = json.loads(body)
        if document["artifactType"] != _KIND:
            raise KeyError
        for layer in document["layers"]:
            if not is_digest(layer["digest"]):
                raise KeyError
            found.setdefault(str(layer["mediaType"]), []).append(layer)
    except (LookupError, TypeError, ValueError, RecursionError):
        raise BadEntry(f"{what} is no entry of a wheel store") from None
    return found


def _descriptor(kind: str, sha256: str, size: int, title: str = "") -> dict[str, Any]:
    told = {"mediaType": kind, "digest": f"sha256:{sha256}", "size": size}
    return {**told, "annotations": {_TITLE: title}} if title else told


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
