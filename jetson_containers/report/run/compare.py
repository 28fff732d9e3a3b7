"""Two runs set beside each other: what got slower, what got bigger, what was rebuilt and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jetson_containers.plan.changes import InputChange, because, words
from jetson_containers.report.run.model import RunReport, StageReport, TestReport
from jetson_containers.report.run.words import amount
from jetson_containers.units import clock

COMPARE_FORMAT = 1

#: smaller changes are noise: seconds and share of time, bytes and share of size
SECONDS = 1.0
BYTES = 1_000_000
SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of the same thing in both runs."""

    name: str
    before: float
    after: float

    @property
    def by(self) -> float:
        """After minus before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A stage that the second run built though the first had it, with the reason."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Turned:
    """A stage or test that ended otherwise."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second run against the first; stages are named by package and target.

    ``times`` and ``sizes`` hold what changed by more than noise, most first; ``more`` and
    ``less`` the stages of one run only.
    """

    first: str
    second: str
    whole: Change
    times: tuple[Change, ...]
    sizes: tuple[Change, ...]
    rebuilt: tuple[Rebuilt, ...]
    turned: tuple[Turned, ...]
    more: tuple[str, ...]
    less: tuple[str, ...]


def compare(first: RunReport, second: RunReport) -> Comparison:
    """What the second run did otherwise. Law: a run compared with itself shows nothing."""
    before, after = _named(first), _named(second)
    both = [(name, before[name], after[name]) for name in after if name in before]
    times = [
        Change(name, old.seconds, new.seconds)
        for name, old, new in both
        if old.status == new.status == "built"
    ]
    sizes = [
        Change(name, old.size, new.size)
        for name, old, new in both
        if old.size is not None and new.size is not None
    ]
    images = {image.reference: image.size for image in first.images if image.size is not None}
    sizes += [
        Change(image.reference, images[image.reference], image.size)
        for image in second.images
        if image.size is not None and image.reference in images
    ]
    return Comparison(
        first=first.id,
        second=second.id,
        whole=Change("run", first.seconds, second.seconds),
        times=_beyond(times, SECONDS),
        sizes=_beyond(sizes, BYTES),
        rebuilt=tuple(
            Rebuilt(name, _why(first, old, second, new))
            for name, old, new in both
            if new.status == "built" and _had(old) and first.id != second.id
        ),
        turned=_turned(first, second, both),
        more=tuple(name for name in after if name not in before),
        less=tuple(name for name in before if name not in after),
    )


def _named(run: RunReport) -> Mapping[str, StageReport]:
    """Stages by package, with the target, and by version where a plan holds several."""
    found: dict[str, StageReport] = {}
    for stage in run.stages:
        name = f"{stage.package} on {stage.target}" if stage.target else stage.package
        found[f"{stage.title} on {stage.target}" if name in found else name] = stage
    return found


def _had(stage: StageReport) -> bool:
    return stage.status in ("built", "found", "fetched")


def _beyond(changes: list[Change], least: float) -> tuple[Change, ...]:
    """Changes beyond noise, the greatest increase first."""
    shown = (
        change
        for change in changes
        if abs(change.by) >= least and abs(change.by) >= SHARE * max(change.before, 1e-9)
    )
    return tuple(sorted(shown, key=lambda change: -change.by))


def _why(first: RunReport, old: StageReport, second: RunReport, new: StageReport) -> str:
    """The inputs that differ; or that the stage was there and built all the same."""
    if old.fingerprint == new.fingerprint:
        return "the same fingerprint: it was gone, or asked for with --force or --from"
    parents = (first.by_id.get(old.parent or ""), second.by_id.get(new.parent or ""))
    below = parents[0].outline if parents[0] else None, parents[1].outline if parents[1] else None
    other_base = old.inputs.get("parent") != new.inputs.get("parent")
    base = InputChange("base") if other_base else None
    changes = because(old.outline, new.outline, below, old.target != new.target, base)
    return "; ".join(words(change) for change in changes)


def _turned(
    first: RunReport, second: RunReport, both: list[tuple[str, StageReport, StageReport]]
) -> tuple[Turned, ...]:
    """Stages that had and have not, or the other way; tests with another status."""
    stages = [
        Turned(name, old.status, new.status) for name, old, new in both if _had(old) != _had(new)
    ]
    tests = {_test_name(first, test): test.status for test in first.tests}
    for test in second.tests:
        name = _test_name(second, test)
        if tests.get(name, test.status) != test.status:
            stages.append(Turned(name, tests[name], test.status))
    return tuple(stages)


def _test_name(run: RunReport, test: TestReport) -> str:
    stage = run.by_id.get(test.stage)
    where = f"{'final image of ' if test.final else ''}{stage.package if stage else test.stage}"
    return f"test of {test.package}: {test.name} in {where}"


def to_text(found: Comparison) -> str:
    """The comparison for people; a line feed ends it."""
    lines = [f"{found.second} against {found.first}", f"time: {_times(found.whole)}"]
    slower = [change for change in found.times if change.by > 0]
    faster = [change for change in reversed(found.times) if change.by < 0]
    bigger = [change for change in found.sizes if change.by > 0]
    smaller = [change for change in reversed(found.sizes) if change.by < 0]
    parts = (
        ("slower", [f"{change.name}: {_times(change)}" for change in slower]),
        ("faster", [f"{change.name}: {_times(change)}" for change in faster]),
        ("bigger", [f"{change.name}: {_sizes(change)}" for change in bigger]),
        ("smaller", [f"{change.name}: {_sizes(change)}" for change in smaller]),
        ("rebuilt", [f"{item.name}: {item.why}" for item in found.rebuilt]),
        ("ended otherwise", [f"{i.name}: {i.before}, then {i.after}" for i in found.turned]),
        ("only in the second", list(found.more)),
        ("only in the first", list(found.less)),
    )
    for title, items in parts:
        if items:
            lines += ["", f"{title}:", *(f"  {item}" for item in items)]
    if not any(items for _, items in parts):
        lines += ["", "nothing else changed by more than noise"]
    return "\n".join(lines) + "\n"


def _times(change: Change) -> str:
    return f"{clock(change.before)}, then {clock(change.after)}{_share(change)}"


def _sizes(change: Change) -> str:
    return f"{amount(change.before)}, then {amount(change.after)}{_share(change)}"


def _share(change: Change) -> str:
    return f" ({change.by / change.before:+.0%})" if change.before else ""


def to_comparison_document(found: Comparison) -> dict[str, Any]:
    """The comparison as JSON, format 1: seconds and bytes."""

    def changes(items: tuple[Change, ...]) -> list[dict[str, Any]]:
        return [{"name": i.name, "before": i.before, "after": i.after} for i in items]

    return {
        "format": COMPARE_FORMAT,
        "first": found.first,
        "second": found.second,
        "seconds": {"before": found.whole.before, "after": found.whole.after},
        "times": changes(found.times),
        "sizes": changes(found.sizes),
        "rebuilt": [{"name": i.name, "why": i.why} for i in found.rebuilt],
        "turned": [
            {"name": i.name, "before": i.before, "after": i.after} for i in found.turned
        ],
        "only_second": list(found.more),
        "only_first": list(found.less),
    }
