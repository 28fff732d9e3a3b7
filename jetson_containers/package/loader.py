"""Loading a catalogue: search paths and a target in, packages and findings out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jetson_containers.errors import Location
from jetson_containers.package.catalogue import Catalogue, preference
from jetson_containers.package.definition import Loaded, load
from jetson_containers.package.evaluate import Evaluated, Settings, evaluate, needs_python
from jetson_containers.package.findings import Finding, in_order
from jetson_containers.package.model import Package
from jetson_containers.package.scan import Directory, scan
from jetson_containers.platform.target import Target

#: seconds that one directory's ``config.py`` may take
TIME_LIMIT = 10.0


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
        replace(package, is_default=package.reference in chosen)
        for group in groups.values()
        for package in group
    )
