"""What faulty definitions have to do with a request: they stop it, explain it, or are counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jetson_containers.cli.context import Context, warn
from jetson_containers.errors import BuilderError, Problems, UsageError, raise_all
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.resolve.explain import MissingPackage
from jetson_containers.resolve.model import Resolution


def with_faults(context: Context, error: BuilderError) -> list[BuilderError]:
    """An unknown package may be one whose definition is faulty: then that is the error."""
    found: list[BuilderError] = []
    for item in error.errors if isinstance(error, Problems) else (error,):
        name = item.requirement.name if isinstance(item, MissingPackage) else None
        faults = [
            BuilderError(finding.message, where=finding.location, hint=finding.hint)
            for finding in context.catalogue.findings
            if finding.severity == "error"
            and name
            in (finding.package.partition(":")[0], Path(finding.location.path).parent.name)
        ]
        elsewhere = _elsewhere(context, item) if isinstance(item, MissingPackage) else []
        if elsewhere and not faults:
            what = f"{item.what}: on {context.target.name} it is not defined"
            hint = f"it is for {', '.join(elsewhere)}"
            item = UsageError(what.replace("unknown package ", ""), where=item.where, hint=hint)
        found += faults or [item]
    return found


def _elsewhere(context: Context, error: MissingPackage) -> list[str]:
    """The known targets that have a package which this one does not know at all."""
    from jetson_containers.platform.named import named_targets

    name = error.requirement.name
    if context.catalogue.versions(name) or context.catalogue.refusals(name):
        return []
    return [
        target.name
        for target in named_targets()
        if context.catalogue_for(target).versions(name)
    ]


def report_findings(
    context: Context, catalogue: Catalogue, resolutions: Sequence[Resolution]
) -> None:
    """Faults of packages that the chain uses stop the run; others are counted, once."""
    used = {
        package.path for resolution in resolutions for package in resolution.packages
    }
    errors: list[BuilderError] = []
    others = 0
    for finding in catalogue.findings:
        concerned = Path(finding.location.path).parent in used
        if finding.severity == "error" and concerned:
            errors.append(
                BuilderError(finding.message, where=finding.location, hint=finding.hint)
            )
        elif finding.severity == "error":
            others += 1
        elif finding.severity == "warning" and (concerned or context.verbose):
            warn(f"{finding.location}: {finding.message}")
    if others:
        warn(f"{others} other definitions have faults; `jetson-containers list` shows them")
    raise_all(errors)
