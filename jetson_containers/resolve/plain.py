"""The plain reading of a request: every bare name its default, every pin obeyed.

Most requests have one, and it takes no search. Where it contradicts itself,
:mod:`jetson_containers.resolve.search` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from jetson_containers.resolve.circle import circle
from jetson_containers.resolve.numbered import Numbered, Wish

#: times that pins may move other pins before the plain reading is given up
ROUNDS = 8


class PlainReading:
    """The plain readings of one catalogue.

    The closure of a package is a set of bits, made once: a catalogue of ten thousand packages
    needs no more than the bits of a square.
    """

    def __init__(self, numbered: Numbered) -> None:
        self._numbered = numbered
        self._closures: dict[int, tuple[int, int, int] | None] = {}
        names = sorted({package.name for package in numbered.packages})
        bit = {name: 1 << at for at, name in enumerate(names)}
        self._name_bits = [bit[package.name] for package in numbered.packages]

    def read(self, request: Sequence[Wish]) -> dict[str, int] | None:
        """A package for every name that the request needs; ``None`` if there is no plain reading.

        Laws: the order of the request changes nothing, nor that of the definitions; all
        requirements hold, conflicts stay out, and no package needs itself.
        """
        if not all(wish.accepted for wish in request):
            return None
        parts = [self._closure(wish.best) for wish in request]
        members = names = barred = 0
        for part in parts:
            if part is None:
                return settled(self._numbered, request)
            members, names, barred = members | part[0], names | part[1], barred | part[2]
        if members.bit_count() != names.bit_count():
            return settled(self._numbered, request)
        if members & barred:
            return None
        packages = self._numbered.packages
        return {packages[at].name: at for at in _bits(members)}

    def _closure(self, start: int) -> tuple[int, int, int] | None:
        """Members, their names, and what they bar, as bits.

        ``None`` when a requirement is not met by the best that it accepts alone, or in a circle.
        """
        known = self._closures
        if start in known:
            return known[start]
        path: dict[int, Iterator[int]] = {start: self._first_choices(start)}
        broken: set[int] = set()
        while path:
            at, choices = next(reversed(path.items()))
            for need in choices:
                if need in path:
                    order = list(path)
                    broken.update(order[order.index(need) :])
                elif need < 0:
                    broken.add(at)
                elif need not in known:
                    path[need] = self._first_choices(need)
                    break
            else:
                del path[at]
                known[at] = None if at in broken else self._joined(at)
        return known[start]

    def _first_choices(self, at: int) -> Iterator[int]:
        return iter(
            [wish.best if wish.accepted else -1 for wish in self._numbered.needs(at)]
        )

    def _joined(self, at: int) -> tuple[int, int, int] | None:
        members, names, barred = 1 << at, self._name_bits[at], 0
        for wish in self._numbered.bars(at):
            for other in wish.accepted:
                barred |= 1 << other
        for wish in self._numbered.needs(at):
            part = self._closures[wish.best]
            if part is None:
                return None
            members, names, barred = members | part[0], names | part[1], barred | part[2]
        if members.bit_count() != names.bit_count() or members & barred:
            return None
        return members, names, barred


def settled(numbered: Numbered, request: Sequence[Wish]) -> dict[str, int] | None:
    """The plain reading of one request: read again with the pins of the reading before, until
    they are the same. ``None`` if there is none.
    """
    pins: dict[str, int] = {}
    for _ in range(ROUNDS):
        picks: dict[str, int] = {}
        choosy: dict[str, list[Wish]] = {}
        unmet = False
        todo = list(request)
        while todo:
            wish = todo.pop()
            if not wish.accepted:
                # perhaps of a version that a pin is about to replace
                unmet = True
                continue
            name = wish.name
            if wish.choosy:
                choosy.setdefault(name, []).append(wish)
            if name not in picks:
                picks[name] = pins[name] if name in pins else numbered.default(name)
                todo.extend(numbered.needs(picks[name]))
        pins = {}
        for name, wishes in choosy.items():
            common = _common(wishes)
            if not common:
                return None
            pins[name] = common[0]
        if all(at == pins.get(name, numbered.default(name)) for name, at in picks.items()):
            faulty = unmet or _barred(numbered, picks) or _circular(numbered, picks)
            return None if faulty else picks
    return None


def _barred(numbered: Numbered, picks: Mapping[str, int]) -> bool:
    members = set(picks.values())
    return any(
        not members.isdisjoint(wish.accepted) for at in members for wish in numbered.bars(at)
    )


def _circular(numbered: Numbered, picks: Mapping[str, int]) -> bool:
    edges = {at: [picks[wish.name] for wish in numbered.needs(at)] for at in picks.values()}
    return circle(edges) is not None


def _common(wishes: Sequence[Wish]) -> tuple[int, ...]:
    """What all of them accept, in the order of preference."""
    first, *others = wishes
    sets = [frozenset(wish.accepted) for wish in others]
    return tuple(at for at in first.accepted if all(at in other for other in sets))


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
