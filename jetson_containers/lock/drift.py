"""What definitions say today against what the lock holds; pure, and all of it in one go."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from jetson_containers.errors import BuilderError, Location
from jetson_containers.image.bootstrap import bootstrap_reference
from jetson_containers.lock.model import LockedImage, LockedPackage
from jetson_containers.lock.platform import lock_platform
from jetson_containers.lock.wanted import contexts, wanted
from jetson_containers.package.model import Package
from jetson_containers.plan.model import BaseImage
from jetson_containers.platform.target import Target
from jetson_containers.resolve.model import Because, Resolution


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is no longer as the lock holds it.

    ``code`` is ``version``, ``package``, ``order``, ``wheels``, ``argument``, ``step``, ``git``,
    ``url``, ``question``, ``setting``, ``platform``, ``base`` (definitions against the lock), or
    ``moved``, ``changed``, ``yanked``, ``gone`` (the world against it). ``subject`` is what it is
    about.
    """

    image: str
    code: str
    subject: str
    message: str
    location: Location | None = None
    hint: str = ""

    def error(self) -> BuilderError:
        """The drift as what stops a locked plan."""
        return BuilderError(
            f"{self.image} has drifted: {self.message}", where=self.location, hint=self.hint
        )

    def to_dict(self) -> dict[str, object]:
        place = self.location
        return {
            "image": self.image,
            "code": self.code,
            "subject": self.subject,
            "message": self.message,
            "file": place.path if place else None,
            "line": place.line if place and place.line else None,
            "hint": self.hint,
        }


def remedy(image: LockedImage) -> str:
    """How any drift is mended."""
    return (
        f"take the change back, or lock it: "
        f"jetson-containers lock {' '.join(image.request)} --target {image.target}"
    )


def drifts(
    image: LockedImage,
    free: Resolution,
    held: Resolution,
    settings: Mapping[str, str],
    lock_path: str,
) -> tuple[Drift, ...]:
    """Where the definitions differ from the lock.

    ``free`` is what they resolve to by themselves, ``held`` what comes out when every package
    keeps its locked version where it can. ``settings`` are what definitions are told now.
    """
    place = Location(lock_path)
    found = [
        *_surroundings(image, free.target, settings, place),
        *_members(image, free, held, place),
    ]
    locked = {package.reference: package for package in image.packages}
    known = contexts(held)
    for package in held.packages:
        if package.reference in locked:
            found += _sources(image, package, locked[package.reference], known)
    return tuple(found)


def _surroundings(
    image: LockedImage, target: Target, settings: Mapping[str, str], place: Location
) -> Iterator[Drift]:
    now = lock_platform(target)
    for what, before, after in (
        ("platform", image.platform, now),
        ("Python", image.python, str(target.python)),
    ):
        if before != after:
            message = f"its {what} is {after}, locked for {before}"
            yield Drift(str(image), "platform", what, message, place, remedy(image))
    for name in sorted({*image.settings, *settings}):
        was, given = image.settings.get(name), settings.get(name)
        if was != given:
            message = f"the environment has {name}={given or ''}, locked was {was or 'nothing'}"
            yield Drift(
                str(image),
                "setting",
                name,
                message,
                place,
                f"set it as it was, or {remedy(image).partition('or ')[2]}",
            )


def _members(
    image: LockedImage, free: Resolution, held: Resolution, place: Location
) -> Iterator[Drift]:
    """Packages that came, went, or have another version; then the order."""
    locked = {package.name: package.reference for package in image.packages}
    chosen = {item.package.name: item for item in held.chosen}
    for name, item in chosen.items():
        package, before = item.package, locked.get(name)
        if before == package.reference:
            continue
        if before is None:
            first = item.because[0] if item.because else None
            why = first.wording if first else "it is needed"
            message = f"{package.reference} is new in the chain: {why}"
            where = _place(first) or package.location
            yield Drift(str(image), "package", package.reference, message, where, remedy(image))
            continue
        against = [
            because
            for because in item.because
            if not because.requirement.accepts(before.partition(":")[2] or None)
        ]
        if against:
            message = f"{against[0].wording}, locked is {before}"
            where = _place(against[0]) or package.location
        else:
            message = f"{before} is locked and no longer defined; {package.reference} is"
            where = package.location
        yield Drift(str(image), "version", name, message, where, remedy(image))
    for name, before in locked.items():
        if name not in chosen:
            message = f"{before} is locked and no longer needed"
            yield Drift(str(image), "package", before, message, place, remedy(image))
    yield from _order(image, held)


