"""What one plan would build that another does not, and which input makes the difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from jetson_containers.plan.changes import InputChange, because, target_changes
from jetson_containers.plan.outline import ImageOutline, PlanOutline, StageOutline

DIFF_FORMAT = 1

Kind = Literal["added", "removed", "rebuilt"]


@dataclass(frozen=True, slots=True)
class StageChange:
    """A stage that only one plan has, or that has another fingerprint in the other.

    ``before`` and ``after`` are ``name:version``, ``None`` where the stage is not.
    """

    kind: Kind
    package: str
    before: str | None
    after: str | None
    because: tuple[InputChange, ...] = ()

    @property
    def follows(self) -> bool:
        """Whether it is rebuilt only because what it stands on, or the target, changed."""
        names = {item.name for item in self.because}
        return bool(names) and names <= {"parent", "target"}

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "package": self.package,
            "before": self.before,
            "after": self.after,
            "because": [item.to_dict() for item in self.because],
        }


@dataclass(frozen=True, slots=True)
class ImageDiff:
    """One image in both plans; ``shared`` counts the stages that stay, of ``stages`` now.

    ``reordered`` says that packages of both stand in another order.
    """

    before: str
    after: str
    shared: int
    stages: int
    reordered: bool
    changes: tuple[StageChange, ...]

    @property
    def equal(self) -> bool:
        return self.before == self.after and not self.changes

    def to_dict(self) -> dict[str, Any]:
        return {
            "before": self.before,
            "after": self.after,
            "shared": self.shared,
            "stages": self.stages,
            "reordered": self.reordered,
            "changes": [item.to_dict() for item in self.changes],
        }


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """Two plans compared; ``target`` and ``base`` are what changed of them, for all stages."""

    target: tuple[InputChange, ...]
    base: InputChange | None
    images: tuple[ImageDiff, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing would be built that is not built already, under other names neither."""
        changed = self.target or self.base or self.added or self.removed
        return not changed and all(image.equal for image in self.images)

    def to_dict(self) -> dict[str, Any]:
        return {
            "format": DIFF_FORMAT,
            "equal": self.equal,
            "target": [item.to_dict() for item in self.target],
            "base": self.base.to_dict() if self.base else None,
            "images": [image.to_dict() for image in self.images],
            "added": list(self.added),
            "removed": list(self.removed),
        }


def diff(before: PlanOutline, after: PlanOutline) -> PlanDiff:
    """Compare two plans, image by image.

    Images belong together by their reference; what is left, by their name where each plan has one
    of that name. Laws: a plan and itself are equal; for each image, ``shared`` and the stages that
    are added or rebuilt are together the stages of ``after``.
    """
    pairs = _pairs(before, after)
    known = {image.reference for image, _ in pairs}
    wanted = {image.reference for _, image in pairs}
    target = tuple(target_changes(before.target, after.target))
    base = InputChange("base", "", before.base, after.base) if before.base != after.base else None
    return PlanDiff(
        target=target,
        base=base,
        images=tuple(_image(old, new, bool(target), base) for old, new in pairs),
        added=tuple(item.reference for item in after.images if item.reference not in wanted),
        removed=tuple(item.reference for item in before.images if item.reference not in known),
    )


def _pairs(
    before: PlanOutline, after: PlanOutline
) -> tuple[tuple[ImageOutline, ImageOutline], ...]:
    olds = {image.reference: image for image in before.images}
    news = {image.reference: image for image in after.images}
    lost = [image for image in before.images if image.reference not in news]
    found = [image.name for image in after.images if image.reference not in olds]
    names = [image.name for image in lost]
    for image in lost:
        if names.count(image.name) == 1 == found.count(image.name):
            olds[image.name] = image
    pairs = ((olds.get(new.reference) or olds.get(new.name), new) for new in after.images)
    return tuple((old, new) for old, new in pairs if old is not None)


def _image(
    old: ImageOutline,
    new: ImageOutline,
    target: bool,
    base: InputChange | None,
) -> ImageDiff:
    were = {stage.package: stage for stage in old.stages}
    are = {stage.package: stage for stage in new.stages}
    below_old, below_new = _below(old), _below(new)
    changes: list[StageChange] = []
    for stage in new.stages:
        previous = were.get(stage.package)
        if previous is None:
            changes.append(StageChange("added", stage.package, None, stage.title))
        elif previous.fingerprint != stage.fingerprint:
            parents = below_old[stage.package], below_new[stage.package]
            reasons = because(previous, stage, parents, target, base)
            changes.append(
                StageChange("rebuilt", stage.package, previous.title, stage.title, reasons)
            )
    changes += [
        StageChange("removed", stage.package, stage.title, None)
        for stage in old.stages
        if stage.package not in are
    ]
    common_old = [stage.package for stage in old.stages if stage.package in are]
    common_new = [stage.package for stage in new.stages if stage.package in were]
    new_or_rebuilt = sum(change.kind != "removed" for change in changes)
    return ImageDiff(
        before=old.reference,
        after=new.reference,
        shared=len(new.stages) - new_or_rebuilt,
        stages=len(new.stages),
        reordered=common_old != common_new,
        changes=tuple(changes),
    )


def _below(image: ImageOutline) -> dict[str, StageOutline | None]:
    """The stage that each package's stage stands on."""
    below: tuple[StageOutline | None, ...] = (None, *image.stages)
    return {stage.package: parent for stage, parent in zip(image.stages, below, strict=False)}
