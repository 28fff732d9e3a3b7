"""All packages of some search paths for one target: names, versions, aliases, defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from packaging.version import InvalidVersion, Version

from jetson_containers.errors import Location
from jetson_containers.package.evaluate import Evaluated, Settings, evaluate, needs_python
from jetson_containers.package.findings import Finding, Refusal, in_order
from jetson_containers.package.loader import Loaded, load
from jetson_containers.package.model import Package, Requirement
from jetson_containers.package.scan import Directory, scan
from jetson_containers.platform.target import Target

#: seconds that one directory's ``config.py`` may take
TIME_LIMIT = 10.0


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
    _cache: dict[str, object] = field(default_factory=dict, repr=False, compare=False)

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
            name: tuple(sorted(group, key=_preference, reverse=True))
            for name, group in groups.items()
        }

    @cached_property
    def _by_alias(self) -> Mapping[str, tuple[Package, ...]]:
        carriers: dict[str, list[Package]] = {}
        for package in self.packages:
            for alias in package.aliases:
                carriers.setdefault(alias, []).append(package)
        return {alias: tuple(group) for alias, group in carriers.items()}


def load_catalogue(
    target: Target,
    search_dirs: Sequence[Path],
    *,
    settings: Mapping[str, str] | None = None,
    own_root: Path | None = None,
    answers: Mapping[str, str] | None = None,
    time_limit: float = TIME_LIMIT,
) -> Catalogue:
    """The packages below ``search_dirs`` for ``target``; a later search path wins.

    A search path may end in ``/*`` (the ecosystem's way to say recursive; here all are).
    ``settings`` is all that a definition sees in ``os.environ``, ``answers`` what a lock recorded
    for questions to the network. ``own_root`` is the tree in which unknown keys are errors.
    Whatever is wrong in a definition becomes a finding and costs only its directory. Each
    ``config.py`` may take ``time_limit`` seconds.

    Law: a pure function of the files, the target, ``settings`` and ``answers``.
    """
    directories, missing = scan([Path(entry) for entry in search_dirs])
    options = Settings(
        environment=dict(settings or {}),
        answers=dict(answers or {}),
        roots=_import_roots(directories),
        strict=(Path(own_root).absolute(),) if own_root else (),
    )
    evaluated = evaluate_all(directories, target, options, time_limit)
    loaded = [
        load(directory, result, target, strict=directory.path.is_relative_to(options.strict[0]))
        if options.strict
        else load(directory, result, target, strict=False)
        for directory, result in zip(directories, evaluated, strict=True)
    ]
    return _catalogue(target, loaded, missing)


def evaluate_all(
    directories: Sequence[Directory], target: Target, settings: Settings, time_limit: float
) -> tuple[Evaluated, ...]:
    """Every directory evaluated, in order; those with code together in a guarded process."""
    coded = tuple(directory for directory in directories if needs_python(directory))
    results: Iterator[Evaluated] = iter(())
    if coded:
        from jetson_containers.package import worker

        results = iter(worker.run(coded, target, settings, time_limit))
    return tuple(
        next(results) if needs_python(directory) else evaluate(directory, target, settings)
        for directory in directories
    )


def _import_roots(directories: Iterable[Directory]) -> tuple[Path, ...]:
    """Every tree's import root, the last search path first."""
    return tuple(reversed(dict.fromkeys(directory.imports for directory in directories)))


def _catalogue(target: Target, loaded: Sequence[Loaded], missing: Sequence[Path]) -> Catalogue:
    findings = [finding for part in loaded for finding in part.findings]
    findings += [
        Finding(
            target.name,
            "",
            "missing-search-path",
            "the search path does not exist",
            "warning",
            Location(str(path)),
            "create it, or leave it out of --package-dirs",
        )
        for path in missing
    ]
    kept: dict[str, Package] = {}
    for package in (package for part in loaded for package in part.packages):
        before = kept.pop(package.reference, None)
        if before and before != package:
            findings.append(_duplicate(target, before, package))
        kept[package.reference] = package
    packages = _with_defaults(kept.values())
    refused = tuple(refusal for part in loaded for refusal in part.refused)
    return Catalogue(target, packages, refused, in_order(findings))


def _duplicate(target: Target, before: Package, after: Package) -> Finding:
    return Finding(
        target.name,
        after.reference,
        "duplicate-package",
        f"{after.reference} is defined in {before.location} and in {after.location}; "
        "the later search path wins",
        "warning",
        after.location,
        "rename one of them, or remove it",
    )


def _with_defaults(packages: Iterable[Package]) -> tuple[Package, ...]:
    """The packages with exactly one default for each name.

    The default is the one that carries the bare name; of several the first of the last search
    path; of none the newest by PEP 440 that is not a ``-builder``.
    """
    groups: dict[str, list[Package]] = {}
    for package in packages:
        groups.setdefault(package.name, []).append(package)
    chosen: set[str] = set()
    for group in groups.values():
        carriers = [package for package in group if package.is_default]
        if carriers:
            last = carriers[-1].root
            best = next(package for package in carriers if package.root == last)
        else:
            best = max(group, key=_preference)
        chosen.add(best.reference)
    return tuple(
        replace(package, is_default=package.reference in chosen)
        for group in groups.values()
        for package in group
    )


def _preference(package: Package) -> tuple[bool, bool, bool, Version, str]:
    """Sort key, best last: the default, then no builder, then the newest, text as a last resort."""
    text = package.version or ""
    try:
        version, parses = Version(text), True
    except InvalidVersion:
        version, parses = Version("0"), False
    return (package.is_default, not text.endswith("-builder"), parses, version, text)
