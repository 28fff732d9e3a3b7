"""Loading a catalogue: search paths and a target in, packages and findings out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from jetson_containers.errors import Location
from jetson_containers.package.catalogue import Catalogue, preference
from jetson_containers.package.definition import Loaded, load
from jetson_containers.package.evaluated import Evaluated, Settings
from jetson_containers.package.findings import Finding, in_order
from jetson_containers.package.kept import Kept
from jetson_containers.package.model import Package
from jetson_containers.package.reads import Shared
from jetson_containers.package.scan import Directory, Skipped, search_path
from jetson_containers.package.snapshot import Snapshot
from jetson_containers.platform.target import Target

#: seconds that one directory's ``config.py`` may take
TIME_LIMIT = 10.0


@dataclass(frozen=True, slots=True)
class Trees:
    """Search paths, and all that decides what they define beside the target.

    A search path may end in ``/*`` (the ecosystem's way to say recursive; here all are); a later
    one wins. ``settings`` is all that a definition sees in ``os.environ``, ``answers`` what a
    lock recorded for questions to the network. ``own_root`` is the tree in which unknown keys are
    errors. Each ``config.py`` may take ``time_limit`` seconds. Results are kept below ``cache``.
    """

    search_dirs: tuple[Path, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    own_root: Path | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    time_limit: float = TIME_LIMIT
    cache: Path | None = None
    snapshot: Snapshot = field(default_factory=Snapshot)
    # not handed on by replace(): other trees and settings have other results
    _shared: Shared = field(default_factory=Shared, init=False, repr=False, compare=False)

    def catalogue(self, target: Target, *, patient: bool = True) -> Catalogue:
        """The packages for ``target``; whatever is wrong is a finding and costs its directory.

        Without patience a directory that ran out of time for one target is not evaluated again
        for others: it is a fault there too.
        """
        directories, skipped = self.snapshot.scan(self.search_dirs)
        options = self._options(directories)
        kept = self._kept(target, options)
        known = kept.known(directories) if kept else {}
        made: dict[str, Loaded] = {}
        unknown = [directory for directory in directories if str(directory.path) not in known]
        if unknown:
            for directory, result in self._evaluated(unknown, target, options, patient).items():
                strict = options.is_strict(directory.path)
                made[str(directory.path)] = load(directory, result, target, strict=strict)
        if kept:
            kept.write(directories, known, made)
        found = known | made
        loaded = [found[str(directory.path)] for directory in directories]
        return _catalogue(target, loaded, skipped)

    def kept_catalogue(self, target: Target) -> Catalogue | None:
        """The same if nothing has to be evaluated for it, else ``None``."""
        directories, skipped = self.snapshot.scan(self.search_dirs)
        kept = self._kept(target, self._options(directories))
        known = kept.known(directories) if kept else {}
        if len(known) < len(directories):
            return None
        return _catalogue(target, [known[str(item.path)] for item in directories], skipped)

    def _evaluated(
        self,
        directories: Sequence[Directory],
        target: Target,
        options: Settings,
        patient: bool,
    ) -> dict[Directory, Evaluated]:
        """Each evaluated, unless a result for another target is known to be the same."""
        results = self._shared.found(directories, target, patient=patient)
        left = [directory for directory in directories if directory not in results]
        if left:
            made = evaluate_all(left, target, options, self.time_limit)
            for directory, result in zip(left, made, strict=True):
                self._shared.add(directory, target, result)
                results[directory] = result
        return results

    @property
    def late(self) -> tuple[Path, ...]:
        """The directories that ran out of time, for whichever target."""
        return tuple(directory.path for directory in self._shared.late)

    def _kept(self, target: Target, options: Settings) -> Kept | None:
        if self.cache is None:
            return None
        roots = [search_path(entry) for entry in self.search_dirs]
        return Kept.below(self.cache, roots, target, options, self.snapshot)

    def _options(self, directories: Sequence[Directory]) -> Settings:
        return Settings(
            environment=dict(self.settings),
            answers=dict(self.answers),
            roots=_import_roots(directories),
            strict=(search_path(self.own_root),) if self.own_root else (),
        )


def load_catalogue(
    target: Target,
    search_dirs: Sequence[Path],
    *,
    settings: Mapping[str, str] | None = None,
    own_root: Path | None = None,
    answers: Mapping[str, str] | None = None,
    time_limit: float = TIME_LIMIT,
    cache: Path | None = None,
) -> Catalogue:
    """The packages below ``search_dirs`` for ``target``; see :class:`Trees`.

    Law: a pure function of the files, the target, ``settings`` and ``answers``.
    """
    return Trees(
        tuple(Path(entry) for entry in search_dirs),
        settings or {},
        Path(own_root) if own_root else None,
        answers or {},
        time_limit,
        cache,
    ).catalogue(target)


def evaluate_all(
    directories: Sequence[Directory], target: Target, settings: Settings, time_limit: float
) -> tuple[Evaluated, ...]:
    """Every directory evaluated, in order; those with code together in a guarded process."""
    # YAML and the guarded process take time to import, and a kept catalogue needs neither
    from jetson_containers.package.evaluate import NeedsGuard, evaluate

    results: dict[Directory, Evaluated] = {}
    for directory in directories:
        if not directory.has_config_py:
            with suppress(NeedsGuard):
                results[directory] = evaluate(directory, target, settings)
    coded = tuple(directory for directory in directories if directory not in results)
    if coded:
        from jetson_containers.package import worker

        results |= zip(coded, worker.run(coded, target, settings, time_limit), strict=True)
    return tuple(results[directory] for directory in directories)


def _import_roots(directories: Iterable[Directory]) -> tuple[Path, ...]:
    """Every tree's import root, the last search path first."""
    return tuple(reversed(dict.fromkeys(directory.imports for directory in directories)))


def _catalogue(target: Target, loaded: Sequence[Loaded], skipped: Sequence[Skipped]) -> Catalogue:
    findings = [finding for part in loaded for finding in part.findings]
    findings += [
        Finding(
            target.name,
            "",
            item.code,
            item.problem,
            "warning",
            Location(str(item.path)),
            item.hint,
        )
        for item in skipped
    ]
    kept: dict[str, Package] = {}
    for package in (package for part in loaded for package in part.packages):
        before = kept.pop(package.reference, None)
        if before and before != package:
            findings.append(_duplicate(target, before, package))
        kept[package.reference] = package
    packages = _with_defaults(kept.values())
    findings += _shared_aliases(Catalogue(target, packages))
    refused = tuple(refusal for part in loaded for refusal in part.refused)
    return Catalogue(target, packages, refused, in_order(findings))


def _shared_aliases(catalogue: Catalogue) -> list[Finding]:
    """Aliases that packages of several names carry, or that are another package's own name."""
    carriers: dict[str, dict[str, Package]] = {}
    for package in catalogue.packages:
        for alias in package.aliases:
            carriers.setdefault(alias, {}).setdefault(package.name, package)
    found = []
    for alias, by_name in carriers.items():
        name = alias.partition(":")[0]
        own = catalogue.versions(name)[:1] if alias == name else ()
        meant = own or catalogue.versions(alias)[:1] or tuple(by_name.values())[-1:]
        for package in by_name.values():
            if package.name != meant[0].name:
                found.append(_hidden_alias(catalogue.target, alias, package, meant[0]))
    return found


def _hidden_alias(target: Target, alias: str, package: Package, meant: Package) -> Finding:
    return Finding(
        target.name,
        package.reference,
        "hidden-alias",
        f"the alias {alias} of {package.name} means {meant.name} ({meant.location})",
        "warning",
        package.location,
        "give one of them another alias",
    )


def _duplicate(target: Target, before: Package, after: Package) -> Finding:
    if before.path == after.path:
        message = f"{after.reference} is defined more than once; the last one counts"
    else:
        message = f"{after.reference} is defined here and in {before.location}; this one counts"
    return Finding(
        target.name,
        after.reference,
        "duplicate-package",
        message,
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
            best = max(group, key=preference)
        chosen.add(best.reference)
    return tuple(
        package
        if package.is_default == (package.reference in chosen)
        else replace(package, is_default=not package.is_default)
        for group in groups.values()
        for package in group
    )
