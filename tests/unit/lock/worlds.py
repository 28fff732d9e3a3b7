"""A tree of packages on disk and a world made of dictionaries, for tests of the lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.lock.collect import collect
from jetson_containers.lock.model import LockedBase, LockedImage
from jetson_containers.lock.outside import Distributions, Outside
from jetson_containers.lock.wanted import Install, name_of
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.loader import load_catalogue
from jetson_containers.platform.named import named_target
from jetson_containers.platform.target import Target
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.resolver import resolve

X86 = named_target("x86-cu130")

BODY = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"


def write(root: Path, name: str, header: str = "", body: str = "", config: str = "") -> Path:
    """A package below ``root``; returns its directory."""
    directory = root / name
    directory.mkdir(parents=True, exist_ok=True)
    lines = [f"# {line}" for line in (f"name: {name}", *header.strip().splitlines())]
    fence = "\n".join(["#---", *lines, "#---", ""])
    (directory / "Dockerfile").write_text(fence + BODY + body)
    if config:
        (directory / "config.py").write_text(config)
    return directory


def wheel_header(*pins: str, depends: str = "") -> str:
    """The header of a package that installs pins."""
    sources = ", ".join(
        f"{{pypi: {pin.partition('==')[0]}, version: '{pin.partition('==')[2]}', index: pypi}}"
        for pin in pins
    )
    words = " ".join(pins)
    return f"depends: [{depends}]\nbuild_args: {{WHEELS: '{words}'}}\nsources: [{sources}]\n"


def catalogue(root: Path, answers: Mapping[str, str] | None = None) -> Catalogue:
    return load_catalogue(X86, [root], answers=answers)


def chain(root: Path, *words: str, answers: Mapping[str, str] | None = None) -> Resolution:
    return resolve(catalogue(root, answers), [parse_requirement(word) for word in words])


@dataclass
class FakeWorld:
    """Everything the world says; what is not listed cannot be reached, ``Denied`` is denied."""

    refs: dict[tuple[str, str], str] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    bases: dict[str, LockedBase] = field(default_factory=dict)
    #: name==version to the names that it brings
    wheels: dict[str, list[str]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    yanked: tuple[str, ...] = ()
    denied: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def _of(self, known: Mapping[Any, str], key: Any, shown: str) -> str:
        self.asked.append(shown)
        if shown in self.denied:
            raise BuilderError(f"{shown} is not there")
        if shown in self.silent or key not in known:
            raise UnreachableError(f"{shown} could not be reached")
        return known[key]

    def answer(self, question: str, target: Target) -> str:
        return self._of(self.answers, question, question)

    def commit(self, address: str, ref: str) -> str:
        return self._of(self.refs, (address, ref), f"{address}@{ref}")

    def checksum(self, address: str) -> str:
        return self._of(self.sums, address, address)

    def base(self, reference: str, target: Target) -> LockedBase:
        return self.bases.get(reference, LockedBase(reference))

    def file(self, pin: str) -> tuple[str, str]:
        name, _, version = pin.partition("==")
        file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        return file, self.digests.get(file, f"{sum(pin.encode()) % 16:x}" * 64)

    def distributions(
        self, installs: Sequence[Install], bounds: str, target: Target
    ) -> Distributions:
        pins = {pin for install in installs for pin in install.pins}
        unknown = {pin: "its index could not be reached" for pin in pins if pin in self.silent}
        return Distributions(
            files={tuple(pin.split("==", 1)): self.file(pin) for pin in self.wheels},
            needs={name_of(pin): frozenset(needs) for pin, needs in self.wheels.items()},
            unknown=unknown,
        )

    def held_files(
        self, files: Iterable[str], index: str, target: Target
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        if "index" in self.silent:
            raise UnreachableError("the index could not be asked")
        here = dict(self.file(pin) for pin in self.wheels)
        return {file: here[file] for file in files if file in here}, self.yanked


def locked(root: Path, world: Outside, *words: str, base: str = "ubuntu:24.04") -> LockedImage:
    return collect(lambda answers: chain(root, *words, answers=answers), world, base, {})
