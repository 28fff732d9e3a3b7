"""Where images are searched: a registry and a namespace in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from jetson_containers.errors import UsageError
from jetson_containers.image.reference import PATH, is_reference

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


def parse_place(text: str, shown: str = "") -> Place:
    """``HOST/NAMESPACE``; a first part without dot or port is a namespace of Docker Hub.

    Raises :class:`UsageError` for anything else; ``shown`` is what errors call it, such as an
    option and all that was written there. Law: ``parse_place(str(p)) == p``.
    """
    bare = re.sub(r"^https://", "", text).strip("/")
    first, _, rest = bare.partition("/")
    host, namespace = HUB, bare
    if _is_host(first):
        host, namespace = first.lower(), rest
    if host in ("index.docker.io", "registry-1.docker.io"):
        host = HUB
    if (namespace and not PATH.fullmatch(namespace)) or (host == HUB and not namespace):
        raise UsageError(
            f"{shown or repr(text)} names no registry", hint=_advice("HOST[:PORT]/NAMESPACE", text)
        )
    return Place(host, namespace)


def _is_host(text: str) -> bool:
    match = _HOST.match(text)
    return match is not None and (text == match[0] or bool(_PORT.fullmatch(text[match.end() :])))


def check_repository(text: str, option: str) -> None:
    """Raise :class:`UsageError` for what no image can be pushed below."""
    if not is_reference(f"{text.rstrip('/')}/name"):
        raise UsageError(
            f"{option} {text!r} names no place in a registry",
            hint=_advice("HOST[:PORT]/NAMESPACE, in lower case", text),
        )


def plain_host(text: str) -> str:
    """A word of ``--insecure-registry``, in lower case; raises :class:`UsageError` for no host."""
    if not _is_host(text):
        raise UsageError(
            f"--insecure-registry {text!r} is no host", hint=_advice("HOST[:PORT]", text)
        )
    return text.lower()


def _advice(form: str, text: str) -> str:
    scheme, mark, _ = text.partition("://")
    return f"write {form}" + (f", without {scheme}{mark}" if mark else "")


def spellings(names: Iterable[str]) -> tuple[str, ...]:
    """The repositories that may hold packages: in lower case, and with either dash."""
    found: dict[str, None] = {}
    for name in names:
        low = name.lower()
        for spelled in (low, low.replace("_", "-"), low.replace("-", "_")):
            if PATH.fullmatch(spelled):
                found[spelled] = None
    return tuple(found)
