"""What is asked of autotag: packages by name, each maybe with a version or a namespace."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from jetson_containers.errors import UsageError, raise_all
from jetson_containers.image.compatibility import Reason
from jetson_containers.image.facts import ImageFacts, fold

_FORM = re.compile(
    r"(?:(?P<namespace>[A-Za-z0-9][\w.-]*(?::\d{1,5})?(?:/[A-Za-z0-9][\w.-]*)*)/)?"
    r"(?P<name>[A-Za-z0-9][\w.+-]*)(?::(?P<version>[\w.+!-]+))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One package: ``name``, ``name:version`` or ``namespace/name``; what is not said is empty."""

    name: str
    version: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        space = f"{self.namespace}/" if self.namespace else ""
        return f"{space}{self.name}" + (f":{self.version}" if self.version else "")


def parse_wanted(words: Iterable[str]) -> tuple[Wanted, ...]:
    """Read the words of a request; raises :class:`UsageError` with every wrong one."""
    matches = [(word, _FORM.fullmatch(word)) for word in words]
    raise_all(
        UsageError(
            f"{word!r} names no package", hint="write it as NAME, NAME:VERSION or NAMESPACE/NAME"
        )
        for word, match in matches
        if match is None
    )
    found = (match.groupdict(default="") for _, match in matches if match is not None)
    return tuple(
        # references of Docker Hub's images do not name it
        Wanted(item["name"], item["version"], item["namespace"].removeprefix("docker.io/"))
        for item in found
    )


def is_about(image: ImageFacts, request: Iterable[Wanted]) -> bool:
    """Whether an image has to do with a request at all: it holds, or is named as, one of it."""
    names = {name for name, _ in image.packages} | {fold(image.reference.name)}
    return any(
        fold(wanted.name) in names and wanted.namespace in ("", image.reference.namespace)
        for wanted in request
    )


def missing(image: ImageFacts, request: Iterable[Wanted]) -> Reason | None:
    """What is asked for and not in the image, or, by tag alone, not in its name."""
    held = dict(image.packages)
    absent = [str(item) for item in request if fold(item.name) not in held]
    if not absent:
        return None
    told = "by its label" if image.verified_by == "label" else "as far as its name tells"
    return Reason("missing-package", f"{told}, the image does not hold {', '.join(absent)}")


def wrong_version(image: ImageFacts, request: Iterable[Wanted]) -> Reason | None:
    """What is in the image, but in another version than the one that is asked for."""
    held = dict(image.packages)
    wrong = [
        f"{item.name} {held[fold(item.name)] or 'of no known version'}"
        for item in request
        if item.version
        and fold(item.name) in held
        and not same_version(item.version, held[fold(item.name)])
    ]
    if not wrong:
        return None
    asked = ", ".join(str(item) for item in request if item.version)
    return Reason("wrong-version", f"the image holds {', '.join(wrong)}; asked was {asked}")


def unasked_builder(image: ImageFacts, request: Iterable[Wanted]) -> Reason | None:
    """A builder image, unless it is asked for by that name."""
    if not image.builder or any("builder" in str(item) for item in request):
        return None
    return Reason("builder-image", "the image holds what is needed to compile a package")


def same_version(asked: str, held: str) -> bool:
    """Equal as PEP 440 versions, else as texts; a local part counts only when it is asked for."""
    a, b = parse_version(asked), parse_version(held)
    if a is None or b is None:
        return asked == held
    return a == b or (a.local is None and a == Version(b.public))


def parse_version(text: str) -> Version | None:
    """A PEP 440 version, or ``None``."""
    try:
        return Version(text)
    except InvalidVersion:
        return None
