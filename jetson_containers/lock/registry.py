"""The digest of an image's manifest, asked of its registry. No credentials are sent.

Source: the OCI distribution specification, and the token scheme of distribution/distribution.
"""

from __future__ import annotations

import re

from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.image.reference import parse_reference

_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
#: the registry of references that name none
_DEFAULT = "registry-1.docker.io"
_PATIENCE = 10


def manifest_digest(reference: str) -> str:
    """The digest of what a tag points at: of the index, where there are several platforms.

    Raises :class:`UnreachableError` when the registry cannot be asked, :class:`BuilderError` when
    it has no such image.
    """
    import requests

    parsed = parse_reference(reference)
    if parsed.digest:
        return parsed.digest
    host, path = _place(parsed.repository)
    scheme = "http" if re.fullmatch(r"(?:localhost|127\.\d+\.\d+\.\d+)(?::\d+)?", host) else "https"
    address = f"{scheme}://{host}/v2/{path}/manifests/{parsed.tag or 'latest'}"
    headers = {"Accept": _MANIFESTS}
    try:
        found = requests.head(address, headers=headers, timeout=_PATIENCE, allow_redirects=True)
        if found.status_code == 401:
            headers["Authorization"] = _token(found.headers.get("WWW-Authenticate", ""))
            found = requests.head(address, headers=headers, timeout=_PATIENCE)
    except (requests.RequestException, ValueError, KeyError):
        raise _unreachable(reference) from None
    if found.status_code == 404:
        raise BuilderError(f"the registry has no image {reference}", hint="correct the reference")
    digest = found.headers.get("Docker-Content-Digest", "")
    if found.status_code != 200 or not _DIGEST.fullmatch(digest):
        raise _unreachable(reference)
    return str(digest)


def _place(repository: str) -> tuple[str, str]:
    """Host and path: a first part with a dot or a port is a host."""
    host, slash, path = repository.partition("/")
    if slash and (re.search(r"[.:]", host) or host == "localhost"):
        return (_DEFAULT if host == "docker.io" else host), path
    return _DEFAULT, repository if slash else f"library/{repository}"


def _token(challenge: str) -> str:
    import requests

    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = fields.pop("realm")
    answer = requests.get(realm, params=fields, timeout=_PATIENCE).json()
    return f"Bearer {answer.get('token') or answer['access_token']}"


def _unreachable(reference: str) -> UnreachableError:
    return UnreachableError(
        f"the registry of {reference} could not be asked", hint="look at the network, or log in"
    )
