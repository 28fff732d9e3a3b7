"""The name that an image gets."""

from __future__ import annotations

import re

from jetson_containers.errors import BuilderError, UsageError
from jetson_containers.image.reference import parse_reference
from jetson_containers.image.tag import tag_for
from jetson_containers.package.model import Package
from jetson_containers.resolve.model import Resolution

#: the longest name of an image, without its tag (github.com/distribution/reference)
MAX_NAME = 255
#: an image's name with or without a tag (ditto, ``regexp.go``)
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = re.compile(
    rf"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
)


def image_reference(resolution: Resolution, wanted: str = "") -> str:
    """Name and tag of an image: ``wanted``, or the name of its package, and the tag of both.

    A ``wanted`` name with a tag is taken as it is; one that ends in ``/`` is the place for the
    package's name. Raises :class:`UsageError` for a ``wanted`` name that no image can have, and
    :class:`BuilderError` where the package's makes it one.
    """
    package = named_after(resolution)
    found = _composed(resolution, package, wanted)
    length = len(parse_reference(found).repository)
    if length > MAX_NAME:
        raise BuilderError(
            f"the image's name would have {length} characters, the longest one has {MAX_NAME}",
            where=None if wanted else package.location,
            hint="give the image a shorter one with --name",
        )
    if not _NAME.fullmatch(found):
        raise BuilderError(
            f"{found} is no name that an image can have",
            where=package.location,
            hint="rename the package, or name the image with --name",
        )
    return found


def _composed(resolution: Resolution, package: Package, wanted: str) -> str:
    if wanted and not _NAME.fullmatch(wanted.rstrip(":/") or "-"):
        raise UsageError(
            f"--name {wanted!r} is no name for an image",
            hint="write [REGISTRY/][PATH/]NAME[:TAG], in lower-case letters, digits and . _ -",
        )
    name = wanted or package.name
    if ":" in name.rpartition("/")[2].rstrip(":"):
        return name
    tag = tag_for(
        resolution.target, package.version, prefix=package.prefix, postfix=package.postfix
    )
    return f"{name}{package.name}:{tag}" if name.endswith("/") else f"{name.rstrip(':')}:{tag}"


def named_after(resolution: Resolution) -> Package:
    """The package after which an image is named: the last one asked for that no other needs.

    As in the ecosystem, where it is the last one of the chain.
    """
    asked = [_meant(resolution, item.name) for item in resolution.request]
    parents = {
        item.package.name: {one.parent.name for one in item.because if one.parent}
        for item in resolution.chosen
    }
    names = {package.name for package in asked}
    for package in reversed(asked):
        users: set[str] = set()
        todo = [package.name]
        while todo:
            new = parents.get(todo.pop(), set()) - users
            users |= new
            todo += new
        if not users & names:
            return package
    return asked[-1]


def _meant(resolution: Resolution, name: str) -> Package:
    """The package of that name or alias."""
    return next(
        (
            item
            for item in resolution.packages
            if item.name == name
            or any(alias.partition(":")[0] == name for alias in item.aliases)
        ),
        resolution.packages[-1],
    )
