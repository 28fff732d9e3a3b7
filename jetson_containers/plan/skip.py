"""What a request leaves out: no version of it that is skipped is chosen anywhere in a chain."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from jetson_containers.errors import UsageError
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.model import Package, Requirement
from jetson_containers.plan.narrow import narrowed
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.shelf import canonical_name

#: a name or a pattern of names, then version specifiers; ``[!a]*`` is a pattern without
_SPECIFIED = re.compile(r"([^<>=!~\[\]]+?)\s*([<>=!~].*)", re.DOTALL)

Matches = Callable[[Package], bool]


@dataclass(frozen=True, slots=True)
class Skipped:
    """``catalogue`` is ``original`` without the packages of ``references``.

    ``names`` are those of which no version is left: nothing in ``catalogue`` requires them.
    Other names are only narrowed, so a requirement for a version that is gone fails.
    ``unmatched`` are the patterns that match nothing.
    """

    original: Catalogue
    catalogue: Catalogue
    references: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    unmatched: tuple[str, ...] = ()

    def drops(self, requirement: Requirement) -> bool:
        """Whether everything that could satisfy ``requirement`` is skipped."""
        found = self.original.find(requirement)
        return bool(found) and all(item.reference in self.references for item in found)

    def left_out(self, resolution: Resolution) -> dict[str, tuple[str, ...]]:
        """The skipped names that packages of ``resolution`` require, each with who does."""
        if not self.names:
            return {}
        before = {package.reference: package for package in self.original.packages}
        found: dict[str, list[str]] = {}
        for package in resolution.packages:
            known = before.get(package.reference, package)
            needs = (canonical_name(self.original, item) for item in known.depends)
            for name in dict.fromkeys(needs):
                if name in self.names:
                    found.setdefault(name, []).append(package.reference)
        return {name: tuple(users) for name, users in found.items()}


def without(catalogue: Catalogue, patterns: Sequence[str]) -> Skipped:
    """Leave out what ``patterns`` match: ``name``, ``name:version``, aliases, wildcards of them,
    or version specifiers (``pytorch<2.6``).

    A name whose every version is skipped is taken to be in the base image: requirements for it
    are dropped. Raises :class:`UsageError` for a specifier that cannot be read.
    """
    matchers = [(pattern, matcher(pattern, catalogue)) for pattern in patterns]
    if not matchers:
        return Skipped(catalogue, catalogue)
    gone = frozenset(
        package.reference
        for package in catalogue.packages
        if any(match(package) for _, match in matchers)
    )
    left = {item.name for item in catalogue.packages if item.reference not in gone}
    names = frozenset(item.name for item in catalogue.packages) - left
    known = (*catalogue.packages, *(refusal.package for refusal in catalogue.refused))
    rest = narrowed(catalogue, lambda package: package.reference not in gone)
    return Skipped(
        original=catalogue,
        catalogue=replace(
            rest, packages=tuple(_relieved(catalogue, item, names) for item in rest.packages)
        ),
        references=gone,
        names=names,
        unmatched=tuple(
            pattern for pattern, match in matchers if not any(match(item) for item in known)
        ),
    )


def matcher(pattern: str, catalogue: Catalogue | None = None) -> Matches:
    """Whether a package is meant by ``pattern``, under its name, its reference or an alias.

    With a ``catalogue``, a bare alias of a default version means every version of that name.
    """
    names = catalogue.packages if catalogue else ()
    found = _SPECIFIED.fullmatch(pattern)
    text = found.group(1) if found else pattern
    whole = {
        package.name
        for package in names
        if package.is_default and _bare_alias(package, text)
    }
    if found is None:
        return lambda package: package.name in whole or any(
            fnmatch.fnmatchcase(known, pattern)
            for known in (package.name, package.reference, *package.aliases)
        )
    try:
        versions = Requirement(text, specifier=SpecifierSet(found.group(2)))
    except InvalidSpecifier:
        raise UsageError(
            f"{pattern!r} is no pattern of packages",
            hint="write name, name:version, name<2.6, or a name with * and ?",
        ) from None
    return lambda package: versions.accepts(package.version) and (
        package.name in whole or fnmatch.fnmatchcase(package.name, text)
    )


def _bare_alias(package: Package, pattern: str) -> bool:
    return any(
        ":" not in alias and fnmatch.fnmatchcase(alias, pattern) for alias in package.aliases
    )


def _relieved(catalogue: Catalogue, package: Package, names: frozenset[str]) -> Package:
    """``package`` without its requirements for ``names``."""
    depends = tuple(
        item for item in package.depends if canonical_name(catalogue, item) not in names
    )
    return package if depends == package.depends else replace(package, depends=depends)
