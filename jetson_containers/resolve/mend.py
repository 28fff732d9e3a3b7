"""The smallest changes with which a request could be resolved, each tried out before it is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from jetson_containers.errors import Location, place_keys
from jetson_containers.package.model import Requirement
from jetson_containers.resolve.numbered import Amended, Numbered, Wish
from jetson_containers.resolve.plain import settled
from jetson_containers.resolve.search import Demand, Failure, Search

#: nearest versions that are tried for one requirement
NEAREST = 3
#: other versions that are tried beside a request
MOST_TRIED = 20
#: changes that are put together when no single one is enough
MOST_CHANGES = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One edit of what ``package`` requires or conflicts with (``None``: of the request).

    ``requirement`` is replaced by ``to``; without ``to`` it is dropped, and without
    ``requirement`` the request asks for ``to`` beside the rest.
    """

    package: str | None
    requirement: Requirement | None
    to: Requirement | None
    forbids: bool = False

    @property
    def key(self) -> tuple[str | None, str, bool]:
        """Which requirement of which package it changes."""
        return self.package, str(self.requirement), self.forbids

    @property
    def location(self) -> Location | None:
        """Where the requirement is written."""
        return self.requirement.location if self.requirement else None

    def __str__(self) -> str:
        place = f" in {self.location}" if self.location else ""
        if self.requirement is None:
            return f"also ask for {self.to}"
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
                    "requirement": str(change.requirement) if change.requirement else None,
                    "to": str(change.to) if change.to else None,
                    **place_keys(change.location),
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
            return tuple(found)
        if _resolves(*_after(numbered, request, change)):
            found.append(Remedy((change,)))
            if change.package is not None:
                known.setdefault(change.key, change)
    found = found or _together(numbered, request, failure, known)
    for change in _left_out(numbered, failure):
        if len(found) < most and _resolves(*_after(numbered, request, change)):
            found.append(Remedy((change,)))
    return tuple(found)


def _resolves(numbered: Numbered, request: Sequence[Wish]) -> bool:
    return (settled(numbered, request) or Search(numbered, request).answer()) is not None


def _together(
    numbered: Numbered, request: Sequence[Wish], failure: Failure, known: Known
) -> list[Remedy]:
    """Several changes, when no single one is enough: one for each cause that comes to light."""
    changes: list[Change] = []
    while len(changes) < MOST_CHANGES:
        tried = [
            (change, *_after(numbered, request, change))
            for change in _candidates(numbered, failure, known)
        ]
        for change, after, wishes in tried:
            if _resolves(after, wishes):
                return [Remedy((*changes, change))]
        for change, after, wishes in tried:
            left = Search(after, wishes).failure()
            if _mends(numbered, change, failure, left):
                changes.append(change)
                numbered, request, failure = after, wishes, left
                break
        else:
            return []
    return []


def _mends(numbered: Numbered, change: Change, failure: Failure, left: Failure) -> bool:
    """Whether a change took one cause away for good: what is left is about something else."""
    stated = {demand for demand in left.demands if demand.parent is not None}
    if change.requirement is None and change.to is not None:
        name = change.to.name
        return not any(
            name in (demand.wish.name, numbered.packages[demand.parent].name)
            for demand in stated
            if demand.parent is not None
        )
    return stated.isdisjoint(failure.demands)


def _candidates(numbered: Numbered, failure: Failure, known: Known) -> Iterator[Change]:
    """Changes to try: what was enough before, nearer versions, requirements dropped.

    What packages state comes before the words of the request; but who asks for several things can
    ask for one more with less effort than to edit a definition.
    """
    asked = [demand for demand in failure.demands if demand.parent is None]
    stated = [demand for demand in failure.demands if demand.parent is not None]
    # what closes a circle stands among its causes only when it is needed to get there
    stated += [demand for demand in _round(numbered, failure) if demand not in stated]
    several = len(asked) > 1
    added = _added(numbered, failure)
    changes = [
        *(added if several else []),
        *_nearer(numbered, stated),
        *(_change(numbered, demand, None) for demand in reversed(stated)),
        *_nearer(numbered, [item for item in asked if several or not item.wish.accepted]),
        *([] if several else added),
    ]
    first = dict.fromkeys(known[change.key] for change in changes if change.key in known)
    yield from first
    yield from (change for change in changes if change not in first)


def _round(numbered: Numbered, failure: Failure) -> Iterator[Demand]:
    """The requirements along the circles."""
    for path in failure.circles:
        for at, following in zip(path, (*path[1:], path[0]), strict=True):
            yield from (
                Demand(at, wish) for wish in numbered.needs(at) if following in wish.accepted
            )


def _left_out(numbered: Numbered, failure: Failure) -> list[Change]:
    """The words of a longer request, each left out."""
    asked = [demand for demand in failure.demands if demand.parent is None]
    return [_change(numbered, demand, None) for demand in asked] if len(asked) > 1 else []


def _added(numbered: Numbered, failure: Failure) -> list[Change]:
    """Other versions to ask for, of the names whose default stands in the way."""
    names = dict.fromkeys(
        demand.wish.name
        for demand in reversed(failure.demands)
        if not demand.wish.choosy and not demand.forbids and demand.parent is not None
    )
    return [
        Change(None, None, Requirement(name, exact=numbered.packages[at].version))
        for name in names
        for at in numbered.versions(name)[1 : MOST_TRIED + 1]
        if numbered.packages[at].version
    ]


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
    """How far a version is from the wanted one: by the first release number that differs.

    Behind that number the one nearer to the wanted side counts: of 2.11 and 2.14 for 99 it is 2.14.
    Of two that are as far, the newer comes first. What stands behind the release (``-builder``,
    ``-foxy``) counts before it: another kind of package is no nearer version. Texts without
    numbers come last, by name.
    """
    one, kind = _release(wanted)
    other, other_kind = _release(version)
    if not one or not other:
        return (2, (), version)
    length = max(len(one), len(other))
    mine = (*one, *(0,) * (length - len(one)))
    theirs = (*other, *(0,) * (length - len(other)))
    apart: list[int] = []
    below = 0
    for a, b in zip(mine, theirs, strict=True):
        apart.append(b * below if below else abs(a - b))
        if not below and a != b:
            below = 1 if b > a else -1
    return (int(kind != other_kind), (*apart, int(below < 0)), version)


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
    if change.requirement is None and change.to is not None:
        return numbered, (*request, numbered.wish(change.to))
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
