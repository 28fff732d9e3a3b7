"""A registry of the OCI distribution specification: tags, and what an image says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from jetson_containers.image.registry.auth import Gate
from jetson_containers.image.registry.credentials import Login
from jetson_containers.image.registry.faults import Unserved, UntrustedAnswer
from jetson_containers.image.registry.manifest import (
    ACCEPTED,
    Config,
    Descriptor,
    Index,
    is_digest,
    read_config,
    read_manifest,
    verified,
    within,
)
from jetson_containers.image.registry.web import LIMIT, Answer, Web, is_loopback

#: where Docker Hub speaks this protocol
HUB_HOST = "registry-1.docker.io"
_PAGE = 1000
_PAGES = 200
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_LINK = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """What a registry holds under a tag: the digest of the tag, and what the image says.

    ``architectures`` are Docker's names, of the configuration where it was read; ``config`` is
    that one's digest, by which some engines call the image.
    """

    digest: str
    architectures: tuple[str, ...]
    created: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    config: str = ""


class Registry:
    """One registry, by its ``host:port``."""

    def __init__(self, host: str, web: Web, login: Callable[[str], Login | None]) -> None:
        self._gate = Gate(host, web, login)
        near = is_loopback(urlsplit(f"//{host}").hostname or "")
        scheme = "http" if near or host in web.plain else "https"
        self._base = f"{scheme}://{HUB_HOST if host == 'docker.io' else host}"
        self._host = host

    def tags(self, repository: str) -> tuple[str, ...]:
        """Every tag of a repository, in the registry's order; none for an unknown repository.

        Raises :class:`UnreachableError` where no complete list can be had.
        """
        path = f"/v2/{repository}/tags/list"
        url: str | None = f"{self._base}{path}?n={_PAGE}"
        found: dict[str, None] = {}
        seen: set[str] = set()
        while url is not None:
            if url in seen or len(seen) >= _PAGES:
                raise UntrustedAnswer(f"the list of {self._host}/{repository} has no end")
            seen.add(url)
            answer = self._gate.get(url, repository, limit=LIMIT)
            if answer.status == 404 and self._speaks(answer):
                return ()
            self._expect(answer, f"the list of {self._host}/{repository}")
            tags = self._own_list(answer, repository).get("tags")
            before = len(found)
            found.update(
                (tag, None)
                for tag in (tags if isinstance(tags, list) else ())
                if isinstance(tag, str) and _TAG.fullmatch(tag)
            )
            url = self._next(answer, path)
            # under ever new addresses the same tags again, or none
            if url is not None and len(found) == before:
                raise UntrustedAnswer(f"the list of {self._host}/{repository} has no end")
        return tuple(found)

    def _own_list(self, answer: Answer, repository: str) -> Mapping[str, Any]:
        """The document, if it is of that repository; some registries leave out what leads to it."""
        document = answer.json()
        name = document.get("name") if isinstance(document, dict) else None
        if not isinstance(name, str) or not f"/{repository}".endswith(f"/{name}"):
            raise UntrustedAnswer(
                f"{self._host} was asked for {repository}, and answered for another"
            )
        return cast("Mapping[str, Any]", document)

    def image(self, repository: str, reference: str, architecture: str) -> RemoteImage | None:
        """What a tag or digest holds for an architecture; ``None`` where there is no such tag.

        Every document is held against its digest. Where an index has nothing for the
        architecture, nothing more is read: its ``architectures`` tell.
        """
        what = f"{self._host}/{repository}{'@' if ':' in reference else ':'}{reference}"
        answer = self._manifest(repository, reference, what)
        if answer is None:
            return None
        digest = verified(answer.body, reference if ":" in reference else "", what)
        verified(answer.body, answer.headers.get("docker-content-digest", ""), what)
        found = read_manifest(answer.body, answer.headers.get("content-type", ""), what)
        if not isinstance(found, Index):
            config = self._config(repository, found.config, what)
            return RemoteImage(
                digest,
                (config.architecture,),
                config.created,
                config.labels,
                found.config.digest,
            )
        entry = found.entry(architecture)
        if entry is None:
            return RemoteImage(digest, found.architectures)
        within(entry, LIMIT, what)
        inner = self._manifest(repository, entry.digest, what)
        if inner is None:
            raise UntrustedAnswer(f"{what} points at a manifest that is not there")
        verified(inner.body, entry.digest, what)
        manifest = read_manifest(inner.body, inner.headers.get("content-type", ""), what)
        if isinstance(manifest, Index):
            raise UntrustedAnswer(f"{what} is an index of indexes")
        config = self._config(repository, manifest.config, what)
        others = {name for name in found.architectures if name != architecture}
        return RemoteImage(
            digest,
            tuple(sorted({config.architecture, *others})),
            config.created,
            config.labels,
            manifest.config.digest,
        )

    def digest(self, repository: str, tag: str) -> str | None:
        """The digest of what a tag points at: of the index, where there are several platforms.

        ``None`` where there is no such tag. No manifest is fetched for it, if the registry tells
        without.
        """
        url = f"{self._base}/v2/{repository}/manifests/{tag}"
        what = f"{self._host}/{repository}:{tag}"
        answer = self._gate.ask("HEAD", url, repository, headers={"Accept": ACCEPTED})
        if answer.status == 404:
            return None
        self._expect(answer, what)
        told = answer.headers.get("docker-content-digest", "")
        if is_digest(told):
            return told
        found = self._manifest(repository, tag, what)
        return None if found is None else verified(found.body, "", what)

    def _manifest(self, repository: str, reference: str, what: str) -> Answer | None:
        path = f"/v2/{repository}/manifests/{reference}"
        answer = self._gate.get(f"{self._base}{path}", repository, accept=ACCEPTED, limit=LIMIT)
        if answer.status == 404:
            return None
        if urlsplit(answer.url).path != path:
            raise UntrustedAnswer(f"for {what} the registry offers another manifest: {answer.url}")
        self._expect(answer, what)
        return answer

    def _config(self, repository: str, descriptor: Descriptor, what: str) -> Config:
        within(descriptor, LIMIT, what)
        url = f"{self._base}/v2/{repository}/blobs/{descriptor.digest}"
        answer = self._gate.get(url, repository, limit=LIMIT)
        self._expect(answer, f"the configuration of {what}")
        verified(answer.body, descriptor.digest, f"the configuration of {what}")
        return read_config(answer.body, what)

    def _speaks(self, answer: Answer) -> bool:
        """Whether a 404 is a registry's: by its own error document, else by ``/v2/``."""
        try:
            document = answer.json()
        except UntrustedAnswer:
            document = None
        if isinstance(document, dict) and document.get("errors"):
            return True
        return self._gate.web.fetch(f"{self._base}/v2/").status in (200, 401, 403)

    def _expect(self, answer: Answer, what: str) -> None:
        if answer.status != 200:
            raise Unserved(
                f"{what} cannot be had: {self._host} answers {answer.status}",
                hint="look whether that host is a container registry",
            )

    def _next(self, answer: Answer, path: str) -> str | None:
        """The next page (RFC 8288, ``Link``), of the same list only."""
        match = _LINK.search(answer.headers.get("link", ""))
        if match is None:
            return None
        url = answer.leads_to(match[1])
        here, there = urlsplit(self._base), urlsplit(url)
        if (here.scheme, here.netloc, path) != (there.scheme, there.netloc, there.path):
            raise UntrustedAnswer(f"the list of {self._host}{path} goes on elsewhere: {url}")
        return url
