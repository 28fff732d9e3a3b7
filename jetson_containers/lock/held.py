"""A resolution held to the lock: locked versions, locked order, locked files."""

from __future__ import annotations

from dataclasses import replace

from jetson_containers.errors import BuilderError
from jetson_containers.lock.model import LockedImage, LockedPackage, distribution
from jetson_containers.lock.wanted import wanted
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Package
from jetson_containers.plan.model import BaseImage
from jetson_containers.resolve.model import Resolution, Resolved
from jetson_containers.resolve.resolver import resolve
from jetson_containers.resolve.shelf import Shelf


def hold_versions(catalogue: Shelf, image: LockedImage, free: Resolution) -> Resolution:
    """What the request resolves to when every package keeps its locked version where it can.

    A version that is no longer defined, or that a requirement of today excludes, is let go; the
    rest is held. Law: when nothing drifted, the packages are those of the lock, in its order.
    """
    request = free.request
    chosen = {item.package.name: item for item in free.chosen}
    pins = [
        pin
        for pin in (parse_requirement(package.reference) for package in image.packages)
        if any(found.reference == str(pin) for found in catalogue.find(pin))
    ]
    excluded = [
        pin
        for pin in pins
        if pin.name in chosen
        and not all(because.requirement.accepts(pin.exact) for because in chosen[pin.name].because)
    ]
    for kept in (pins, [pin for pin in pins if pin not in excluded]):
        try:
            found = resolve(catalogue, (*request, *kept))
        except BuilderError:
            continue
        return _in_order(_needed(found, free), image)
    return free


def _needed(found: Resolution, free: Resolution) -> Resolution:
    """Without what only a pin asked for, and without the pins among the reasons."""
    asked = set(free.request)
    items = [
        replace(
            item,
            because=tuple(
                because
                for because in item.because
                if because.parent is not None or because.requirement in asked
            ),
        )
        for item in found.chosen
    ]
    while True:
        members = {item.package for item in items}
        kept = [
            replace(item, because=because)
            for item in items
            if (
                because := tuple(
                    reason
                    for reason in item.because
                    if reason.parent is None or reason.parent in members
                )
            )
        ]
        if len(kept) == len(items):
            return replace(found, request=free.request, chosen=tuple(kept))
        items = kept


def _in_order(resolution: Resolution, image: LockedImage) -> Resolution:
    """In the locked order, if the dependencies of today allow it."""
    position = {package.reference: number for number, package in enumerate(image.packages)}
    if {package.reference for package in resolution.packages} != set(position):
        return resolution
    ordered = sorted(resolution.chosen, key=lambda item: position[item.package.reference])
    for item in ordered:
        for because in item.because:
            parent = because.parent
            if parent and position[parent.reference] < position[item.package.reference]:
                return resolution
    return replace(resolution, chosen=tuple(ordered))


def hold_files(resolution: Resolution, image: LockedImage) -> Resolution:
    """The packages with the locked files among their installer's words.

    An installer that is given files takes those and nothing else, and checks their sha256.
    """
    locked = {package.reference: package for package in image.packages}
    return replace(
        resolution,
        chosen=tuple(
            Resolved(_with_files(item.package, locked[item.package.reference]), item.because)
            for item in resolution.chosen
        ),
    )


def _with_files(package: Package, locked: LockedPackage) -> Package:
    install = wanted(package).install
    if install is None or not install.argument or not locked.files:
        return package
    words = [
        f"{'=='.join(distribution(file))}@{digest}" for file, digest in sorted(locked.files.items())
    ]
    arguments = dict(package.build_args)
    arguments[install.argument] = " ".join(["--locked", *words, "--", arguments[install.argument]])
    return replace(package, build_args=tuple(arguments.items()))


def hold_base(image: LockedImage, base: BaseImage) -> BaseImage:
    """The base of a plan: with the locked digest where nobody has looked yet."""
    if base.digest is not None:
        return base
    return replace(
        base,
        reference=image.base.reference,
        digest=image.base.known[0] if image.base.known else None,
    )
