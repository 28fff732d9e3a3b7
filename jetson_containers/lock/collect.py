"""Make the locked image of a request: ask the world for all that its definitions take from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from packaging.utils import canonicalize_name

from jetson_containers.errors import BuilderError, UnreachableError, raise_all
from jetson_containers.lock.model import LockedImage, LockedPackage
from jetson_containers.lock.outside import Distributions, Outside
from jetson_containers.lock.platform import lock_platform
from jetson_containers.lock.wanted import Install, Wanted, contexts, name_of, wanted
from jetson_containers.package.model import Package
from jetson_containers.resolve.model import Resolution

#: rounds of questions whose answers lead to other questions
_ROUNDS = 5

T = TypeVar("T")

#: resolves the request with the answers that are there so far
Resolve = Callable[[Mapping[str, str]], Resolution]


@dataclass(slots=True)
class _Asking:
    """Questions to the world: each asked once, denials and silences gathered."""

    unknown: dict[str, str] = field(default_factory=dict)
    errors: list[BuilderError] = field(default_factory=list)

    def of(
        self,
        what: str,
        package: Package | None,
        ask: Callable[[], T],
        doubtful: bool = False,
    ) -> T | None:
        """The answer, or ``None`` when there is none; to deny what is ``doubtful`` is no error."""
        try:
            return ask()
        except UnreachableError as error:
            self.unknown[what] = error.what
        except BuilderError as error:
            if doubtful:
                self.unknown[what] = error.what
                return None
            where = error.where or (package.location if package else None)
            self.errors.append(BuilderError(error.what, where=where, hint=error.hint))
        return None


def collect(
    resolve: Resolve, outside: Outside, base: str, settings: Mapping[str, str]
) -> LockedImage:
    """The locked image of one request.

    What cannot be reached is left unknown, with the reason; what the world denies (a ref that is
    not there, pins that do not resolve) is raised, all of it in one go. Nothing is guessed.
    """
    asking = _Asking()
    resolution, answers = _answered(resolve, outside, asking)
    target = resolution.target
    wishes = {package.reference: wanted(package) for package in resolution.packages}
    files = _files(resolution, wishes, outside, asking)
    commits: dict[tuple[str, str], str | None] = {}
    sums: dict[str, str | None] = {}
    packages = []
    for package in resolution.packages:
        wish = wishes[package.reference]
        for pair in wish.git:
            if pair not in commits:
                doubtful = pair in wish.tried
                commits[pair] = asking.of(
                    "@".join(pair), package, lambda: outside.commit(*pair), doubtful  # noqa: B023
                )
        for address, stated in wish.urls.items():
            if address not in sums:
                sums[address] = stated or asking.of(
                    address, package, lambda: outside.checksum(address)  # noqa: B023
                )
        asking.unknown |= {
            f"{package.reference}: {text}": why
            for text, why in wish.unpinned(contexts(resolution)).items()
        }
        packages.append(
            LockedPackage(
                reference=package.reference,
                wheels=wish.wheels,
                files=files.get(package.reference, {}),
                git={"@".join(pair): commits[pair] for pair in wish.git},
                urls={address: sums[address] for address in wish.urls},
                arguments=wish.arguments,
            )
        )
    raise_all(asking.errors)
    found = outside.base(base, target)
    if not found.known:
        asking.unknown[f"base {base}"] = "no engine here holds it, and no registry could be asked"
    return LockedImage(
        target=target.name,
        request=tuple(str(item) for item in resolution.request),
        platform=lock_platform(target),
        python=str(target.python),
        base=found,
        packages=tuple(packages),
        settings=settings,
        answers=answers,
        unknown=asking.unknown,
    )


def _answered(
    resolve: Resolve, outside: Outside, asking: _Asking
) -> tuple[Resolution, dict[str, str | None]]:
    """The resolution with every question of its packages answered, as far as that can be."""
    answers: dict[str, str | None] = {}
    for _ in range(_ROUNDS):
        resolution = resolve({key: text for key, text in answers.items() if text is not None})
        new = {
            question: package
            for package in resolution.packages
            for question in package.unpinned
            if question not in answers
        }
        if not new:
            break
        for question, package in new.items():
            answers[question] = asking.of(
                question, package, lambda: outside.answer(question, resolution.target)  # noqa: B023
            )
    raise_all(asking.errors)
    return resolution, answers


def _files(
    resolution: Resolution, wishes: Mapping[str, Wanted], outside: Outside, asking: _Asking
) -> dict[str, dict[str, str]]:
    """The files that each package's stage adds to the image, in build order."""
    installs = [wish.install for wish in wishes.values() if wish.install]
    if not installs:
        return {}
    found = asking.of(
        "distributions",
        None,
        lambda: outside.distributions(installs, bounds(resolution), resolution.target),
    )
    if found is None:
        return {}
    found = replace(found, unknown={**_unserved(installs, found), **found.unknown})
    asking.unknown |= found.unknown
    return share(resolution, wishes, found)


def _unserved(installs: Sequence[Install], found: Distributions) -> dict[str, str]:
    """Pins that the resolution took and that no file serves."""
    held = {name for name, _ in found.files}
    absent = {canonicalize_name(name) for install in installs for name in install.without}
    return {
        pin: "its index has no file of it for the target"
        for install in installs
        for pin in install.pins
        if ";" not in pin and name_of(pin) not in held | absent
    }


def share(
    resolution: Resolution, wishes: Mapping[str, Wanted], found: Distributions
) -> dict[str, dict[str, str]]:
    """Each file with the first package in build order whose pins need it.

    Law: no file twice. A package with a pin that is unknown has none, because its installer has
    to look for what it needs by itself; nor have those after it, because nobody knows what of
    theirs it brought, and in which version.
    """
    by_name = {name: entry for (name, _), entry in found.files.items()}
    taken: set[str] = set()
    shared: dict[str, dict[str, str]] = {}
    for package in resolution.packages:
        install = wishes[package.reference].install
        if install is None:
            continue
        if any(pin in found.unknown for pin in install.pins):
            break
        todo = [name_of(pin) for pin in install.pins]
        own: dict[str, str] = {}
        while todo:
            name = todo.pop()
            if name in taken:
                continue
            taken.add(name)
            if name in by_name:
                file, digest = by_name[name]
                own[file] = digest
            if install.argument != "INSTALLER":
                todo.extend(found.needs.get(name, ()))
        shared[package.reference] = own
    return shared


def bounds(resolution: Resolution) -> str:
    """The constraints that the chain's installer keeps to: ``pip_index/constraints.txt``."""
    if resolution.target.python.release[:2] < (3, 10):
        return ""
    for package in resolution.packages:
        path = Path(package.path, "constraints.txt")
        if package.dockerfile is None and path.is_file():
            return path.read_text(encoding="utf-8")
    return ""


def forgets(old: LockedImage | None, new: LockedImage) -> tuple[str, ...]:
    """What ``old`` knew and ``new`` does not: an outage is no reason to lose it."""
    if old is None:
        return ()
    return tuple(
        sorted(what for what in new.unknown if what not in old.unknown and _knew(old, what))
    )


def _knew(image: LockedImage, what: str) -> bool:
    if what == f"base {image.base.reference}":
        return bool(image.base.known)
    if what == "distributions":
        return bool(image.files)
    return (
        what in image.recorded
        or any(package.git.get(what) or package.urls.get(what) for package in image.packages)
        or any(what in pin for package in image.packages if package.files for pin in package.wheels)
    )
