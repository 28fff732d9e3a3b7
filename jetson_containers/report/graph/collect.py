"""From a catalogue to a graph: resolve what is asked for, keep what cannot be."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from pathlib import Path

from jetson_containers.errors import BuilderError, Problems
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.model import Package, Requirement
from jetson_containers.plan.request import Request
from jetson_containers.report.graph.model import Absent, Chain, Graph, Need, Node, Problem
from jetson_containers.resolve.model import Resolution


def default_requests(catalogue: Catalogue) -> tuple[Request, ...]:
    """One request for the default version of every name."""
    return tuple((Requirement(name),) for name in catalogue.names())


def version_requests(
    catalogue: Catalogue, references: Container[str] | None = None
) -> tuple[Request, ...]:
    """One request for every version of every name, or those of ``references`` alone.

    The default version is asked for by its name.
    """
    return tuple(
        (Requirement(package.name, exact=None if package.is_default else package.version),)
        for name in catalogue.names()
        for package in catalogue.versions(name)
        if references is None or package.reference in references
    )


def collect(
    catalogue: Catalogue,
    requests: Iterable[Request],
    resolve: Callable[[Request], Resolution],
) -> Graph:
    """The graph of the chains of ``requests``; one that cannot be resolved becomes a problem."""
    resolutions: list[Resolution] = []
    problems: list[Problem] = []
    seeds: dict[str, Package] = {}
    shown = _Shown({package.root for package in catalogue.packages})
    for request in requests:
        try:
            resolutions.append(resolve(request))
        except BuilderError as error:
            found = catalogue.find(request[0]) if len(request) == 1 else ()
            if found:
                seeds[found[0].reference] = found[0]
            name = found[0].reference if found else words(request)
            needs = found[0].depends if found else ()
            satisfied = tuple(_alone(catalogue, need) for need in needs)
            problems.append(_problem(name, error, shown, satisfied))
    seeds |= {item.reference: item for found in resolutions for item in found.packages}
    return Graph(
        target=catalogue.target.name,
        nodes=tuple(_node(seeds[key], catalogue, shown) for key in sorted(seeds)),
        chains=tuple(
            Chain(_request(found), tuple(item.reference for item in found.packages))
            for found in resolutions
        ),
        problems=tuple(problems),
        absent=_absent(catalogue),
    )


def _absent(catalogue: Catalogue) -> tuple[Absent, ...]:
    """Each reference that no package for the target has, with the reasons of its definitions."""
    here = {package.reference for package in catalogue.packages}
    found: dict[str, Absent] = {}
    for item in catalogue.refused:
        if item.reference not in here:
            before = found[item.reference].reasons if item.reference in found else ()
            reasons = tuple(dict.fromkeys((*before, *item.reasons)))
            found[item.reference] = Absent(item.package.name, item.reference, reasons)
    return tuple(found.values())


def _alone(catalogue: Catalogue, requirement: Requirement) -> str:
    """The reference that a requirement leads to where there is no other, or nothing."""
    found = catalogue.find(requirement)
    return found[0].reference if found else ""


def words(request: Request) -> str:
    """A request as it is typed."""
    return " ".join(map(str, request))


def _request(resolution: Resolution) -> str:
    """The reference behind a request of one package, else its words."""
    wanted = resolution.request
    if len(wanted) == 1:
        for package in resolution.packages:
            names = (package.name, *(alias.partition(":")[0] for alias in package.aliases))
            if wanted[0].name in names:
                return package.reference
    return words(wanted)


def _problem(
    name: str, error: BuilderError, shown: _Shown, satisfied: tuple[str, ...]
) -> Problem:
    first = error.errors[0] if isinstance(error, Problems) else error
    place = shown(str(first.where)) if first.where else ""
    return Problem(name, shown(first.what), place, shown(first.hint), satisfied)


def _node(package: Package, catalogue: Catalogue, shown: _Shown) -> Node:
    needs = []
    for requirement in package.depends:
        found = catalogue.versions(requirement.name)
        place = shown(str(requirement.location)) if requirement.location else ""
        name = found[0].name if found else requirement.name
        needs.append(Need(name, str(requirement), place))
    return Node(
        reference=package.reference,
        name=package.name,
        version=package.version or "",
        is_default=package.is_default,
        has_stage=package.dockerfile is not None,
        group=package.group,
        path=shown(package.relative_path),
        place=shown(str(package.location)),
        aliases=package.aliases,
        needs=tuple(needs),
    )


class _Shown:
    """Texts with paths below the search paths, which then begin with the search path's name.

    Bytes of file names that are no UTF-8 become question marks.
    """

    def __init__(self, roots: Iterable[Path]) -> None:
        self._short = {f"{root}/": f"{root.name}/" for root in roots}

    def __call__(self, text: str) -> str:
        for long, short in self._short.items():
            text = text.replace(long, short)
        return text.encode("utf-8", "replace").decode()
