"""What faulty definitions have to do with a request: they stop it, explain it, or are counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from jetson_containers.cli.context import Context, warn
from jetson_containers.errors import BuilderError, Problems, UsageError
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.model import Package
from jetson_containers.resolve.explain import CycleError, MissingPackage


class Faults:
    """Everything that is wrong with a request, each thing once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._found: dict[tuple[str, str], BuilderError] = {}

    def add(self, error: BuilderError) -> None:
        """Note an error, or all errors of :class:`Problems`."""
        for item in error.errors if isinstance(error, Problems) else (error,):
            for known in self._explained(item):
                # chains meet one fault with several remedies, and one circle in several places
                place = "" if isinstance(known, CycleError) else str(known.where)
                self._found.setdefault((known.what, place), known)

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def errors(self) -> tuple[BuilderError, ...]:
        """What was noted, in that order."""
        return tuple(self._found.values())

    def _explained(self, error: BuilderError) -> list[BuilderError]:
        """An unknown package may be one whose definition is faulty: then that is the error."""
        if not isinstance(error, MissingPackage):
            return [error]
        name, catalogue = error.requirement.name, self._context.catalogue
        faults = faults_of_missing(catalogue, error)
        if faults or catalogue.versions(name) or catalogue.refusals(name):
            return faults or [error]
        elsewhere = self._elsewhere.get(name, ())
        if not elsewhere:
            return [error]
        what = f"{error.what}: on {self._context.target.name} it is not defined"
        return [
            UsageError(
                what.replace("unknown package ", ""),
                where=error.where,
                hint=f"it is for {', '.join(elsewhere)}",
            )
        ]

    @cached_property
    def _elsewhere(self) -> Mapping[str, list[str]]:
        """Every name and bare alias of the known targets, with those that have it.

        Loads the packages of each target, so it is made for the first unknown name only.
        """
        from jetson_containers.platform.named import named_targets

        found: dict[str, list[str]] = {}
        for catalogue in self._context.catalogues_for(named_targets(), patient=False):
            for name in {*catalogue.names(), *catalogue.aliases()}:
                found.setdefault(name, []).append(catalogue.target.name)
        return found


def faults_of_missing(catalogue: Catalogue, error: MissingPackage) -> list[BuilderError]:
    """What is wrong with the definition of a package that is not known, if there is one."""
    name = error.requirement.name
    return [
        BuilderError(finding.message, where=finding.location, hint=finding.hint)
        for finding in catalogue.findings
        if finding.severity == "error"
        and name in (finding.package.partition(":")[0], Path(finding.location.path).parent.name)
    ]


def definition_faults(catalogue: Catalogue, packages: Iterable[Package]) -> list[BuilderError]:
    """The faults of the directories that ``packages`` come from."""
    used = {package.path for package in packages}
    return [
        BuilderError(finding.message, where=finding.location, hint=finding.hint)
        for finding in catalogue.findings
        if finding.severity == "error" and Path(finding.location.path).parent in used
    ]


def warn_of_definitions(
    context: Context, catalogue: Catalogue, packages: Iterable[Package]
) -> None:
    """Show the warnings of the directories that ``packages`` come from; count other faults."""
    used = {package.path for package in packages}
    others = 0
    told: dict[str, None] = {}
    for finding in catalogue.findings:
        concerned = Path(finding.location.path).parent in used
        if finding.severity == "error" and not concerned:
            others += 1
        elif finding.severity == "warning" and (concerned or context.verbose):
            # packages of one file may share a fault
            told[f"{finding.location}: {finding.message}"] = None
    for text in told:
        warn(text)
    if others:
        warn(f"{others} other definitions have faults; `jetson-containers list` shows them")
