"""The packages of several targets in one list, each version once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.findings import Finding
from jetson_containers.package.model import Package
from jetson_containers.plan.skip import Matches


@dataclass(slots=True)
class Listed:
    """One version of a package: as each target has it, and on which the bare name means it."""

    sights: list[Package] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)

    @property
    def package(self) -> Package:
        """As the first target has it."""
        return self.sights[0]

    @property
    def default_on(self) -> list[str]:
        """The targets on which the bare name means this version."""
        pairs = zip(self.targets, self.sights, strict=True)
        return [target for target, sight in pairs if sight.is_default]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form. What differs between targets is put together: each text once."""
        package = self.package
        return {
            "name": package.name,
            "version": package.version,
            "aliases": _texts(sight.aliases for sight in self.sights),
            "default": len(self.default_on) == len(self.targets),
            "group": package.group,
            "depends": _texts(map(str, sight.depends) for sight in self.sights),
            "requires": _texts(sight.requires for sight in self.sights),
            "path": package.relative_path,
            "targets": self.targets,
        }


def listed(catalogues: Iterable[Catalogue], matches: Matches) -> list[Listed]:
    """The packages that match, by reference."""
    found: dict[str, Listed] = {}
    for catalogue in catalogues:
        for package in filter(matches, catalogue.packages):
            entry = found.setdefault(package.reference, Listed())
            entry.sights.append(package)
            entry.targets.append(catalogue.target.name)
    return [found[reference] for reference in sorted(found)]


def faults(catalogues: Iterable[Catalogue]) -> dict[Finding, list[str]]:
    """The faulty definitions, each once, with the targets on which they are."""
    found: dict[tuple[object, ...], tuple[Finding, list[str]]] = {}
    for catalogue in catalogues:
        for finding in catalogue.findings:
            if finding.severity == "error":
                key = finding.location, finding.message
                found.setdefault(key, (finding, []))[1].append(catalogue.target.name)
    return dict(found.values())


def _texts(values: Iterable[Iterable[str]]) -> Sequence[str]:
    return list(dict.fromkeys(text for texts in values for text in texts))
