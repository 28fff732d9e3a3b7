"""The result of resolving: which packages, in which order, and because of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jetson_containers.errors import place_keys
from jetson_containers.package.model import Package, Requirement
from jetson_containers.platform.target import Target


@dataclass(frozen=True, slots=True)
class Because:
    """A requirement that holds a package in a chain, or with ``forbids`` keeps one out.

    ``parent`` is the package that states it, ``None`` for the request.
    """

    requirement: Requirement
    parent: Package | None = None
    forbids: bool = False

    def __str__(self) -> str:
        place = self.requirement.location if self.parent else None
        return f"{self.wording} ({place})" if place else self.wording

    @property
    def wording(self) -> str:
        """Without the place: for a message that has it in front."""
        if self.parent is None:
            return f"{self.requirement} was asked for"
        verb = "conflicts with" if self.forbids else "requires"
        return f"{self.parent.reference} {verb} {self.requirement}"

    @property
    def is_own(self) -> bool:
        """Whether a package asks for another version of its own name."""
        parent, wanted = self.parent, self.requirement
        return (
            parent is not None
            and wanted.name == parent.name
            and not wanted.accepts(parent.version)
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form of a requirement: who states it, what, and where."""
        return {
            "package": self.parent.reference if self.parent else None,
            "requirement": str(self.requirement),
            **place_keys(self.requirement.location),
        }


@dataclass(frozen=True, slots=True)
class Resolved:
    """A chosen package with every requirement that it satisfies."""

    package: Package
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The packages of one image in canonical order.

    Laws: one package per name; every dependency stands before its dependant; the order depends
    on the set of packages and the catalogue only, never on the order of the request.
    """

    target: Target
    request: tuple[Requirement, ...]
    chosen: tuple[Resolved, ...]

    @property
    def packages(self) -> tuple[Package, ...]:
        """The packages in build order."""
        return tuple(item.package for item in self.chosen)
