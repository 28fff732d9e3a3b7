"""All packages for one target: names, versions, aliases, defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from packaging.version import InvalidVersion, Version

from jetson_containers.package.findings import Finding, Refusal
from jetson_containers.package.model import Package, Requirement
from jetson_containers.platform.target import Target


@dataclass(frozen=True)
class Catalogue:
    """What can be built for ``target``, what cannot and why, and what is wrong.

    Laws: ``packages`` and ``refused`` are in a stable order; references are unique within
    ``packages``; every name in :meth:`names` has exactly one default.
    """

    target: Target
    packages: tuple[Package, ...]
    refused: tuple[Refusal, ...] = ()
    findings: tuple[Finding, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Every package name, sorted."""
        return tuple(sorted(self._by_name))

    def aliases(self) -> tuple[str, ...]:
        """Every alias that is no package's own name, sorted."""
        return tuple(sorted(name for name in self._by_alias if name not in self._by_name))

    def versions(self, name: str) -> tuple[Package, ...]:
        """The versions of a package (by its name or a bare alias): default first, then newest."""
        if name in self._by_name:
            return self._by_name[name]
        carriers = self._by_alias.get(name, ())
        if not carriers:
            return ()
        own = self._by_name[carriers[0].name]
        return (carriers[0], *(item for item in own if item is not carriers[0]))

    def default(self, name: str) -> Package | None:
        """The version that the bare ``name`` (or alias) means, or ``None`` for an unknown name."""
        versions = self.versions(name)
        return versions[0] if versions else None

    def find(self, requirement: Requirement) -> tuple[Package, ...]:
        """The packages that satisfy ``requirement``, best first; empty if none does.

        ``name:version`` may be an alias in full. A bare name is satisfied by every version, and
        its default comes first.
        """
        if requirement.exact is not None:
            text = str(requirement)
            exact = tuple(
                package
                for package in self.versions(requirement.name)
                if package.version == requirement.exact
            )
            return exact or self._by_alias.get(text, ())[:1]
        return tuple(
            package
            for package in self.versions(requirement.name)
            if requirement.accepts(package.version)
        )

    def refusals(self, name: str) -> tuple[Refusal, ...]:
        """The refused packages of that name or alias."""
        return tuple(
            refusal
            for refusal in self.refused
            if name in (refusal.package.name, refusal.reference, *refusal.package.aliases)
        )

    def nearest(self, name: str, count: int = 3) -> tuple[str, ...]:
        """Known names, versions in full and aliases that look like ``name``, best first."""
        from difflib import get_close_matches

        known = {*self._by_name, *self._by_alias, *(item.reference for item in self.packages)}
        return tuple(get_close_matches(name, sorted(known), count))

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Package, ...]]:
        groups: dict[str, list[Package]] = {}
        for package in self.packages:
            groups.setdefault(package.name, []).append(package)
        return {
            name: tuple(sorted(group, key=preference, reverse=True))
            for name, group in groups.items()
        }

    @cached_property
    def _by_alias(self) -> Mapping[str, tuple[Package, ...]]:
        carriers: dict[str, list[Package]] = {}
        for package in self.packages:
            for alias in package.aliases:
                carriers.setdefault(alias, []).append(package)
        return {
            alias: tuple(sorted(group, key=lambda package: package.root != group[-1].root))
            for alias, group in carriers.items()
        }


def preference(package: Package) -> tuple[bool, bool, bool, Version, str]:
    """Sort key, best last: the default, then no builder, then the newest, text as a last resort."""
    text = package.version or ""
    try:
        version, parses = Version(text), True
    except InvalidVersion:
        version, parses = Version("0"), False
    return (package.is_default, not text.endswith("-builder"), parses, version, text)
