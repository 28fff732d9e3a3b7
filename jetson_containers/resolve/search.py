"""The exact search: one version for every name that a request needs, or what stands against it.

The rules are clauses over one variable a package (see :class:`Search`), and the answer is the
best that there is: it leaves defaults, and then the newest, as late and as deep as possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jetson_containers.resolve.circle import circle
from jetson_containers.resolve.numbered import Numbered, Wish
from jetson_containers.resolve.sat import Satisfier

#: demands of a failure of which each is tried to be left out
MOST_WEIGHED = 200


@dataclass(frozen=True, slots=True)
class Demand:
    """Something that has to hold: a wish of the request (no ``parent``) or of a package.

    ``forbids`` says that what it accepts must stay out.
    """

    parent: int | None
    wish: Wish
    forbids: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """Demands that cannot hold together, in the order of the problem; none can be left out.

    ``circles`` are packages that would need themselves, each as the path around.
    """

    demands: tuple[Demand, ...]
    circles: tuple[tuple[int, ...], ...]


class Search:
    """One request as a problem.

    Rules beside the demands: one version per name; no circle; a package is there because the
    request or another package asks for it; one that is no default is there only if something asks
    for versions of that name. Packages that no sequence of requirements can bring in are left out.
    """

    def __init__(self, numbered: Numbered, request: Sequence[Wish]) -> None:
        request = sorted(request, key=lambda wish: str(wish.requirement))
        self._numbered = numbered
        self._demands = [Demand(None, wish) for wish in request]
        self._members: list[int] = []
        self._rules: list[tuple[int, ...]] = []
        self._place: dict[tuple[int, int], int] = {}
        self._circles: list[tuple[int, ...]] = []
        self._core = 0
        self._collect(request)
        self._demands += [
            Demand(at, wish) for at in self._members for wish in numbered.needs(at)
        ]
        self._demands += [
            Demand(at, wish, forbids=True) for at in self._members for wish in numbered.bars(at)
        ]
        self._variable = {at: place for place, at in enumerate(self._members, 1)}
        self._state_rules(request)

    def answer(self) -> dict[str, int] | None:
        """The chosen packages by name, or ``None``."""
        found, self._core = self._solve(range(len(self._demands)))
        if found is None:
            return None
        return {self._numbered.packages[at].name: at for at in found}

    def failure(self) -> Failure:
        """The reason, when there is no answer.

        Law: without any one of its demands there is an answer, unless there are more of them than
        ``MOST_WEIGHED``: a path of thousands is told as it was found.
        """
        core = self._core or self._solve(range(len(self._demands)))[1]
        kept = [at for at in range(len(self._demands)) if core >> at & 1]
        rules = [at for at in range(len(self._rules)) if core >> self._rule_bit(at) & 1]
        for at in tuple(kept) if len(kept) <= MOST_WEIGHED else ():
            if at in kept:
                without = [item for item in kept if item != at]
                answer, smaller = self._solve(without, rules)
                if answer is None:
                    kept = [item for item in without if smaller >> item & 1]
        _, core = self._solve(kept, rules)
        circles = tuple(
            path
            for at, path in enumerate(self._circles)
            if core >> self._circle_bit(at) & 1
        )
        return Failure(tuple(self._demands[at] for at in kept), circles)

    def _collect(self, request: Sequence[Wish]) -> None:
        """What requirements can bring in, the packages nearest to the request first.

        A bare name can bring in its default; other versions need something that asks for versions.
        """
        numbered = self._numbered
        depth: dict[str, int] = {}
        found: dict[int, None] = {}
        wishes: Iterable[Wish] = request
        level = 0
        while wishes:
            new: list[int] = []
            for wish in wishes:
                if wish.accepted:
                    depth.setdefault(wish.name, level)
                for at in wish.brings:
                    if at not in found:
                        found[at] = None
                        new.append(at)
            wishes = [wish for at in new for wish in numbered.needs(at)]
            level += 1
        for name in sorted(depth, key=lambda name: (depth[name], name)):
            self._members += [at for at in reversed(numbered.versions(name)) if at in found]

    def _state_rules(self, request: Sequence[Wish]) -> None:
        numbered, variable = self._numbered, self._variable
        asked: set[int] = set()
        brings: dict[int, dict[int, None]] = {at: {} for at in self._members}
        for wish in request:
            asked.update(wish.brings)
        for parent in self._members:
            for wish in numbered.needs(parent):
                for at in wish.brings:
                    brings[at][variable[parent]] = None
        for at in self._members:
            if at not in asked:
                self._rule(at, at, (-variable[at], *brings[at]))
        by_name: dict[str, list[int]] = {}
        for at in self._members:
            by_name.setdefault(numbered.packages[at].name, []).append(at)
        for group in by_name.values():
            for place, at in enumerate(group):
                for other in group[place + 1 :]:
                    self._rule(at, other, (-variable[at], -variable[other]))

    def _rule(self, at: int, other: int, clause: tuple[int, ...]) -> None:
        """A rule on one package (that something brings it in), or on two of one name."""
        self._place[at, other] = len(self._rules)
        self._rules.append(clause)

    def _broken(self, chosen: Sequence[int]) -> list[int]:
        """The rules that a choice breaks."""
        found = []
        members = {self._variable[at] for at in chosen}
        names: dict[str, list[int]] = {}
        for at in chosen:
            place = self._place.get((at, at))
            if place is not None and members.isdisjoint(self._rules[place][1:]):
                found.append(place)
            before = names.setdefault(self._numbered.packages[at].name, [])
            found += [self._place[other, at] for other in before]
            before.append(at)
        return found

    def _rule_bit(self, at: int) -> int:
        return len(self._demands) + at

    def _circle_bit(self, at: int) -> int:
        return len(self._demands) + len(self._rules) + at

    def _solve(
        self, demands: Iterable[int], rules: Iterable[int] = ()
    ) -> tuple[list[int] | None, int]:
        """The chosen packages under some of the demands, or the bits of what stands against it.

        The solver begins with the given rules, and learns of others as they are broken: few of them
        ever are.
        """
        solver = Satisfier(len(self._members))
        for at in rules:
            solver.add(self._rules[at], 1 << self._rule_bit(at))
        for at in range(len(self._circles)):
            self._bar_circle(solver, at)
        for at in demands:
            for clause in self._clauses(self._demands[at]):
                solver.add(clause, 1 << at)
        while True:
            values = solver.solve()
            if values is None:
                assert solver.core is not None
                return None, solver.core
            chosen = [at for at in self._members if values[self._variable[at]]]
            broken = self._broken(chosen)
            for at in broken:
                solver.add(self._rules[at], 1 << self._rule_bit(at))
            if broken:
                continue
            path = self._circle(chosen)
            if path is None:
                return chosen, 0
            self._circles.append(path)
            self._bar_circle(solver, len(self._circles) - 1)

    def _clauses(self, demand: Demand) -> list[list[int]]:
        variable = self._variable
        head = [] if demand.parent is None else [-variable[demand.parent]]
        accepted = [variable[at] for at in demand.wish.accepted if at in variable]
        if demand.forbids:
            return [[*head, -other] for other in accepted]
        return [[*head, *accepted]]

    def _bar_circle(self, solver: Satisfier, at: int) -> None:
        members = [-self._variable[item] for item in self._circles[at]]
        solver.add(members, 1 << self._circle_bit(at))

    def _circle(self, chosen: Sequence[int]) -> tuple[int, ...] | None:
        numbered, variable = self._numbered, self._variable
        by_name = {numbered.packages[at].name: at for at in chosen}
        found = circle(
            {
                variable[at]: [
                    variable[by_name[wish.name]]
                    for wish in numbered.needs(at)
                    if by_name.get(wish.name) in wish.accepted
                ]
                for at in chosen
            }
        )
        return found and tuple(self._members[place - 1] for place in found)
