"""Where images are searched: a registry and a namespace in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from jetson_containers.errors import UsageError
from jetson_containers.image.reference import PATH

HUB = "docker.io"
_HOST = re.compile(r"localhost|\[[0-9a-f:]+\]|[a-z0-9.-]*[.][a-z0-9.-]*|[a-z0-9.-]+(?=:)", re.I)
_PORT = re.compile(r":\d{1,5}")


@dataclass(frozen=True, slots=True)
class Place:
    """``host`` (with its port) and ``namespace``, which may be empty or have several parts."""

    host: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.host}/{self.namespace}".rstrip("/")

    @property
    def prefix(self) -> str:
        """What stands before ``/NAME`` in a reference: Docker Hub's own name is left out."""
        return self.namespace if self.host == HUB else str(self)


def parse_place(text: str) -> Place:
    """``HOST/NAMESPACE``; a first part without dot or port is a namespace of Docker Hub.

    Raises :class:`UsageError` for anything else. Law: ``parse_place(str(p)) == p``.
    """
    bare = re.sub(r"^https://", "", text).strip("/")
    first, _, rest = bare.partition("/")
    match = _HOST.match(first)
    host, namespace = HUB, bare
    if match and (first == match[0] or _PORT.fullmatch(first[match.end() :])):
        host, namespace = first.lower(), rest
    if host in ("index.docker.io", "registry-1.docker.io"):
        host = HUB
    if (namespace and not PATH.fullmatch(namespace)) or (host == HUB and not namespace):
        raise UsageError(
            f"{text!r} names no registry", hint="write it as HOST/NAMESPACE or HOST:PORT/NAMESPACE"
        )
    return Place(host, namespace)


def spellings(names: Iterable[str]) -> tuple[str, ...]:
    """The repositories that may hold packages: in lower case, and with either dash."""
    found: dict[str, None] = {}
    for name in names:
        low = name.lower()
        for spelled in (low, low.replace("_", "-"), low.replace("-", "_")):
            if PATH.fullmatch(spelled):
                found[spelled] = None
    return tuple(found)
