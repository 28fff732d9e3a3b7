"""What the lock holds against the world of today."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from jetson_containers.errors import BuilderError, Location, UnreachableError
from jetson_containers.lock.drift import Drift, remedy
from jetson_containers.lock.model import LockedImage, LockedPackage, distribution
from jetson_containers.lock.outside import Outside
from jetson_containers.lock.wanted import name_of, wanted
from jetson_containers.package.model import Package
from jetson_containers.platform.target import Target
from jetson_containers.resolve.model import Resolution

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Silence:
    """A source that could not be asked: what it says now is not known."""

    image: str
    source: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        return {"image": self.image, "source": self.source, "reason": self.reason}


def world_drifts(
    image: LockedImage, resolution: Resolution, outside: Outside, lock_path: str
) -> tuple[tuple[Drift, ...], tuple[Silence, ...]]:
    """What moved outside, and what could not be asked. What is not pinned is not looked at.

    ``resolution`` tells where definitions stand, and which index a file is from.
    """
    check = _Check(image, resolution.target, outside, Location(lock_path))
    places = {package.reference: package for package in resolution.packages}
    found: list[Drift | Silence] = [*check.base(), *check.answers(resolution)]
    for package in image.packages:
        found += check.sources(package, places.get(package.reference))
    for index, files in _by_index(image, places).items():
        found += check.files(files, index)
    return (
        tuple(item for item in found if isinstance(item, Drift)),
        tuple(item for item in found if isinstance(item, Silence)),
    )


@dataclass(frozen=True, slots=True)
class _Check:
    image: LockedImage
    target: Target
    outside: Outside
    place: Location

    def base(self) -> Iterator[Drift | Silence]:
        locked = self.image.base
        if not locked.known:
            return
        now = self.outside.base(locked.reference, self.target)
        pairs = ((locked.digest, now.digest), (locked.image, now.image))
        both = [(before, after) for before, after in pairs if before and after]
        if any(before == after for before, after in both):
            return
        subject = f"base {locked.reference}"
        if both:
            yield self._drift("base", subject, f"{locked.reference} is {both[0][1]} now", None)
        else:
            yield self._silence(subject, "neither an engine nor a registry tells its digest")

    def answers(self, resolution: Resolution) -> Iterator[Drift | Silence]:
        for question, before in self.image.recorded.items():
            ask = self._asked(question, lambda: self.outside.answer(question, self.target))  # noqa: B023
            if isinstance(ask, Drift | Silence):
                yield ask
            elif ask != before:
                shown = f"the answer to {question} is {_short(ask)}, locked is {_short(before)}"
                yield self._drift("moved", question, shown, None)

    def sources(self, locked: LockedPackage, now: Package | None) -> Iterator[Drift | Silence]:
        where = now.location if now else None
        for key, commit in locked.git.items():
            address, _, ref = key.rpartition("@")
            if commit is None or ref == commit:
                continue
            found = self._asked(key, lambda: self.outside.commit(address, ref), where)  # noqa: B023
            if isinstance(found, Drift | Silence):
                yield found
            elif found != commit:
                said = f"{ref} of {address} is at {found}, locked is {commit}"
                yield self._drift("moved", key, said, where)
        for address, checksum in locked.urls.items():
            if checksum is None:
                continue
            found = self._asked(address, lambda: self.outside.checksum(address), where)  # noqa: B023
            if isinstance(found, Drift | Silence):
                yield found
            elif found != checksum:
                said = f"{address} has sha256 {found}, locked is {checksum}"
                yield self._drift("changed", address, said, where)

    def files(self, files: Mapping[str, str], index: str) -> Iterator[Drift | Silence]:
        source = "another index" if index else "the default index"
        try:
            held, yanked = self.outside.held_files(files, index, self.target)
        except UnreachableError as error:
            yield self._silence(f"{len(files)} files of {source}", error.what)
            return
        withdrawn = {tuple(pin.partition("==")[::2]) for pin in yanked}
        for file, checksum in files.items():
            name, version = distribution(file)
            if file not in held:
                yield self._drift("gone", file, f"{source} no longer has {file}", None)
            elif held[file] != checksum:
                said = f"{file} has sha256 {held[file]}, locked is {checksum}"
                yield self._drift("changed", file, said, None)
            if (name, version) in withdrawn:
                yield self._drift("yanked", file, f"{name} {version} was withdrawn", None)

    def _asked(
        self, subject: str, ask: Callable[[], T], where: Location | None = None
    ) -> T | Drift | Silence:
        try:
            return ask()
        except UnreachableError as error:
            return self._silence(subject, error.what)
        except BuilderError as error:
            return self._drift("gone", subject, error.what, where)

    def _silence(self, source: str, reason: str) -> Silence:
        return Silence(str(self.image), source, reason)

    def _drift(self, code: str, subject: str, message: str, where: Location | None) -> Drift:
        return Drift(
            str(self.image), code, subject, message, where or self.place, remedy(self.image)
        )


def _by_index(
    image: LockedImage, now: Mapping[str, Package]
) -> dict[str, dict[str, str]]:
    """The locked files by the address of their index; the default one is the empty text."""
    indexes: dict[str, str] = {}
    for package in now.values():
        install = wanted(package).install
        if install:
            indexes |= {name_of(pin): index for index, pin in install.elsewhere}
    found: dict[str, dict[str, str]] = {}
    for file, checksum in image.files.items():
        found.setdefault(indexes.get(distribution(file)[0], ""), {})[file] = checksum
    return found


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
