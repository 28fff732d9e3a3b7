"""What a graph of packages is made of. Plain values, with nothing of this machine in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Need:
    """A direct requirement: the name of what it means, its text, and where that is written.

    ``name`` is a package's own name where ``requirement`` has an alias.
    """

    name: str
    requirement: str
    place: str


@dataclass(frozen=True, slots=True)
class Node:
    """One package in one version.

    ``path`` and ``place`` (``file:line``) begin with the name of the search path. ``has_stage``
    says that it is built from a Dockerfile of its own, and does not only collect others.
    """

    reference: str
    name: str
    version: str
    is_default: bool
    has_stage: bool
    group: str
    path: str
    place: str
    aliases: tuple[str, ...]
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """``user`` requires ``need`` (both are references), in these words, in this place."""

    user: str
    need: str
    requirement: str
    place: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What one image is built of: references in canonical order, for a request in words."""

    request: str
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A request that cannot be resolved; ``package`` is the reference behind it, or its words.

    ``satisfied`` has for each of that package's needs the reference that it alone would lead to,
    empty where nothing satisfies it.
    """

    package: str
    what: str
    place: str
    hint: str
    satisfied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """A package that is not for this target, with every reason."""

    name: str
    reference: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """The packages of some chains on one target.

    Laws: every reference of a chain is that of a node; nodes are sorted by reference; the same
    catalogue and requests give an equal graph.
    """

    target: str
    nodes: tuple[Node, ...]
    chains: tuple[Chain, ...]
    problems: tuple[Problem, ...] = ()
    absent: tuple[Absent, ...] = ()

    @cached_property
    def by_reference(self) -> Mapping[str, Node]:
        return {node.reference: node for node in self.nodes}

    @cached_property
    def problem_of(self) -> Mapping[str, Problem]:
        """The problem of a package, by its reference."""
        return {problem.package: problem for problem in self.problems}

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every direct requirement with what satisfies it in some chain.

        One of a package without a chain leads to what it alone would, where that is in the graph.
        """
        found: dict[Edge, None] = {}
        for chain in self.chains:
            members = {self.by_reference[item].name: item for item in chain.packages}
            for reference in chain.packages:
                found |= dict.fromkeys(self._edges(reference, members))
        for problem in self.problems:
            node = self.by_reference.get(problem.package)
            for need, reference in zip(node.needs if node else (), problem.satisfied, strict=False):
                if reference in self.by_reference and reference != problem.package:
                    edge = Edge(problem.package, reference, need.requirement, need.place)
                    found[edge] = None
        return tuple(sorted(found, key=lambda item: (item.user, item.need, item.requirement)))

    @cached_property
    def tops(self) -> frozenset[str]:
        """The references that nothing else here needs: what a chain is built for."""
        return frozenset(self.by_reference) - {edge.need for edge in self.edges}

    def _edges(self, reference: str, members: Mapping[str, str]) -> Iterator[Edge]:
        for need in self.by_reference[reference].needs:
            if need.name in members and members[need.name] != reference:
                yield Edge(reference, members[need.name], need.requirement, need.place)

    def stages(self, chain: Chain) -> tuple[str, ...]:
        """The references of a chain that are built from a Dockerfile."""
        return tuple(item for item in chain.packages if self.by_reference[item].has_stage)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Every node, what is needed first; those in a circle come last, by name."""
        needs: dict[str, set[str]] = {node.reference: set() for node in self.nodes}
        users: dict[str, list[str]] = {node.reference: [] for node in self.nodes}
        for edge in self.edges:
            if edge.need not in needs[edge.user]:
                needs[edge.user].add(edge.need)
                users[edge.need].append(edge.user)
        ready = sorted((item for item in needs if not needs[item]), reverse=True)
        found: list[str] = []
        while ready:
            reference = ready.pop()
            found.append(reference)
            for user in sorted(users[reference], reverse=True):
                needs[user].discard(reference)
                if not needs[user]:
                    ready.append(user)
        done = set(found)
        return (*found, *(item for item in sorted(needs) if item not in done))
