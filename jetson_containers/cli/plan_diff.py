"""``plan --diff``: the difference of two plans in words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from jetson_containers.errors import Location, UsageError
from jetson_containers.plan.changes import InputChange, moved, words
from jetson_containers.plan.diff import ImageDiff, PlanDiff, StageChange, diff
from jetson_containers.plan.model import Plan
from jetson_containers.plan.outline import outline, read_outline


def difference(old: str, plan: Plan) -> PlanDiff:
    """How ``plan`` differs from the one in the file ``old``; ``-`` is stdin."""
    name = "stdin" if old == "-" else old
    try:
        text = sys.stdin.read() if old == "-" else Path(old).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(
            f"the plan to compare with cannot be read: {reason}",
            where=Location(name),
            hint="name a file that `jetson-containers plan PKG... --json` wrote",
        ) from None
    return diff(read_outline(text, name), outline(plan.to_dict()))


def render(found: PlanDiff) -> str:
    """For people: what is built again comes with its reason, what only follows is counted."""
    if found.equal:
        return "nothing changed\n"
    lines = [f"target  {item.subject} {moved(item)}" for item in found.target]
    if found.base:
        lines.append(f"base    {moved(found.base)}")
    for image in found.images:
        lines += [*([""] if lines else []), *_image(image)]
    for word, references in (("added", found.added), ("removed", found.removed)):
        lines += [f"image   {reference} {word}" for reference in references]
    return "\n".join(lines) + "\n"


def _image(image: ImageDiff) -> Iterator[str]:
    yield f"image   {image.after}"
    if image.before != image.after:
        yield f"        was {image.before}"
    for changes in _by_reason(image):
        first = changes[0]
        sign = {"added": "+", "removed": "-", "rebuilt": "~"}[first.kind]
        names = " ".join(change.after or change.before or "" for change in changes)
        many = len(changes) > 1
        yield f"  {sign} {len(changes)} {first.kind}: {names}" if many else (
            f"  {sign} {names} {first.kind}"
        )
        yield from (f"      {words(item)}" for item in _own(first))
    followers = [change.package for change in image.changes if change.follows]
    if followers:
        yield f"  ~ {len(followers)} rebuilt only because of this: {' '.join(followers)}"
    order = "; the packages of both stand in another order" if image.reordered else ""
    yield f"  = {image.shared} of {image.stages} stages stay{order}"


def _by_reason(image: ImageDiff) -> list[list[StageChange]]:
    """What changed for reasons of its own; stages that are rebuilt for equal ones together."""
    found: dict[tuple[object, ...], list[StageChange]] = {}
    for change in image.changes:
        if not change.follows:
            key = ("", *_own(change)) if change.kind == "rebuilt" else (change.package,)
            found.setdefault(key, []).append(change)
    return list(found.values())


def _own(change: StageChange) -> list[InputChange]:
    return [item for item in change.because if item.name not in ("parent", "target")]
