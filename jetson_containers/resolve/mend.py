"""The smallest changes with which a request could be resolved, each tried out before it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.version import InvalidVersion, Version

from jetson_containers.package.model import Requirement
from jetson_containers.resolve.numbered import Amended, Numbered, Wish
from jetson_containers.resolve.search import Demand, Failure, Search

#: nearest versions that are tried for one requirement
NEAREST = 3
#: changes that are put together when no single one is enough
MOST_CHANGES = 4


@dataclass(frozen=True, slots=True)
class Change:
    """One edit: a requirement of ``package`` (``None``: the request) replaced, or dropped.

    ``to`` is ``None`` for a requirement that is dropped.
    """

    package: str | None
    requirement: Requirement
    to: Requirement | None
    forbids: bool = False

    def __str__(self) -> str:
        place = f" in {self.requirement.location}" if self.requirement.location else ""
        if self.package is None:
            return f"ask for {self.to}" if self.to else f"leave out {self.requirement}"
        if self.to is not None:
            return f"let {self.package} require {self.to} instead of {self.requirement}{place}"
        kind = "conflict with" if self.forbids else "requirement of"
        return f"drop {self.package}'s {kind} {self.requirement}{place}"


@dataclass(frozen=True, slots=True)
class Remedy:
    """Changes that together make the request resolve."""

    changes: tuple[Change, ...]

    @property
    def text(self) -> str:
        """As a sentence."""
        return " and ".join(str(change) for change in self.changes)

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "changes": [
                {
                    "package": change.package,
                    "requirement": str(change.requirement),
                    "to": str(change.to) if change.to else None,
                    "file": change.requirement.location.path
                    if change.requirement.location
                    else None,
                    "line": change.requirement.location.line
                    if change.requirement.location
                    else 0,
                }
                for change in self.changes
            ],
        }


def remedies(
    numbered: Numbered, request: Sequence[Wish], failure: Failure, most: int = 3
) -> tuple[Remedy, ...]:
    """Up to ``most`` remedies, nearer versions first, then requirements dropped.

    Law: with the changes of a remedy made, the request has a solution.
    """
    found: list[Remedy] = []
    for change in _candidates(numbered, failure):
        if len(found) == most:
            break
        if _after(numbered, request, change)[2] is None:
            found.append(Remedy((change,)))
    return tuple(found) or _together(numbered, request, failure)


def _together(
    numbered: Numbered, request: Sequence[Wish], failure: Failure
) -> tuple[Remedy, ...]:
    """Several changes, when no single one is enough: one for each cause that comes to light."""
    changes: list[Change] = []
    for _ in range(MOST_CHANGES):
        step = None
        for change in _candidates(numbered, failure):
            after = _after(numbered, request, change)
            if after[2] is None or set(after[2].demands).isdisjoint(failure.demands):
                step = change, after
                break
        if step is None:
            return ()
        change, (numbered, request, left) = step
        changes.append(change)
        if left is None:
            return (Remedy(tuple(changes)),)
        failure = left
    return ()


def _candidates(numbered: Numbered, failure: Failure) -> Iterator[Change]:
    """Changes to try: nearer versions for what asks for versions, then leaving requirements out."""
    for demand in failure.demands:
        if demand.wish.choosy and not demand.forbids:
            for at in _nearest(numbered, demand.wish)[:NEAREST]:
                yield _change(numbered, demand, Requirement(
                    demand.wish.name,
                    exact=numbered.packages[at].version,
                    location=demand.wish.requirement.location,
                ))
    for demand in reversed(failure.demands):
        if demand.parent is not None:
            yield _change(numbered, demand, None)
    if len(wishes := [demand for demand in failure.demands if demand.parent is None]) > 1:
        for demand in wishes:
            yield _change(numbered, demand, None)


def _change(numbered: Numbered, demand: Demand, to: Requirement | None) -> Change:
    parent = None if demand.parent is None else numbered.packages[demand.parent].reference
    return Change(parent, demand.wish.requirement, to, demand.forbids)


def _nearest(numbered: Numbered, wish: Wish) -> list[int]:
    """Versions that the wish does not accept, the nearest to what it names first."""
    others = [
        at
        for at in numbered.versions(wish.name)
        if at not in wish.accepted and numbered.packages[at].version
    ]
    wanted = wish.requirement.exact or next(
        (item.version for item in wish.requirement.specifier or ()), ""
    )
    return sorted(others, key=lambda at: distance(wanted, str(numbered.packages[at].version)))


def distance(wanted: str, version: str) -> tuple[bool, tuple[int, ...], str]:
    """How far a version is from the wanted one: release numbers from the left, newer before older.

    Texts that are no PEP 440 version come last, by name.
    """
    try:
        one, other = Version(wanted), Version(version)
    except InvalidVersion:
        return (True, (), version)
    length = max(len(one.release), len(other.release))
    mine = (*one.release, *(0,) * (length - len(one.release)))
    theirs = (*other.release, *(0,) * (length - len(other.release)))
    apart = tuple(abs(a - b) for a, b in zip(mine, theirs, strict=True))
    return (False, (*apart, int(other < one)), version)


def _after(
    numbered: Numbered, request: Sequence[Wish], change: Change
) -> tuple[Numbered, tuple[Wish, ...], Failure | None]:
    """The catalogue and request after a change, and what still stands against it."""
    if change.package is None:
        wishes = numbered.wishes(_changed(request, change))
    else:
        at = numbered.number[change.package]
        own = _changed(numbered.bars(at) if change.forbids else numbered.needs(at), change)
        numbered = Amended(numbered, at, own, bars=change.forbids)
        wishes = tuple(request)
    search = Search(numbered, wishes)
    return numbered, wishes, None if search.answer() is not None else search.failure()


def _changed(wishes: Sequence[Wish], change: Change) -> list[Requirement]:
    """The requirements of ``wishes`` with the one that is meant replaced or left out."""
    found = []
    for wish in wishes:
        if wish.requirement != change.requirement:
            found.append(wish.requirement)
        elif change.to is not None:
            found.append(change.to)
    return found
