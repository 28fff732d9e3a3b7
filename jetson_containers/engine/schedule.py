"""Which stage is begun next: a pure state machine over the graph of stages. No clock, no thread.

Laws, for every graph and every order of answers:

- A stage is begun at most once, after all that it needs is done, and never after the run stops.
- A place is left free only if nothing is ready, or a stage that needs the machine to itself runs
  or is next.
- Blocked is what needs a failed stage, directly or not, and had not begun.
- It ends: every stage is done, failed, blocked, or, after a stop, was never begun.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Node:
    """A stage as the scheduler sees it.

    ``needs`` are the ids of what has to be done before, ``seconds`` the time that it is expected
    to take, ``heavy`` says that nothing may run beside it.
    """

    id: str
    needs: tuple[str, ...] = ()
    seconds: float = 1.0
    heavy: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """The state of a run; every method gives the next state.

    ``parked`` are stages that another process makes: they take no place and are asked for again.
    ``blocked`` maps a stage to the failed one that is in its way. ``stopped`` begins nothing more.
    """

    nodes: Mapping[str, Node]
    jobs: int
    running: frozenset[str] = frozenset()
    parked: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    blocked: Mapping[str, str] = field(default_factory=dict)
    stopped: bool = False
    _weights: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, nodes: Iterable[Node], jobs: int, done: Iterable[str] = ()) -> Schedule:
        """A run of ``nodes``, at most ``jobs`` at a time; ``done`` are those that are there.

        Needs outside of ``nodes`` count as done too. Raises ``ValueError`` when stages need each
        other in a circle.
        """
        by_id = {node.id: node for node in nodes}
        return cls(by_id, max(1, jobs), done=frozenset(done), _weights=remaining(by_id))

    @property
    def waiting(self) -> tuple[str, ...]:
        """What has not begun and may still begin, in the order of the plan."""
        begun = self.running | self.parked | self.done | self.failed
        return tuple(item for item in self.nodes if item not in begun and item not in self.blocked)

    @property
    def ready(self) -> tuple[str, ...]:
        """What could begin now, the longest remaining path first, ties in the order of the plan."""
        free = [item for item in self.waiting if self._is_free(item)]
        return tuple(sorted(free, key=lambda item: -self._weights[item]))

    @property
    def ended(self) -> bool:
        """Whether nothing runs and nothing will."""
        if self.running:
            return False
        return self.stopped or not (self.parked or self.waiting)

    def next(self, beside: int = 0) -> str | None:
        """The stage to begin now, if any; ``beside`` counts other things that load the machine."""
        if self.stopped or len(self.running) >= self.jobs:
            return None
        if any(self.nodes[item].heavy for item in self.running):
            return None
        first = next(iter(self.ready), None)
        if first is not None and self.nodes[first].heavy and (self.running or beside):
            return None
        return first

    def begin(self, stage: str) -> Schedule:
        """The stage runs."""
        return replace(self, running=self.running | {stage})

    def park(self, stage: str) -> Schedule:
        """Another process makes the stage: its place is free for others."""
        return replace(self, running=self.running - {stage}, parked=self.parked | {stage})

    def unpark(self, stage: str) -> Schedule:
        """The other process has ended with the stage: it may begin here."""
        return replace(self, parked=self.parked - {stage})

    def finish(self, stage: str) -> Schedule:
        """The stage is done, by whomever."""
        return replace(
            self,
            running=self.running - {stage},
            parked=self.parked - {stage},
            done=self.done | {stage},
        )

    def fail(self, stage: str) -> Schedule:
        """The stage failed, or a test of it after it was done: what needs it is blocked."""
        begun = self.running | self.parked | self.done | self.failed | {stage}
        blocked = dict(self.blocked)
        for item in self._descendants(stage):
            if item not in begun:
                blocked.setdefault(item, stage)
        return replace(
            self,
            running=self.running - {stage},
            parked=self.parked - {stage},
            done=self.done - {stage},
            failed=self.failed | {stage},
            blocked=blocked,
        )

    def stop(self) -> Schedule:
        """Nothing more begins; what runs may end."""
        return replace(self, stopped=True)

    def again(self, stage: str, nodes: Iterable[Node]) -> Schedule:
        """What was tried for ``stage`` did not help; ``nodes`` (itself among them) are needed now.

        Those of them that counted as done do no longer.
        """
        nodes = tuple(nodes)
        by_id = {**self.nodes, **{node.id: node for node in nodes}}
        grown = replace(
            self,
            nodes=by_id,
            running=self.running - {stage},
            parked=self.parked - {stage},
            done=self.done - {node.id for node in nodes},
            _weights=remaining(by_id),
        )
        for item in self.failed:
            grown = grown.fail(item)
        return grown

    def _is_free(self, stage: str) -> bool:
        return all(
            need in self.done or need not in self.nodes for need in self.nodes[stage].needs
        )

    def _descendants(self, stage: str) -> tuple[str, ...]:
        """All that needs ``stage``, directly or not, in the order of the plan."""
        users: dict[str, list[str]] = {}
        for node in self.nodes.values():
            for need in node.needs:
                users.setdefault(need, []).append(node.id)
        found: set[str] = set()
        todo = [stage]
        while todo:
            for user in users.get(todo.pop(), ()):
                if user not in found:
                    found.add(user)
                    todo.append(user)
        return tuple(item for item in self.nodes if item in found)


def remaining(nodes: Mapping[str, Node]) -> dict[str, float]:
    """Seconds from the beginning of each stage to the end of the longest path that it begins.

    Raises ``ValueError`` when stages need each other in a circle.
    """
    users: dict[str, list[str]] = {item: [] for item in nodes}
    for node in nodes.values():
        for need in node.needs:
            if need in users:
                users[need].append(node.id)
    open_users = {item: len(found) for item, found in users.items()}
    longest: dict[str, float] = {}
    ready = [item for item, count in open_users.items() if not count]
    while ready:
        item = ready.pop()
        node = nodes[item]
        longest[item] = node.seconds + max((longest[user] for user in users[item]), default=0.0)
        for need in set(node.needs) & set(nodes):
            open_users[need] -= node.needs.count(need)
            if not open_users[need]:
                ready.append(need)
    if len(longest) != len(nodes):
        circle = ", ".join(sorted(set(nodes) - set(longest)))
        raise ValueError(f"these need each other: {circle}")
    return longest


def time_left(nodes: Mapping[str, Node], jobs: int, elapsed: Mapping[str, float]) -> float:
    """Seconds until all of ``nodes`` are done: the longest path, or all the work by ``jobs``.

    ``elapsed`` are the seconds for which those that run have been running.
    """
    rest = {
        item: replace(node, seconds=max(0.0, node.seconds - elapsed.get(item, 0.0)))
        for item, node in nodes.items()
    }
    work = sum(node.seconds for node in rest.values())
    return max(max(remaining(rest).values(), default=0.0), work / max(1, jobs))
