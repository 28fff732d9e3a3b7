"""Requests on an image of ours: what it holds is not built again, and keeps its version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from jetson_containers.errors import BuilderError, Location, TargetError
from jetson_containers.image.contents import Contents
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.model import Package, Requirement
from jetson_containers.plan.model import BaseImage
from jetson_containers.plan.narrow import narrowed
from jetson_containers.platform.target import Target
from jetson_containers.resolve.model import Because, Resolution
from jetson_containers.resolve.resolver import CatalogueResolver
from jetson_containers.resolve.shelf import canonical_name

Resolve = Callable[[Sequence[Requirement]], Resolution]


def resolver_on(catalogue: Catalogue, base: BaseImage) -> Resolve:
    """Resolves requests of images on ``base``; each resolution includes what the base holds.

    Laws: of a name that the base holds, its version is chosen; the packages are those that one
    gets by asking for the base's packages in these versions and the request together, where the
    definitions are still those that the base was built from.

    Raises :class:`TargetError` when the base was built for something else. The result raises
    what resolving raises, and an error that names the base where that is what stands in the way.
    """
    contents = base.contents
    if contents is None:
        return CatalogueResolver(catalogue).resolve
    _check_target(base, contents.target, catalogue.target)
    shelf = _holding(catalogue, base.reference, contents)
    on_base = CatalogueResolver(shelf)
    held = tuple(
        Requirement(name, exact=version) for name, version in contents.versions.items()
    )

    def resolve(request: Sequence[Requirement]) -> Resolution:
        try:
            found = on_base.resolve((*held, *request))
        except BuilderError as error:
            raise _blamed(catalogue, shelf, base, request, error) from None
        return replace(found, request=tuple(request))

    return resolve


def _holding(catalogue: Catalogue, reference: str, contents: Contents) -> Catalogue:
    """The catalogue in which the base's packages have one version, and need nothing more."""
    versions = contents.versions
    known = {package.reference: package for package in catalogue.packages}

    def bound(package: Package) -> Package:
        conflicts = tuple(
            item for item in package.conflicts if canonical_name(catalogue, item) not in versions
        )
        return replace(package, depends=(), conflicts=conflicts, is_default=True)

    held = [
        bound(known[item]) if item in known else _undefined(name, version, reference)
        for item, (name, version) in zip(contents.packages, versions.items(), strict=True)
    ]
    return narrowed(catalogue, lambda package: package.name not in versions, held)


def _undefined(name: str, version: str | None, reference: str) -> Package:
    """A package that only the base image knows."""
    nowhere = Path("/")
    place = Location(reference)
    return Package(name, version, nowhere, nowhere, place, is_default=True)


def _check_target(base: BaseImage, built_for: Target, target: Target) -> None:
    """Packages for another machine, CUDA or distribution cannot be added to."""
    pairs = {
        "machine": (built_for.system, target.system),
        "architecture": (built_for.arch, target.arch),
        "L4T": (built_for.l4t, target.l4t),
        "CUDA": (built_for.cuda, target.cuda),
        "distribution": (_distribution(built_for), _distribution(target)),
        "Python": (built_for.python, target.python),
    }
    wrong = [
        f"{name} {has or 'none'}, not {wanted or 'none'}"
        for name, (has, wanted) in pairs.items()
        if has != wanted
    ]
    if not set(target.gpu_architectures) <= set(built_for.gpu_architectures):
        missing = sorted(set(target.gpu_architectures) - set(built_for.gpu_architectures))
        wrong.append(f"no code for sm {' '.join(map(str, missing))}")
    if wrong:
        raise TargetError(
            f"the base image {base.reference} was built for {built_for.name}, "
            f"the target is {target.name}: it has {'; '.join(wrong)}",
            hint=f"build for {built_for.name} with --target, or name another base",
        )


def _distribution(target: Target) -> str:
    return f"{target.distro} {target.release}"


def _blamed(
    catalogue: Catalogue,
    shelf: Catalogue,
    base: BaseImage,
    request: Sequence[Requirement],
    error: BuilderError,
) -> BuilderError:
    """The base's versions as the cause, if the request alone can be resolved."""
    try:
        without = CatalogueResolver(catalogue).resolve(request)
    except BuilderError as own:
        return own
    contradicted = _contradicted(shelf, without)
    if not contradicted:
        return BuilderError(
            f"this does not fit to what the base image {base.reference} holds: {error.what}",
            where=error.where,
            hint=f"without --base it can be built; {error.hint}",
        )
    names = " and ".join(package.name for package in contradicted)
    skip = ",".join(package.name for package in contradicted)
    asked = any(one.parent is None for found in contradicted.values() for one in found)
    place = next(
        (one.requirement.location for found in contradicted.values() for one in found), None
    )
    return BuilderError(
        f"the base image {base.reference} holds "
        + "; ".join(
            f"{package.reference}, but {' and '.join(one.wording for one in found)}"
            for package, found in contradicted.items()
        ),
        where=place,
        hint="one version per name stands in an image: build without --base, or name a base with "
        f"another {names}" + ("" if asked else f"; --skip-packages {skip} takes the base's"),
    )


def _contradicted(shelf: Catalogue, without: Resolution) -> dict[Package, list[Because]]:
    """What the base holds in another version than ``without`` it, and who asks for that.

    What only packages ask for that the base holds in another version too follows from those.
    """
    found: dict[Package, list[Because]] = {}
    for item in without.chosen:
        held = shelf.versions(item.package.name)[:1]
        wishes = [one for one in item.because if not shelf.find(one.requirement)]
        if held and wishes:
            found[held[0]] = wishes
    names = {package.name for package in found}
    roots = {
        package: first
        for package, wishes in found.items()
        if (first := [one for one in wishes if not one.parent or one.parent.name not in names])
    }
    return roots or found
