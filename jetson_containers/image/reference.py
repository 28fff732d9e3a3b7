"""Image references: ``[registry/][namespace/]name[:tag][@digest]``.

Source: distribution/reference, reference.go and regexp.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jetson_containers.errors import UsageError

# parts of lower-case letters and digits, with separators between them
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
#: the path of a repository in its registry
PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::\d+)?"
_FORM = re.compile(
    rf"(?:{_HOST}/)?{PATH.pattern}(?::\w[\w.-]{{0,127}})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,})?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference in parts; what is not given is empty.

    ``repository`` is everything before tag and digest. Law: ``str(parse_reference(x)) == x``.
    """

    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def name(self) -> str:
        """The last part of the repository: what the image is named after."""
        return self.repository.rpartition("/")[2]

    @property
    def namespace(self) -> str:
        """Everything before the name: ``dustynv``, ``localhost:5000/acme``."""
        return self.repository.rpartition("/")[0]


def parse_reference(text: str) -> Reference:
    """Split a reference; any text has one reading, whether or not a registry would take it."""
    rest, at, digest = text.partition("@")
    head, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag or not tag or not head or (at and not digest):
        head, tag = (rest, "") if not at or digest else (text, "")
    return Reference(head, tag, digest)


def is_reference(text: str) -> bool:
    """Whether an engine or a registry would take it for a reference, or for an image's id."""
    return _FORM.fullmatch(text) is not None


def check_reference(text: str) -> None:
    """Raises :class:`UsageError` for what no engine would take (:func:`is_reference`)."""
    if not is_reference(text):
        raise UsageError(
            f"{text!r} is no reference of an image",
            hint="write it as [REGISTRY/][NAMESPACE/]NAME[:TAG], the name in lower case",
        )


def familiar(text: str) -> str:
    """A reference as people write it, with its tag: equal texts are the same image.

    Engines add Docker Hub's name, Podman ``localhost``, to names without a registry.
    """
    found = parse_reference(text)
    name = found.repository
    for prefix in ("docker.io/library/", "docker.io/", "localhost/"):
        name = name.removeprefix(prefix)
    return str(Reference(name, found.tag or ("" if found.digest else "latest"), found.digest))