def _order(image: LockedImage, held: Resolution) -> Iterator[Drift]:
    """Dependencies that the locked order would build too late."""
    position = {package.reference: number for number, package in enumerate(image.packages)}
    for item in held.chosen:
        for because in item.because:
            if because.parent is None:
                continue
            needed, needing = item.package.reference, because.parent.reference
            if position.get(needed, -1) > position.get(needing, len(position)):
                message = f"{because.wording}, locked is the other order"
                yield Drift(
                    str(image), "order", needing, message, _place(because), remedy(image)
                )


def _sources(
    image: LockedImage, package: Package, locked: LockedPackage, known: Collection[str]
) -> Iterator[Drift]:
    """What one package takes from outside; ``known`` are the names of the chain's packages."""
    now = wanted(package)

    def drift(code: str, subject: str, message: str) -> Drift:
        return Drift(
            str(image),
            code,
            subject,
            f"{package.reference} {message}",
            package.location,
            remedy(image),
        )

    if now.wheels != locked.wheels:
        new = [pin for pin in now.wheels if pin not in locked.wheels]
        old = [pin for pin in locked.wheels if pin not in now.wheels]
        shown = f"installs {', '.join(new) or 'nothing new'}, locked is {', '.join(old) or 'less'}"
        if not new and not old:
            shown = "installs in another order than is locked"
        yield drift("wheels", package.reference, shown)
    for name in sorted({*now.arguments, *locked.arguments}):
        was, given = locked.arguments.get(name), now.arguments.get(name)
        if was != given:
            pair = [f"{name}={value}" if value is not None else "" for value in (given, was)]
            said = f"builds with {pair[0] or f'no {name}'}, locked is {pair[1] or 'none'}"
            yield drift("argument", name, said)
    for what in now.unpinned(known):
        if f"{package.reference}: {what}" not in image.unknown:
            yield drift("step", what, f"takes what nothing pins, new since the lock: {what}")
    refs = {f"{address}@{ref}" for address, ref in now.git}
    for key in sorted(refs.symmetric_difference(locked.git)):
        said = "takes" if key in refs else "no longer takes"
        known = "which is not locked" if key in refs else "which is locked"
        yield drift("git", key, f"{said} {key}, {known}")
    for address in sorted(set(now.urls).symmetric_difference(locked.urls)):
        said = "fetches" if address in now.urls else "no longer fetches"
        known = "which is not locked" if address in now.urls else "which is locked"
        yield drift("url", address, f"{said} {address}, {known}")
    for address, stated in now.urls.items():
        held = locked.urls.get(address)
        if stated and held and stated != held:
            yield drift("url", address, f"states sha256 {stated} of {address}, locked is {held}")
    for question in package.unpinned:
        if question not in image.answers:
            yield drift("question", question, f"asks the network ({question}), without an answer")


def _place(because: Because | None) -> Location | None:
    return because.requirement.location if because else None


def base_drift(
    image: LockedImage, base: BaseImage, target: Target, asked: str, lock_path: str
) -> tuple[Drift, ...]:
    """Whether a chain would start on another image than is locked.

    ``asked`` is the base that the command line names, if it does: without it, the target's base
    image and the one made in its place count as the same wish. A base that nobody has looked at
    has no digest, and then only its reference counts.
    """
    locked = image.base
    place = Location(lock_path)
    alike = {base.reference}
    if not asked and base.digest is None:
        alike.add(bootstrap_reference(target))
    if locked.reference not in alike:
        message = f"it starts on {base.reference}, locked is {locked.reference}"
        return (Drift(str(image), "base", base.reference, message, place, remedy(image)),)
    now = [item for item in (base.digest, *base.manifests) if item]
    if now and locked.known and not set(now) & set(locked.known):
        message = f"{base.reference} is {now[0]}, locked is {' or '.join(locked.known)}"
        hint = f"have the locked image under that name, or {remedy(image).partition('or ')[2]}"
        return (Drift(str(image), "base", base.reference, message, place, hint),)
    return ()
