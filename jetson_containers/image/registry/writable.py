"""A registry that is written to: manifests and blobs, each checked where it was put.

Source: OCI distribution specification, "Push".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jetson_containers.errors import UnreachableError
from jetson_containers.image.registry.client import Registry
from jetson_containers.image.registry.faults import LoginNeeded, UntrustedAnswer
from jetson_containers.image.registry.manifest import (
    Config,
    Index,
    Manifest,
    read_manifest,
    verified,
)
from jetson_containers.image.registry.web import Answer


@dataclass(frozen=True, slots=True)
class Document:
    """A manifest or an index as a registry gave it, held against its digest."""

    body: bytes
    media_type: str
    digest: str

    def read(self, what: str) -> Index | Manifest:
        """What it says; ``what`` names it in errors."""
        return read_manifest(self.body, self.media_type, what)


class WritableRegistry(Registry):
    """A :class:`Registry` that takes what it is given.

    Whatever it is told to keep can be told again: what is there already is not sent.
    """

    def document(self, repository: str, reference: str) -> Document | None:
        """What a tag or a digest points at, as it was pushed; ``None`` where there is nothing."""
        what = self._what(repository, reference)
        answer = self._manifest(repository, reference, what)
        if answer is None:
            return None
        digest = verified(answer.body, reference if ":" in reference else "", what)
        verified(answer.body, answer.headers.get("docker-content-digest", ""), what)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        return Document(answer.body, kind, digest)

    def configuration(self, repository: str, manifest: Manifest, what: str) -> Config:
        """What the image of a manifest says of itself."""
        return self._config(repository, manifest.config, what)

    def put(self, repository: str, reference: str, body: bytes, media_type: str) -> str:
        """Let a tag or digest point at a manifest; its digest.

        Raises :class:`UntrustedAnswer` where the registry has kept something else.
        """
        what = self._what(repository, reference)
        digest = verified(body, reference if ":" in reference else "", what)
        answer = self._gate.ask(
            "PUT",
            f"{self._base}/v2/{repository}/manifests/{reference}",
            repository,
            headers={"Content-Type": media_type},
            body=body,
        )
        self._taken(answer, (201,), what)
        kept = self.document(repository, reference)
        if kept is None or kept.digest != digest:
            raise UntrustedAnswer(
                f"{what} was pushed as {digest[:19]}…, and the registry has "
                + (f"{kept.digest[:19]}…" if kept else "nothing"),
                hint="somebody else may be pushing there now; try again",
            )
        return digest

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the registry says that it has a blob."""
        url = f"{self._base}/v2/{repository}/blobs/{digest}"
        return self._gate.ask("HEAD", url, repository, headers={}).status == 200

    def put_blob(self, repository: str, digest: str, content: bytes | Path) -> bool:
        """Keep a blob of that digest; whether it had to be sent.

        The registry holds what comes against the digest, as the protocol demands.
        """
        if self.has_blob(repository, digest):
            return False
        what = f"the blob {digest[:19]}… of {self._host}/{repository}"
        begun = self._gate.ask(
            "POST", f"{self._base}/v2/{repository}/blobs/uploads/", repository, headers={}
        )
        self._taken(begun, (202,), what)
        place = begun.leads_to(begun.headers.get("location", ""))
        url = f"{place}{'&' if '?' in place else '?'}digest={digest}"
        headers = {"Content-Type": "application/octet-stream"}
        if urlsplit(url).netloc == urlsplit(self._base).netloc:
            answer = self._gate.ask("PUT", url, repository, headers=headers, body=content)
        else:  # a store beside the registry: the address is what lets one in, no login goes there
            answer = self._gate.web.fetch(url, headers=headers, method="PUT", body=content)
        self._taken(answer, (201,), what)
        if not self.has_blob(repository, digest):
            raise UntrustedAnswer(f"{what} was pushed, and is not there")
        return True

    def lists_referrers(self, repository: str, digest: str) -> bool:
        """Whether the registry itself tells what refers to a manifest.

        Source: OCI distribution specification 1.1, "Listing Referrers".
        """
        url = f"{self._base}/v2/{repository}/referrers/{digest}"
        return self._gate.ask("GET", url, repository, headers={}).status == 200

    def _taken(self, answer: Answer, fine: tuple[int, ...], what: str) -> None:
        if answer.status in fine:
            return
        if answer.status == 405:
            raise LoginNeeded(f"{self._host} takes nothing: {what} cannot be pushed")
        raise UnreachableError(
            f"{what} cannot be pushed: {self._host} answers {answer.status}"
            f" ({_reason(answer) or 'without a reason'})"
        )

    def _what(self, repository: str, reference: str) -> str:
        return f"{self._host}/{repository}{'@' if ':' in reference else ':'}{reference}"


def _reason(answer: Answer) -> str:
    """The registry's own words (OCI distribution specification, "Error codes")."""
    try:
        errors = answer.json()["errors"]
        first = errors[0]
        return f"{first['code']}: {first.get('message', '')}"[:200].rstrip(": ")
    except (UntrustedAnswer, LookupError, TypeError, AttributeError):
        return ""
