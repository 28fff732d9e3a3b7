"""The result of resolving: which packages, in which order, and because of what."""

from __future__ import annotations

from dataclasses import dataclass

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
        if self.parent is None:
            return f"{self.requirement} was asked for"
        place = f" ({self.requirement.location})" if self.requirement.location else ""
        verb = "conflicts with" if self.forbids else "requires"
        return f"{self.parent.reference} {verb} {self.requirement}{place}"


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
