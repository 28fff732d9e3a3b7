"""Why a stage is built although one of its package was built before: the input that changed.

Pure: what earlier stages were made of is handed in (:class:`Memory`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from jetson_containers.image import labels
from jetson_containers.plan.changes import InputChange, because, target_changes, words
from jetson_containers.plan.model import Stage
from jetson_containers.plan.outline import StageOutline

WHY_FORMAT = 1
_FORM = 1
#: changes that a line names; more are counted
_NAMED = 2

Status = Literal["same", "changed", "never"]


@dataclass(frozen=True, slots=True)
class StageInputs:
    """What a stage was made of.

    ``lineage`` is ``(package reference, fingerprint)`` of everything from the base up, this stage
    last; ``parent`` is the fingerprint of the stage below, empty on the base image. ``base`` is
    the base's digest, or its reference where nobody had looked. ``built`` is the time of day
    (seconds since 1970), 0 for a stage that is only planned.
    """

    outline: StageOutline
    target: Mapping[str, Any]
    base: str
    parent: str
    lineage: tuple[tuple[str, str], ...]
    built: float = 0.0

    @property
    def fingerprint(self) -> str:
        return self.outline.fingerprint

    def below(self) -> StageOutline | None:
        """The stage below, as far as the lineage knows it; ``None`` for the base image."""
        found = next((name for name, print_ in self.lineage if print_ == self.parent), None)
        if found is None:
            return None
        package, _, version = found.partition(":")
        return StageOutline(package, version or None, self.parent, "", {}, {})

    def ancestor(self, package: str) -> str:
        """The fingerprint of that package's stage below this one, or nothing."""
        prints = (p for name, p in self.lineage if name.partition(":")[0] == package)
        return next(prints, "")

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        stage = self.outline
        return {
            "format": _FORM,
            "package": stage.package,
            "version": stage.version,
            "fingerprint": stage.fingerprint,
            "dockerfile": stage.dockerfile,
            "build_args": dict(stage.build_args),
            "inputs": dict(stage.inputs),
            "target": dict(self.target),
            "base": self.base,
            "parent": self.parent,
            "lineage": [list(item) for item in self.lineage],
            "built": self.built,
        }


class Memory(Protocol):
    """What is remembered of stages that were built."""

    def of(self, package: str) -> Sequence[StageInputs]:
        """Every remembered stage of a package."""


def stage_inputs(stage: Stage, built: float = 0.0) -> StageInputs:
    """What a planned stage is made of: its digests, and what its labels say."""
    told = dict(stage.labels)
    lineage = tuple((str(name), str(print_)) for name, print_ in json.loads(told[labels.PLAN]))
    parent = lineage[-2][1] if stage.parent is not None else ""
    base = told.get("org.opencontainers.image.base.digest") or told.get(
        "org.opencontainers.image.base.name", stage.base
    )
    outline = StageOutline(
        stage.package,
        stage.version,
        stage.fingerprint,
        f"{stage.shown}/{stage.dockerfile}",
        dict(stage.build_args),
        dict(stage.inputs),
    )
    return StageInputs(outline, json.loads(told[labels.TARGET]), base, parent, lineage, built)


def read_inputs(document: Mapping[str, Any]) -> StageInputs:
    """The value of :meth:`StageInputs.to_dict`.

    Raises ``KeyError``, ``TypeError``, ``ValueError`` or ``AttributeError`` for anything else.
    """
    if document["format"] != _FORM:
        raise ValueError(document["format"])
    version = document["version"]
    return StageInputs(
        StageOutline(
            str(document["package"]),
            None if version is None else str(version),
            str(document["fingerprint"]),
            str(document["dockerfile"]),
            {str(k): str(v) for k, v in document["build_args"].items()},
            {str(k): str(v) for k, v in document["inputs"].items()},
        ),
        dict(document["target"]),
        str(document["base"]),
        str(document["parent"]),
        tuple((str(name), str(print_)) for name, print_ in document["lineage"]),
        float(document["built"]),
    )


