"""The inputs of a stage that are not what they were, and the words for them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jetson_containers.plan.outline import StageOutline

#: stands for an input that one of the two stages does not have
ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class InputChange:
    """One input of a stage that is not what it was.

    ``name`` is ``base``, ``parent`` (the stage below is another build), ``order`` (another package
    is below), ``version``, ``target``, ``build-arg``, ``dockerfile``, ``file``, ``context``,
    ``secrets``, ``device``, ``flags``, ``platform``, ``packages`` (what the image collects without
    a stage), ``format`` (the program fingerprints in another way) or ``unrecorded`` (a plan without
    digests). ``subject`` says which file, argument, context or package is meant; ``before`` and
    ``after`` are empty where only digests are known.
    """

    name: str
    subject: str = ""
    before: str = ""
    after: str = ""

    def to_dict(self) -> dict[str, str]:
        return {
            "input": self.name,
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
        }


def target_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[InputChange]:
    """One change for each property of the target that is another."""
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old != new:
            yield InputChange("target", key, _text(old), _text(new))


def _text(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def because(
    old: StageOutline,
    new: StageOutline,
    parents: tuple[StageOutline | None, StageOutline | None],
    target: bool,
    base: InputChange | None,
) -> tuple[InputChange, ...]:
    """The inputs of a stage that differ, what stands below it first.

    ``parents`` are the stages below both, ``None`` for the base image; ``target`` and ``base``
    tell whether and how those differ.
    """
    recorded = bool(old.inputs and new.inputs)
    differ = {key for key, _ in old.inputs.items() ^ new.inputs.items()}
    found = list(_foundation(*parents, base))
    if old.version != new.version:
        found.append(InputChange("version", "", old.version or "", new.version or ""))
    # what stands below and the version are part of the list of packages: it says nothing more then
    explained = {"parent", "build_args", "target", *(["packages"] if found else [])}
    if target and (not recorded or "target" in differ):
        found.append(InputChange("target"))
    if not recorded or "build_args" in differ:
        found += _arguments(old.build_args, new.build_args)
    if recorded:
        found += [_input(key, old, new) for key in sorted(differ - explained)]
    return tuple(found) or (InputChange("format" if recorded else "unrecorded"),)


def _input(key: str, old: StageOutline, new: StageOutline) -> InputChange:
    """An input of which only digests are known."""
    kind, _, subject = key.partition(":")
    name = {"files": "file", "generated": "file", "contexts": "context"}.get(kind, kind)
    name = "file" if name == "context" and "/" in subject else name
    if name == "dockerfile":
        subject = new.dockerfile
    before, after = ("" if key in stage.inputs else ABSENT for stage in (old, new))
    return InputChange(name, subject, before, after)


def _foundation(
    was: StageOutline | None, stands: StageOutline | None, base: InputChange | None
) -> Iterator[InputChange]:
    if was is None and stands is None:
        if base:
            yield base
    elif was is None or stands is None or was.package != stands.package:
        before, after = (item.title if item else "the base image" for item in (was, stands))
        yield InputChange("order", "", before, after)
    elif was.fingerprint != stands.fingerprint:
        yield InputChange("parent", stands.package, was.title, stands.title)


def _arguments(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[InputChange]:
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield InputChange("build-arg", key, before.get(key, ""), after.get(key, ""))


def words(item: InputChange) -> str:
    """One changed input, as a part of a sentence."""
    if item.name == "target" and item.subject:
        return f"{item.subject} of the target: {moved(item)}"
    if item.name in ("file", "context"):
        word = {"file": "file", "context": "files of"}[item.name]
        if item.before == ABSENT:
            return f"{word} {item.subject}: new"
        return f"{word} {item.subject}: {'gone' if item.after == ABSENT else 'changed'}"
    sentences = {
        "order": f"stands on {item.after} instead of {item.before}",
        "dockerfile": f"Dockerfile {item.subject}: changed",
        "build-arg": f"build argument {item.subject}: {moved(item)}",
        "packages": "packages without a stage of their own: changed",
        "format": "this program fingerprints stages in another way",
        "unrecorded": "the old plan does not tell why: it has no digests of inputs",
    }
    if item.name in sentences:
        return sentences[item.name]
    return f"{item.name}: {moved(item) if item.before or item.after else 'changed'}"


def moved(item: InputChange) -> str:
    """``before -> after``."""
    return f"{item.before or 'nothing'} -> {item.after or 'nothing'}"
