"""Every rule on every package of one target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from jetson_containers.check import chain, rules
from jetson_containers.check.model import Fault, TargetReport
from jetson_containers.check.reader import Read, Reader
from jetson_containers.errors import BuilderError
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.findings import Finding, in_order
from jetson_containers.package.model import Package, Requirement
from jetson_containers.plan.skip import Matches, matcher
from jetson_containers.resolve.resolver import CatalogueResolver


def check_target(
    catalogue: Catalogue,
    reader: Reader,
    *,
    own_root: Path | None = None,
    patterns: Sequence[str] = (),
    notes: bool = False,
) -> TargetReport:
    """What is wrong with the packages of ``catalogue``; with ``patterns``, with those that match.

    Whatever is wrong below ``own_root``, this project's own tree, is an error. What is no more
    than information is counted, and listed with ``notes``.
    """
    wanted = matches(patterns)
    looked_at = [item for item in catalogue.packages if wanted(item)]
    refused = {item.reference for item in catalogue.refused if wanted(item.package)}
    run = _Run(catalogue, reader)
    findings: list[Finding] = []
    left_out: Counter[str] = Counter()
    for finding in _loaded(catalogue, looked_at, patterns, own_root):
        if finding.severity == "info" and not notes:
            left_out[finding.code] += 1
        else:
            findings.append(finding)
    no_header = {
        item.location.path for item in catalogue.findings if item.code == "unreadable-header"
    }
    resolved = 0
    for package in looked_at:
        faults, resolves = run.check(package)
        resolved += resolves
        own = package.root == own_root
        for fault in faults:
            if fault.code == "unreadable-dockerfile" and fault.where.path in no_header:
                continue  # the loader could not read it either, and has said so
            if fault.severity(own=own) == "info" and not notes:
                left_out[fault.code] += 1
            else:
                findings.append(fault.finding(catalogue.target.name, package.reference, own=own))
    found = in_order(findings)
    faulty = {finding.package for finding in found if finding.severity == "error"}
    return TargetReport(
        target=catalogue.target.name,
        checked=len(looked_at),
        resolved=resolved,
        ok=sum(1 for package in looked_at if package.reference not in faulty),
        refused=len(refused - {item.reference for item in catalogue.packages}),
        findings=found,
        notes=tuple(sorted(left_out.items())),
    )


def matches(patterns: Sequence[str]) -> Matches:
    """Whether a pattern means a package, as for ``list``; no pattern means all.

    Raises :class:`~jetson_containers.errors.UsageError` for one that cannot be read.
    """
    found = [matcher(pattern) for pattern in patterns]
    return lambda package: not found or any(match(package) for match in found)


def _loaded(
    catalogue: Catalogue,
    looked_at: Sequence[Package],
    patterns: Sequence[str],
    own_root: Path | None,
) -> Iterator[Finding]:
    """The loader's findings about what is looked at; a question to the network is an error at home.

    A definition that could not be loaded is known by its directory.
    """
    references = {package.reference for package in looked_at}
    directories = {str(package.path) for package in looked_at}
    for finding in catalogue.findings:
        directory = Path(finding.location.path).parent
        if patterns and not (
            finding.package in references
            or str(directory) in directories
            or any(
                fnmatchcase(name, pattern)
                for pattern in patterns
                for name in (finding.package, directory.name)
            )
        ):
            continue
        at_home = own_root is not None and directory.is_relative_to(own_root)
        yield replace(finding, severity="error") if at_home else finding


class _Run:
    """What the checks of one target share."""

    def __init__(self, catalogue: Catalogue, reader: Reader) -> None:
        self._target = catalogue.target
        self._resolver = CatalogueResolver(catalogue)
        self._read: dict[str, Read] = {
            package.reference: reader.read(package) for package in catalogue.packages
        }
        self._layers = {
            reference: read.recipe.facts.layers if read.recipe else 0
            for reference, read in self._read.items()
        }
        self._known = {package.name: package for package in catalogue.packages}

    def check(self, package: Package) -> tuple[list[Fault], bool]:
        """The faults of one package, and whether it resolves."""
        read = self._read[package.reference]
        faults = [*read.faults, *rules.files(package), *rules.reference(package, self._target)]
        if read.recipe:
            faults += rules.build_arguments(package, read.recipe)
            faults += rules.sources(package, read.recipe)
        try:
            packages = self._resolver.chain((_alone(package),))
        except BuilderError as error:
            return [*faults, *chain.unresolved(error, package)], False
        faults += chain.layers(package, sum(self._layers[item.reference] for item in packages))
        if read.recipe:
            before = packages[: packages.index(package)]
            env = (
                below.env
                for item in before
                if (below := self._read[item.reference].recipe) is not None
            )
            faults += chain.unset(read.recipe, package, env)
            faults += chain.contexts(read.recipe, package, before, self._known)
        return faults, True


def _alone(package: Package) -> Requirement:
    """The request for a package and nothing else."""
    return Requirement(package.name, package.version)
