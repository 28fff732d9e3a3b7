"""Why a request cannot be resolved: causes as data first, text last."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from jetson_containers.errors import BuilderError, Location, UsageError
from jetson_containers.package.model import Package, Requirement
from jetson_containers.resolve.model import Because
from jetson_containers.resolve.shelf import Shelf, lookup


class MissingPackage(BuilderError):
    """A requirement that no known package satisfies.

    ``path`` leads from the request to the package that asks.
    """

    def __init__(
        self, what: str, requirement: Requirement, path: tuple[str, ...], hint: str
    ) -> None:
        self.requirement = requirement
        self.path = path
        super().__init__(what, where=requirement.location, hint=hint)


class UnknownPackage(MissingPackage, UsageError):
    """A wish on the command line that nothing satisfies."""


class ConflictError(BuilderError):
    """Requirements that no choice of versions satisfies together."""

    def __init__(
        self, what: str, causes: tuple[Because, ...], where: Location | None, hint: str
    ) -> None:
        self.causes = causes
        super().__init__(what, where=where, hint=hint)


def missing_error(
    catalogue: Shelf, because: Because, request: Sequence[Requirement] = ()
) -> MissingPackage:
    """The error for one requirement that nothing satisfies, with what is known instead."""
    requirement = because.requirement
    path = _path(catalogue, request, because.parent)
    via = f" (wanted by {' -> '.join(path)})" if path else ""
    found = lookup(catalogue, Requirement(requirement.name))
    target = catalogue.target.name
    kind = MissingPackage if because.parent else UnknownPackage
    if found and found[1]:
        name, versions = found
        known = ", ".join(sorted(package.reference for package in versions))
        what = f"no version of {name} satisfies {requirement} on {target}{via}"
        refused = _refused_text(catalogue, name)
        return kind(what, requirement, path, f"known here: {known}{refused}")
    refused = _refused_text(catalogue, requirement.name)
    if refused:
        what = f"{requirement.name} is not for target {target}{via}"
        return kind(what, requirement, path, refused.lstrip("; "))
    near = catalogue.nearest(requirement.name)
    hint = f"did you mean {', '.join(near)}?" if near else "`jetson-containers list` shows all"
    return kind(f"unknown package {requirement}{via}", requirement, path, hint)


def conflict_error(
    catalogue: Shelf,
    request: Sequence[Requirement],
    causes: tuple[tuple[Because, bool], ...],
) -> BuilderError:
    """The error for a failed search: a missing package if that is the cause, else a conflict."""
    for because, forbids in causes:
        found = lookup(catalogue, because.requirement)
        if not forbids and (found is None or not found[1]):
            return missing_error(catalogue, because, request)
    lines = []
    for because, forbids in causes:
        verb = f"{because.parent.reference} conflicts with {because.requirement}" if (
            forbids and because.parent
        ) else str(because)
        path = _path(catalogue, request, because.parent)
        lines.append(f"  {verb}" + (f", wanted by {' -> '.join(path)}" if len(path) > 1 else ""))
    names = sorted({because.requirement.name for because, _ in causes})
    known = []
    for name in names:
        found = lookup(catalogue, Requirement(name))
        if found:
            known.append(", ".join(sorted(package.reference for package in found[1])))
    where = next((item.requirement.location for item, _ in causes if item.parent), None)
    return ConflictError(
        f"no choice of versions satisfies all of these on {catalogue.target.name}:\n"
        + "\n".join(sorted(lines)),
        tuple(item for item, _ in causes),
        where,
        f"one version per name stands in an image; known here: {'; '.join(known)}",
    )


def _refused_text(catalogue: Shelf, name: str) -> str:
    refusals = catalogue.refusals(name)
    return "".join(f"; {item.reference}: {', '.join(item.reasons)}" for item in refusals)


def _path(
    catalogue: Shelf, request: Sequence[Requirement], parent: Package | None
) -> tuple[str, ...]:
    """The shortest way from the request to ``parent`` along requirements of the catalogue."""
    if parent is None:
        return ()
    came: dict[Package, Package | None] = {}
    queue: deque[Package] = deque()
    for item in request:
        for package in (lookup(catalogue, item) or ("", ()))[1]:
            if package not in came:
                came[package] = None
                queue.append(package)
    while queue and parent not in came:
        package = queue.popleft()
        for item in package.depends:
            for need in (lookup(catalogue, item) or ("", ()))[1]:
                if need not in came:
                    came[need] = package
                    queue.append(need)
    path = [parent]
    while (before := came.get(path[-1])) is not None:
        path.append(before)
    return tuple(package.reference for package in reversed(path))
