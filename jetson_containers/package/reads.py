"""What an evaluation read of its target, and results for all targets that are alike in that.

A definition sees its target through :class:`NotedTarget` alone, whichever way it asks: each field
that it, or what is computed for it, reads is noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from jetson_containers.package.evaluated import Evaluated
from jetson_containers.package.scan import Directory
from jetson_containers.platform.target import Target

_FIELDS = frozenset(item.name for item in fields(Target))


class NotedTarget(Target):
    """A target that notes in ``reads`` which of its fields are read.

    Law: in all else it is the target. A copy is a plain one, and all of it counts as read.
    """

    __slots__ = ("_reads", "_target")

    @classmethod
    def of(cls, target: Target, reads: dict[str, None]) -> NotedTarget:
        """The stand-in for ``target``; its own fields stay unset, so nobody reads past it."""
        made = object.__new__(cls)
        object.__setattr__(made, "_target", target)
        object.__setattr__(made, "_reads", reads)
        return made

    def __getattribute__(self, name: str) -> Any:
        if name in _FIELDS:
            object.__getattribute__(self, "_reads")[name] = None
            return getattr(object.__getattribute__(self, "_target"), name)
        if name == "__class__":  # it is compared, printed and replaced by it
            return Target
        return object.__getattribute__(self, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return Target.from_dict, (self.to_dict(),)


class Shared:
    """Results of one run of the program, for trees and settings that are the same throughout.

    Law: what is found for a target is what evaluation would give for it. A definition that gets
    the same answers asks the same questions, so the fields that it read decide its result.
    """

    def __init__(self) -> None:
        #: by directory and fields that were read: by their values, the result
        self._known: dict[Directory, dict[tuple[str, ...], dict[tuple[str, ...], Evaluated]]] = {}
        #: the result of each directory that ran out of time
        self.late: dict[Directory, Evaluated] = {}

    def found(
        self, directories: Iterable[Directory], target: Target, *, patient: bool = True
    ) -> dict[Directory, Evaluated]:
        """The results that hold for ``target`` too.

        Without patience what ran out of time for another target counts as if it did for this one.
        """
        texts = _texts(target)
        results = {}
        for directory in directories:
            for reads, known in self._known.get(directory, {}).items():
                result = known.get(tuple(texts[name] for name in reads))
                if result:
                    results[directory] = _told_of(target, result)
                    break
            if not patient and directory in self.late and directory not in results:
                results[directory] = _told_of(target, self.late[directory])
        return results

    def add(self, directory: Directory, target: Target, result: Evaluated) -> None:
        """Remember a result, unless another time may give another one."""
        if result.is_late:
            self.late[directory] = result
        if result.lasting:
            texts = _texts(target)
            values = tuple(texts[name] for name in result.reads)
            self._known.setdefault(directory, {}).setdefault(result.reads, {})[values] = result


def _texts(target: Target) -> Mapping[str, str]:
    """Each field as text: versions that compare as equal may be written in two ways."""
    return {name: str(getattr(target, name)) for name in _FIELDS}


def _told_of(target: Target, result: Evaluated) -> Evaluated:
    if not result.findings:
        return result
    return replace(
        result, findings=tuple(replace(item, target=target.name) for item in result.findings)
    )
