"""The machine that a verb is for: this one, a recorded one, or a named target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jetson_containers.errors import Location, TargetError, UsageError
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.target import Target


@dataclass(frozen=True, slots=True)
class Machine:
    """What images are chosen for.

    ``target`` tells which of several that run is preferred, and what a build would be for; where
    none can be built for these facts, it is the nearest one, and ``no_target`` says why.
    """

    facts: HostFacts
    target: Target
    no_target: str = ""

    def __str__(self) -> str:
        """In a sentence: the target is named where it is the machine's own."""
        return "this machine" if self.no_target else f"this machine ({self.target.name})"


def read_evidence(path: str) -> Evidence:
    """Recorded evidence; raises :class:`UsageError` when it cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(
            f"the recorded facts cannot be read: {reason}",
            where=Location(path),
            hint="name a JSON file in the form of docs/targets.md",
        ) from None
    return Evidence.from_json(text, path=path)


def find_machine(recorded: str | None, named: str | None, *, complete: bool = True) -> Machine:
    """The machine that an image is to run on.

    A named target alone stands for a machine of that kind; with recorded evidence the facts are
    the evidence's, and the target is the named one. Without ``complete``, commands whose facts
    decide nothing about images are not run.
    """
    from jetson_containers.platform.host import derive_facts, nearest_target, target_for

    if named and not recorded:
        from jetson_containers.platform.assumed import facts_of_target
        from jetson_containers.platform.named import named_target

        target = named_target(named)
        return Machine(facts_of_target(target), target)
    if recorded:
        facts = derive_facts(read_evidence(recorded))
    else:
        from jetson_containers.platform.probe import gather, run_command

        facts = derive_facts(gather(run=run_command if complete else _deciding))
    if named:
        from jetson_containers.platform.named import named_target

        return Machine(facts, named_target(named))
    try:
        return Machine(facts, target_for(facts))
    except TargetError as error:
        what = error.what.removeprefix("this host has no target: ")
        return Machine(facts, nearest_target(facts), f"{what}; {error.hint}")


def _deciding(argv: Sequence[str]) -> str | None:
    """Run a command of the probe, unless it tells of the host's own Python or disk."""
    from jetson_containers.platform.probe import run_command

    return None if argv[0] in ("python3", "df") else run_command(argv)
