"""Whether a locked image agrees with itself: its files are those of its pins, for its platform.

``lock`` writes nothing else; what differs was edited or merged by hand, and would be installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename

from jetson_containers.lock.model import LockedImage, LockedPackage, distribution
from jetson_containers.lock.platform import wheel_tags

#: where something stands in an image's mapping
At = tuple[str | int, ...]

_PYTHON = re.compile(r"(\d+)\.(\d+)(?:\..*)?")


def faults(image: LockedImage) -> Iterator[tuple[At, str]]:
    """What contradicts what, each with its place in the image.

    What a pin brings along is not in the file, so a distribution too many is not seen.
    """
    pins = [_pins(package, "") for package in image.packages]
    instead = [pin for package in image.packages for pin in _pins(package, "instead ")]
    absent = {
        canonicalize_name(word.removeprefix("without "))
        for package in image.packages
        for word in package.wheels
        if word.startswith("without ")
    }
    tags = _tags(image)
    packages: set[str] = set()
    held: dict[str, str] = {}
    complete = "distributions" not in image.unknown
    for number, package in enumerate(image.packages):
        at = ("packages", number)
        if package.name in packages:
            yield (*at, "package"), f"{package.name} is there twice"
        packages.add(package.name)
        for file in package.files:
            here = (*at, "files", file)
            try:
                name, version = distribution(file)
            except ValueError:
                yield here, f"{file!r} is no name of a distribution's file"
                continue
            if name in held:
                yield here, f"{name} has two files, {held[name]} and {file}"
            held[name] = file
            if tags and file.endswith(".whl") and tags.isdisjoint(parse_wheel_filename(file)[3]):
                yield here, f"{file} is not for Python {image.python} on {image.platform}"
            wishes = [pin for own in (*pins, instead) for pin in own if _name(pin) == name]
            # what stands instead of a pin counts in its place
            if not _allowed(version, wishes, [pin for pin in instead if _name(pin) == name]):
                yield here, f"{file} is not what {wishes[0]} asks for"
        if package.files and not package.wheels:
            yield (*at, "files"), f"{package.reference} has files, and no pin that asks for them"
        complete = complete and not any(word in image.unknown for word in _words(package))
        for pin in pins[number] if complete else ():
            name = _name(pin)
            if name not in held and name not in absent and pin.marker is None:
                yield (*at, "wheels"), f"{pin} has no file"


def _words(package: LockedPackage) -> list[str]:
    """The pins of a package, as its definition spells them."""
    return [
        word.partition(" from ")[0]
        for word in package.wheels
        if word != "build" and not word.startswith(("instead ", "without "))
    ]


def _pins(package: LockedPackage, kind: str) -> list[Requirement]:
    """The pins of a kind that name a distribution, and not an address."""
    words = (
        [word.removeprefix(kind) for word in package.wheels if word.startswith(kind)]
        if kind
        else _words(package)
    )
    found = []
    for word in words:
        try:
            pin = Requirement(word)
        except InvalidRequirement:
            continue
        if pin.url is None:
            found.append(pin)
    return found


def _name(pin: Requirement) -> str:
    return canonicalize_name(pin.name)


def _allowed(
    version: str, wishes: Sequence[Requirement], instead: Sequence[Requirement]
) -> bool:
    if instead:
        return any(pin.specifier.contains(version, prereleases=True) for pin in wishes)
    return all(
        pin.specifier.contains(version, prereleases=True) for pin in wishes if pin.marker is None
    )


def _tags(image: LockedImage) -> frozenset[Tag]:
    """What the image's platform takes; nothing for one that can be none, which is a drift."""
    python = _PYTHON.fullmatch(image.python)
    return _known_tags(image.platform, int(python[1]), int(python[2])) if python else frozenset()


@lru_cache(maxsize=64)
def _known_tags(platform: str, major: int, minor: int) -> frozenset[Tag]:
    try:
        return frozenset(wheel_tags(platform, (major, minor)))
    except ValueError:
        return frozenset()
