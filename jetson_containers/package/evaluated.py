"""What an evaluation depends on, and what comes out of it, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jetson_containers.package.findings import Finding
from jetson_containers.package.snapshot import Look

#: how a finding says that code reached its time limit, which follows
OUT_OF_TIME = "did not end within"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an evaluation may depend on beside the files and the target.

    ``environment`` is all that a definition sees in ``os.environ``; ``answers`` are what a lock
    recorded for questions to the network; ``roots`` are the trees whose modules can be imported
    as ``packages.*``, last first. ``strict`` trees are this project's own: unknown keys are errors.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    roots: tuple[Path, ...] = ()
    strict: tuple[Path, ...] = ()

    def is_strict(self, directory: Path) -> bool:
        """Whether ``directory`` belongs to this project's own trees."""
        return any(directory.is_relative_to(root) for root in self.strict)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a directory defines for a target, in JSON's types.

    ``packages`` are flat mappings of keys; ``lines`` says where texts stand, as ``depends:numpy``
    to file and line. ``inputs`` are the files that it is written in, the first one first;
    ``seen`` is all that was looked at, found or not, and ``reads`` the target's fields that were
    read, sorted: the whole is a function of what is there, those fields and the settings, but for
    the target's name in findings. ``asked`` are questions to the network without a recorded
    answer, ``generated`` files that belong into the build context. ``executed`` is the last file
    of code that was run. Without ``lasting`` another time may give another result: a limit was
    reached.
    """

    packages: tuple[dict[str, Any], ...] = ()
    lines: dict[str, tuple[str, int]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    inputs: tuple[str, ...] = ()
    seen: tuple[Look, ...] = ()
    asked: tuple[str, ...] = ()
    generated: dict[str, str] = field(default_factory=dict)
    executed: str = ""
    lasting: bool = True
    reads: tuple[str, ...] = ()

    @property
    def is_late(self) -> bool:
        """Whether the code reached its time limit."""
        return not self.lasting and any(OUT_OF_TIME in item.message for item in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, which crosses a process boundary and may lie in a cache."""
        return {
            "packages": list(self.packages),
            "lines": {key: list(place) for key, place in self.lines.items()},
            "findings": [finding.to_dict() for finding in self.findings],
            "inputs": list(self.inputs),
            "seen": [list(look) for look in self.seen],
            "asked": list(self.asked),
            "generated": dict(self.generated),
            "executed": self.executed,
            "lasting": self.lasting,
            "reads": list(self.reads),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Evaluated:
        """Read the JSON form back."""
        return cls(
            packages=tuple(data["packages"]),
            lines={key: (str(place[0]), int(place[1])) for key, place in data["lines"].items()},
            findings=tuple(Finding.from_dict(item) for item in data["findings"]),
            inputs=tuple(data["inputs"]),
            seen=tuple((how, path) for how, path in data["seen"]),
            asked=tuple(data["asked"]),
            generated=dict(data["generated"]),
            executed=data["executed"],
            lasting=data["lasting"],
            reads=tuple(data["reads"]),
        )