@dataclass(frozen=True, slots=True)
class Explanation:
    """A stage, the nearest earlier one of its package, and what is another in it.

    ``below`` explains the changes that are themselves stages (``parent``, a context that is a
    stage): the root cause is in the explanations that have nothing below.
    """

    stage: StageInputs
    earlier: StageInputs | None
    changes: tuple[InputChange, ...]
    below: tuple[Explanation, ...] = ()

    @property
    def status(self) -> Status:
        """``same`` for a stage that was built before, ``never`` where none of its package was."""
        if self.earlier is None:
            return "never"
        return "same" if self.earlier.fingerprint == self.stage.fingerprint else "changed"

    def roots(self) -> Iterator[tuple[str, InputChange]]:
        """Package and change of everything that did not follow from something else."""
        followed = {item.stage.outline.package for item in self.below}
        for item in self.below:
            yield from item.roots()
        for change in self.changes:
            if not (change.name in ("parent", "context") and change.subject in followed):
                yield self.stage.outline.package, change

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "package": self.stage.outline.package,
            "version": self.stage.outline.version,
            "fingerprint": self.stage.fingerprint,
            "status": self.status,
            "earlier": None
            if self.earlier is None
            else {"fingerprint": self.earlier.fingerprint, "built": self.earlier.built},
            "because": [item.to_dict() for item in self.changes],
            "below": [item.to_dict() for item in self.below],
        }


def explain(
    stage: StageInputs, memory: Memory, planned: Mapping[str, StageInputs] | None = None
) -> Explanation:
    """Compare a stage with the nearest earlier one, and follow what changed below it.

    ``planned`` are the stages below it by fingerprint; those that are missing there are looked
    for in ``memory``. Law: the stages that are followed are never above ``stage``, so it ends.
    """
    return _explain(stage, nearest(stage, memory.of(stage.outline.package)), memory, planned or {})


def nearest(stage: StageInputs, earlier: Sequence[StageInputs]) -> StageInputs | None:
    """The stage itself; else the one with the same target and the fewest other inputs, then the
    youngest."""

    def key(other: StageInputs) -> tuple[bool, bool, int, float]:
        differ = {name for name, _ in stage.outline.inputs.items() ^ other.outline.inputs.items()}
        return (
            other.fingerprint != stage.fingerprint,
            other.target != stage.target,
            len(differ),
            -other.built,
        )

    return min(earlier, key=key, default=None)


def _explain(
    stage: StageInputs,
    earlier: StageInputs | None,
    memory: Memory,
    planned: Mapping[str, StageInputs],
) -> Explanation:
    if earlier is None or earlier.fingerprint == stage.fingerprint:
        return Explanation(stage, earlier, ())
    target = tuple(target_changes(earlier.target, stage.target))
    moved = earlier.base != stage.base
    base = InputChange("base", "", earlier.base, stage.base) if moved else None
    found = because(
        earlier.outline, stage.outline, (earlier.below(), stage.below()), bool(target), base
    )
    changes = [
        more
        for change in found
        for more in (target if change == InputChange("target") else (change,))
    ]
    below = []
    for change in changes:
        if change.name in ("parent", "context"):
            new, old = stage.ancestor(change.subject), earlier.ancestor(change.subject)
            one = planned.get(new) or _recall(memory, change.subject, new)
            was = _recall(memory, change.subject, old)
            if one is not None and was is not None and new != old:
                below.append(_explain(one, was, memory, planned))
    return Explanation(stage, earlier, tuple(changes), tuple(below))


def _recall(memory: Memory, package: str, fingerprint: str) -> StageInputs | None:
    return next((one for one in memory.of(package) if one.fingerprint == fingerprint), None)


def why_line(
    stage: Stage,
    memory: Memory,
    asked: str = "",
    planned: Mapping[str, StageInputs] | None = None,
) -> str:
    """One line for people: what makes ``stage`` another than the nearest earlier one.

    ``asked`` is the option that has one built again in which nothing changed.
    Stages below it have to be in ``planned``, by fingerprint, or in ``memory`` for their own
    reasons to be told.
    """
    found = explain(stage_inputs(stage), memory, planned)
    if found.status == "never":
        return "never built here"
    if found.status == "same":
        return asked or "built before, and no longer there"
    told = list(
        dict.fromkeys(
            words(change) if package == stage.package else f"{package}: {words(change)}"
            for package, change in found.roots()
        )
    )
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return ", ".join(told[:_NAMED]) + more
