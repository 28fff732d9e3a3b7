"""Everything that is known about one package on one target, as a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jetson_containers.errors import BuilderError, DefinitionError
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import matches_target
from jetson_containers.package.model import Package, Requirement
from jetson_containers.plan.request import Request
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.shelf import lookup


@dataclass(frozen=True, slots=True)
class Condition:
    """One text of ``requires``: whether it holds on the target, and if not, why."""

    requires: str
    holds: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Need:
    """A direct requirement, the best package for it here (empty if there is none), its place."""

    requirement: str
    package: str
    place: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a package on a target.

    ``chain`` are the references of its image in build order, ``stages`` how many of them are
    built. Without one, ``problem`` says why it does not resolve and ``hint`` what would mend it, or
    ``refused`` why it is not for the target; all are empty where nothing defines it.
    """

    target: str
    reference: str
    chain: tuple[str, ...] = ()
    stages: int = 0
    problem: str = ""
    hint: str = ""
    refused: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "package": self.reference or None,
            "resolves": bool(self.chain),
            "chain": list(self.chain),
            "stages": self.stages,
            "problem": self.problem,
            "hint": self.hint,
            "refused": list(self.refused),
        }


@dataclass(frozen=True, slots=True)
class About:
    """A package with what its catalogue knows of it; ``versions`` are of its name, best first."""

    package: Package
    versions: tuple[str, ...]
    needs: tuple[Need, ...]
    conditions: tuple[Condition, ...]
    users: tuple[str, ...]
    outcome: Outcome

    def to_dict(self) -> dict[str, Any]:
        package = self.package
        return {
            "name": package.name,
            "version": package.version,
            "default": package.is_default,
            "versions": list(self.versions),
            "aliases": list(package.aliases),
            "group": package.group,
            "depends": [str(item) for item in package.depends],
            "needs": [
                {"requirement": item.requirement, "package": item.package, "place": item.place}
                for item in self.needs
            ],
            "conflicts": [str(item) for item in package.conflicts],
            "requires": list(package.requires),
            "conditions": [
                {"requires": item.requires, "holds": item.holds, "reason": item.reason}
                for item in self.conditions
            ],
            "defined": str(package.location),
            "path": package.relative_path,
            "dockerfile": package.dockerfile,
            "build_args": [f"{key}={value}" for key, value in package.build_args],
            "build_flags": list(package.build_flags),
            "device": package.buildkit_device,
            "tests": list(package.tests),
            "test_timeout": package.test_timeout,
            "heavy": package.heavy,
            "secrets": list(package.secrets),
            "sources": [
                f"{item.kind} {item.location} {item.version} {item.index}".rstrip()
                for item in package.sources
            ],
            "runtime": dict(package.runtime),
            "unpinned": list(package.unpinned),
            "docs": package.docs,
            "notes": package.notes,
            "users": list(self.users),
            "outcome": self.outcome.to_dict(),
        }


Resolve = Callable[[Request], Resolution]


def packages_behind(catalogue: Catalogue, requirement: Requirement) -> tuple[Package, ...]:
    """What a word means here: the default of a bare name, every version that others accept.

    Where no package satisfies it, those that are not for this target.
    """
    found = catalogue.find(requirement)
    if not found:
        refused = (item.package for item in catalogue.refusals(requirement.name))
        return tuple(item for item in refused if requirement.accepts(item.version))
    return found if requirement.specifier else found[:1]


def about(catalogue: Catalogue, package: Package, resolve: Resolve) -> About:
    """What ``catalogue`` knows about one of its packages, or one that it refused."""
    versions = catalogue.versions(package.name)
    return About(
        package=package,
        versions=tuple(item.version or "" for item in versions),
        needs=tuple(_need(catalogue, item) for item in package.depends),
        conditions=tuple(_condition(catalogue, text) for text in package.requires),
        users=_users(catalogue, package),
        outcome=outcome(catalogue, package.reference, package.name, resolve),
    )


def outcome(catalogue: Catalogue, reference: str, name: str, resolve: Resolve) -> Outcome:
    """What becomes of ``reference`` here, or of what ``name`` means where it is not known."""
    target = catalogue.target.name
    versions = catalogue.versions(name)
    known = next((item for item in versions if item.reference == reference), None)
    refusals = {item.reference: item.reasons for item in catalogue.refusals(name)}
    if known is None and reference not in refusals:
        known = versions[0] if versions else None
    if known is None:
        refused = refusals.get(reference) or next(iter(refusals.values()), ())
        return Outcome(target, "", refused=refused)
    exact = None if known.is_default else known.version
    try:
        found = resolve((Requirement(known.name, exact=exact),))
    except BuilderError as error:
        what, hint = getattr(error, "what", str(error)), getattr(error, "hint", "")
        return Outcome(target, known.reference, problem=what, hint=hint)
    return Outcome(
        target,
        known.reference,
        chain=tuple(item.reference for item in found.packages),
        stages=sum(item.dockerfile is not None for item in found.packages),
    )


def _need(catalogue: Catalogue, requirement: Requirement) -> Need:
    found = lookup(catalogue, requirement)
    best = found[1][0].reference if found and found[1] else ""
    return Need(str(requirement), best, str(requirement.location or ""))


def _condition(catalogue: Catalogue, text: str) -> Condition:
    try:
        verdict = matches_target(text, catalogue.target)
    except DefinitionError as error:
        return Condition(text, False, error.what)
    return Condition(text, bool(verdict), verdict.reason)


def _users(catalogue: Catalogue, package: Package) -> tuple[str, ...]:
    """The packages that may have this one in their image because they require it themselves.

    A bare name means the default version, so it counts for that one alone.
    """
    found = []
    for user in catalogue.packages:
        for item in user.depends:
            bare = item.exact is None and item.specifier is None
            if user.name == package.name or (bare and not package.is_default):
                continue
            if any(known.reference == package.reference for known in catalogue.find(item)):
                found.append(user.reference)
                break
    return tuple(found)
