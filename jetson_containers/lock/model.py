"""What a lock file holds, as values: for each image what it takes from outside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

#: raised when an older program could not read what this one writes
FORMAT = 1

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*")


@dataclass(frozen=True, slots=True)
class LockedBase:
    """The image that a chain starts on.

    ``image`` is the content's id in the engine's store, ``digest`` that of the manifest in a
    registry; what nobody could say is ``None``.
    """

    reference: str
    image: str | None = None
    digest: str | None = None

    @property
    def known(self) -> tuple[str, ...]:
        """The digests there are, the engine's first: it is the one that a build sees."""
        return tuple(item for item in (self.image, self.digest) if item)


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A package of a chain and what its stage takes from outside.

    ``wheels`` are the pins of its definition, ``files`` the distributions that its stage adds
    (file name to sha256), ``git`` maps ``URL@REF`` to a commit, ``urls`` an address to a sha256.
    A value is ``None`` where it could not be had. ``arguments`` are its build arguments but for
    the words of its installer.
    """

    reference: str
    wheels: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict, hash=False)
    git: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    urls: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        return self.reference.partition(":")[0]


@dataclass(frozen=True, slots=True)
class LockedImage:
    """One request on one target.

    ``request`` is in the order in which it was asked: the image is named after its last word.
    ``skip`` are the patterns of packages that were left out.
    ``platform`` and ``python`` are what the distributions are for; ``settings`` the environment
    that definitions read; ``answers`` what they asked the network. ``packages`` are in build
    order. ``unknown`` names what could not be had, with the reason.
    """

    target: str
    request: tuple[str, ...]
    platform: str
    python: str
    base: LockedBase
    packages: tuple[LockedPackage, ...]
    skip: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)
    answers: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    unknown: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """What is locked apart: the target and the words of the request, in any order."""
        return self.target, tuple(sorted(self.request))

    @property
    def recorded(self) -> dict[str, str]:
        """The answers that are known."""
        return {question: text for question, text in self.answers.items() if text is not None}

    @property
    def files(self) -> dict[str, str]:
        """Every distribution of the image: file name to sha256."""
        return {name: digest for item in self.packages for name, digest in item.files.items()}

    def __str__(self) -> str:
        return f"{' '.join(self.request)} on {self.target}"


@dataclass(frozen=True, slots=True)
class Lock:
    """All locked images. Law: keys are unique, and ``images`` are sorted by them."""

    images: tuple[LockedImage, ...] = ()

    def find(self, target: str, request: Iterable[str]) -> LockedImage | None:
        """The image of a request, whatever the order of its words."""
        key = (target, tuple(sorted(request)))
        return next((image for image in self.images if image.key == key), None)

    def updated(self, images: Iterable[LockedImage]) -> Lock:
        """With ``images`` in place of those of the same key; the others stay as they are."""
        merged = {image.key: image for image in (*self.images, *images)}
        return replace(self, images=tuple(merged[key] for key in sorted(merged)))


def distribution(file: str) -> tuple[str, str]:
    """Name and version of a distribution's file; raises ``ValueError`` for another file.

    Law: such a name is one word for a shell and leads out of no directory.
    """
    if not _FILE.fullmatch(file):
        raise ValueError(f"{file!r} is no distribution's file")
    if file.endswith(".whl"):
        name, version = parse_wheel_filename(file)[:2]
    else:
        name, version = parse_sdist_filename(file)
    return canonicalize_name(name), str(version)
