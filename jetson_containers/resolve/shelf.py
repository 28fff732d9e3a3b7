"""What resolving needs of a catalogue."""

from __future__ import annotations

from typing import Protocol

from jetson_containers.package.findings import Refusal
from jetson_containers.package.model import Package, Requirement
from jetson_containers.platform.target import Target


class Shelf(Protocol):
    """What the resolver needs of a catalogue."""

    @property
    def target(self) -> Target: ...
    @property
    def packages(self) -> tuple[Package, ...]: ...
    def find(self, requirement: Requirement) -> tuple[Package, ...]:
        """The packages that satisfy a requirement, the best first."""
    def versions(self, name: str) -> tuple[Package, ...]:
        """Every version behind a name or alias."""
    def refusals(self, name: str) -> tuple[Refusal, ...]:
        """Packages of that name that are not for this target."""
    def nearest(self, name: str) -> tuple[str, ...]:
        """Known names that look like ``name``."""


def lookup(catalogue: Shelf, requirement: Requirement) -> tuple[str, tuple[Package, ...]] | None:
    """The canonical name behind a requirement, and the packages that satisfy it.

    ``None`` when no package of that name or alias is known for the target.
    """
    found = catalogue.find(requirement)
    known = found or catalogue.versions(requirement.name)
    return (known[0].name, found) if known else None


def canonical_name(catalogue: Shelf, requirement: Requirement) -> str:
    """The name behind a requirement; as it is written when no such package is known."""
    found = lookup(catalogue, requirement)
    return found[0] if found else requirement.name
