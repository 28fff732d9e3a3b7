"""The smallest changes with which a request could be resolved, each tried out before it is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

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

    @property
    def key(self) -> tuple[str | None, str, bool]:
        """Which requirement of which package it changes."""
        return self.package, str(self.requirement), self.forbids

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


#: changes that were enough, by what they change: what many requests fail by is mended once
Known: TypeAlias = dict[tuple[str | None, str, bool], Change]


def remedies(
    numbered: Numbered,
    request: Sequence[Wish],
    failure: Failure,
    most: int = 1,
    known: Known | None = None,
) -> tuple[Remedy, ...]:
    """Up to ``most`` remedies, nearer versions first, then requirements dropped.

    ``known`` keeps what was enough for other requests of the catalogue, to be tried first. Law:
    with the changes of a remedy made, the request has a solution.
    """
    known = {} if known is None else known
    found: list[Remedy] = []
    for change in _candidates(numbered, failure, known):
        if len(found) == most:
            break
        if Search(*_after(numbered, request, change)).answer() is not None:
            found.append(Remedy((change,)))
            known.setdefault(change.key, change)
    return tuple(found) or _together(numbered, request, failure, known)


def _together(
    numbered: Numbered, request: Sequence[Wish], failure: Failure, known: Known
) -> tuple[Remedy, ...]:
    """Several changes, when no single one is enough: one for each cause that comes to light."""
    changes: list[Change] = []
    for _ in range(MOST_CHANGES):
        for change in _candidates(numbered, failure, known):
            after, wishes = _after(numbered, request, change)
            search = Search(after, wishes)
            if search.answer() is not None:
                return (Remedy((*changes, change)),)
            left = search.failure()
            if set(left.demands).isdisjoint(_own(failure)):
                changes.append(change)
                numbered, request, failure = after, wishes, left
                break
        else:
            return ()
    return ()


def _own(failure: Failure) -> set[Demand]:
    """The demands of a failure that packages state."""
    return {demand for demand in failure.demands if demand.parent is not None}


def _candidates(numbered: Numbered, failure: Failure, known: Known) -> Iterator[Change]:
    """Changes to try: what was enough before, nearer versions, leaving requirements out.

    What packages state comes before the words of the request.
    """
    asked = [demand for demand in failure.demands if demand.parent is None]
    several = len(asked) > 1
    changes = [
        change
        for changes in (
            _nearer(numbered, [item for item in failure.demands if item.parent is not None]),
            [
                _change(numbered, demand, None)
                for demand in reversed(failure.demands)
                if demand.parent is not None
            ],
            _nearer(numbered, [item for item in asked if several or not item.wish.accepted]),
            [_change(numbered, demand, None) for demand in asked] if several else [],
        )
        for change in changes
    ]
    first = dict.fromkeys(known[change.key] for change in changes if change.key in known)
    yield from first
    yield from (change for change in changes if change not in first)


def _nearer(numbered: Numbered, demands: Sequence[Demand]) -> list[Change]:
    """Other versions for demands that ask for versions, the nearest first."""
    return [
        _change(
            numbered,
            demand,
            Requirement(
                demand.wish.name,
                exact=numbered.packages[at].version,
                location=demand.wish.requirement.location,
            ),
        )
        for demand in demands
        if demand.wish.choosy and not demand.forbids
        for at in _nearest(numbered, demand)[:NEAREST]
    ]


def _change(numbered: Numbered, demand: Demand, to: Requirement | None) -> Change:
    parent = None if demand.parent is None else numbered.packages[demand.parent].reference
    return Change(parent, demand.wish.requirement, to, demand.forbids)


def _nearest(numbered: Numbered, demand: Demand) -> list[int]:
    """Versions that a demand does not accept, the nearest to what it names first."""
    wish = demand.wish
    others = [
        at
        for at in numbered.versions(wish.name)
        if at not in wish.accepted and at != demand.parent and numbered.packages[at].version
    ]
    wanted = wish.requirement.exact or next(
        (item.version for item in wish.requirement.specifier or ()), ""
    )
    return sorted(others, key=lambda at: distance(wanted, str(numbered.packages[at].version)))


def distance(wanted: str, version: str) -> tuple[int, tuple[int, ...], str]:
    """How far a version is from the wanted one: release numbers from the left, newer before older.

    What stands behind the release (``-builder``, ``-foxy``) counts before it: another kind of
    package is no nearer version. Texts without numbers come last, by name.
    """
    one, kind = _release(wanted)
    other, other_kind = _release(version)
    if not one or not other:
        return (2, (), version)
    length = max(len(one), len(other))
    mine = (*one, *(0,) * (length - len(one)))
    theirs = (*other, *(0,) * (length - len(other)))
    apart = tuple(abs(a - b) for a, b in zip(mine, theirs, strict=True))
    return (int(kind != other_kind), (*apart, int(theirs < mine)), version)


def _release(version: str) -> tuple[tuple[int, ...], str]:
    """The leading numbers of a version, and the text behind them."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    if match is None:
        return (), version
    return tuple(int(part) for part in match[1].split(".")), version[match.end() :]


def _after(
    numbered: Numbered, request: Sequence[Wish], change: Change
) -> tuple[Numbered, tuple[Wish, ...]]:
    """The catalogue and the request after a change."""
    if change.package is None:
        return numbered, numbered.wishes(_changed(request, change))
    at = numbered.number[change.package]
    own = _changed(numbered.bars(at) if change.forbids else numbered.needs(at), change)
    return Amended(numbered, at, own, bars=change.forbids), tuple(request)


def _changed(wishes: Sequence[Wish], change: Change) -> list[Requirement]:
    """The requirements of ``wishes`` with the one that is meant replaced or left out."""
    found = []
    for wish in wishes:
        if wish.requirement != change.requirement:
            found.append(wish.requirement)
        elif change.to is not None:
            found.append(change.to)
    return found
