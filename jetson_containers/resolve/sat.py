"""Boolean satisfiability for small problems: the search behind the resolver.

Conflict-driven clause learning with watched literals (Marques-Silva and Sakallah, GRASP, 1996;
Moskewicz et al., Chaff, 2001), without restarts and with a fixed order of decisions, so that the
first answer is the best one. A literal is a variable's number, from 1, or its negative.
"""

from __future__ import annotations

from collections.abc import Iterable


class Clause:
    """Literals of which one must hold. ``origin`` are the bits of what it follows from."""

    __slots__ = ("literals", "origin")

    def __init__(self, literals: list[int], origin: int) -> None:
        self.literals = literals
        self.origin = origin


class Satisfier:
    """Clauses over the variables 1 to ``count``.

    Laws: :meth:`solve` ends; its answer is the assignment, of all that satisfy the clauses, whose
    variables are false as early as possible in the order of their numbers; without one,
    ``core`` has the bits of clauses that cannot hold together.
    """

    def __init__(self, count: int) -> None:
        self.core: int | None = None
        self._count = count
        # indexed by literals: negative ones count from the end
        self._values: list[bool | None] = [None] * (2 * count + 1)
        self._watches: list[list[Clause]] = [[] for _ in range(2 * count + 1)]
        self._level = [0] * (count + 1)
        self._reason: list[Clause | None] = [None] * (count + 1)
        self._origin = [0] * (count + 1)
        self._trail: list[int] = []
        self._starts: list[int] = []
        self._head = 0

    def add(self, literals: Iterable[int], origin: int = 0) -> None:
        """One more clause, of different literals.

        ``origin`` is a bit (or bits) by which ``core`` names it.
        """
        self._back_to(0)
        clause = Clause(list(literals), origin)
        ordered, values = clause.literals, self._values
        # those that are not false come first: two of them are watched
        free = 0
        for at, literal in enumerate(ordered):
            if values[literal] is not False:
                ordered[free], ordered[at] = literal, ordered[free]
                free += 1
                if free == 2:
                    break
        if not free:
            self._fail(clause)
            return
        if len(ordered) > 1:
            self._watch(clause)
        if free == 1 and values[ordered[0]] is None:
            self._set(ordered[0], clause)

    def solve(self) -> list[bool] | None:
        """The values by variable (place 0 is unused), or ``None``; then ``core`` is known."""
        decided = 0
        while self.core is None:
            conflict = self._propagate()
            if conflict is not None:
                if not self._starts:
                    self._fail(conflict)
                    break
                self._learn(conflict)
                decided = 0
                continue
            decided += 1
            while decided <= self._count and self._values[decided] is not None:
                decided += 1
            if decided > self._count:
                return [bool(self._values[at]) for at in range(self._count + 1)]
            self._starts.append(len(self._trail))
            self._set(-decided, None)
        return None

    def _watch(self, clause: Clause) -> None:
        for literal in clause.literals[:2]:
            self._watches[-literal].append(clause)

    def _set(self, literal: int, reason: Clause | None) -> None:
        self._values[literal], self._values[-literal] = True, False
        variable = abs(literal)
        self._level[variable] = len(self._starts)
        self._reason[variable] = reason
        if not self._starts and reason is not None:
            self._origin[variable] = self._followed(reason, variable)
        self._trail.append(literal)

    def _followed(self, clause: Clause, without: int = 0) -> int:
        """The bits of a clause and of what made its literals false for good."""
        origin = clause.origin
        for literal in clause.literals:
            if abs(literal) != without:
                origin |= self._origin[abs(literal)]
        return origin

    def _fail(self, clause: Clause) -> None:
        if self.core is None:
            self.core = self._followed(clause)

    def _propagate(self) -> Clause | None:
        """Set what follows; the clause that cannot hold, if one is met."""
        values, watches = self._values, self._watches
        while self._head < len(self._trail):
            literal = self._trail[self._head]
            self._head += 1
            watching = watches[literal]
            kept: list[Clause] = []
            for place, clause in enumerate(watching):
                literals = clause.literals
                if literals[0] == -literal:
                    literals[0], literals[1] = literals[1], literals[0]
                first = literals[0]
                if values[first]:
                    kept.append(clause)
                    continue
                for at in range(2, len(literals)):
                    if values[literals[at]] is not False:
                        literals[1], literals[at] = literals[at], literals[1]
                        watches[-literals[1]].append(clause)
                        break
                else:
                    kept.append(clause)
                    if values[first] is False:
                        kept.extend(watching[place + 1 :])
                        watches[literal] = kept
                        return clause
                    self._set(first, clause)
            watches[literal] = kept
        return None

    def _learn(self, conflict: Clause) -> None:
        """Add the clause of the first unique implication point, and go back to where it acts."""
        level = len(self._starts)
        origin = 0
        seen: set[int] = set()
        lower: list[int] = []
        open_ = 0
        clause: Clause | None = conflict
        at = len(self._trail)
        pivot = 0
        while True:
            assert clause is not None
            origin |= clause.origin
            for literal in clause.literals:
                variable = abs(literal)
                if variable == abs(pivot) or variable in seen:
                    continue
                seen.add(variable)
                if self._level[variable] == 0:
                    origin |= self._origin[variable]
                elif self._level[variable] == level:
                    open_ += 1
                else:
                    lower.append(literal)
            at -= 1
            while abs(self._trail[at]) not in seen:
                at -= 1
            pivot = self._trail[at]
            open_ -= 1
            if not open_:
                break
            clause = self._reason[abs(pivot)]
        lower.sort(key=lambda literal: -self._level[abs(literal)])
        learnt = Clause([-pivot, *lower], origin)
        self._back_to(self._level[abs(lower[0])] if lower else 0)
        if lower:
            self._watch(learnt)
        self._set(-pivot, learnt)

    def _back_to(self, level: int) -> None:
        if len(self._starts) <= level:
            return
        start = self._starts[level]
        for literal in self._trail[start:]:
            self._values[literal] = self._values[-literal] = None
        del self._trail[start:]
        del self._starts[level:]
        self._head = min(self._head, start)
