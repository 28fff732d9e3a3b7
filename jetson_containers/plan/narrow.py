"""A catalogue with fewer versions in it: what is left still has its defaults and bare aliases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from jetson_containers.package.catalogue import Catalogue, preference
from jetson_containers.package.model import Package


def narrowed(
    catalogue: Catalogue, keep: Callable[[Package], bool], more: Iterable[Package] = ()
) -> Catalogue:
    """The packages that ``keep`` accepts, and ``more`` of the same or other names.

    Where the default of a name is gone, the best of the rest is the default, and the aliases
    without a version that are gone with others go to it: they mean the default version.
    """
    groups: dict[str, list[Package]] = {}
    lost: dict[str, list[str]] = {}
    for package in catalogue.packages:
        if keep(package):
            groups.setdefault(package.name, []).append(package)
        else:
            bare = [alias for alias in package.aliases if ":" not in alias]
            lost.setdefault(package.name, []).extend(bare)
    for package in more:
        groups.setdefault(package.name, []).append(package)
    return replace(
        catalogue,
        packages=tuple(
            package
            for name, group in groups.items()
            for package in _with_default(group, lost.get(name, []))
        ),
    )


def _with_default(group: list[Package], lost: list[str]) -> list[Package]:
    known = {alias for package in group for alias in package.aliases}
    moved = tuple(dict.fromkeys(alias for alias in lost if alias not in known))
    best = max(group, key=preference)
    if best.is_default and not moved:
        return group
    heir = replace(best, is_default=True, aliases=(*best.aliases, *moved))
    return [heir if package is best else package for package in group]
