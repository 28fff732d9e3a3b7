"""The machine that a verb is for: this one, a recorded one, or a named target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jetson_containers.errors import Location, UsageError
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.target import Target


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


def facts_and_target(
    recorded: str | None, named: str | None, *, complete: bool = True
) -> tuple[HostFacts, Target]:
    """Facts and target of the machine.

    A named target alone stands for a machine of that kind; with recorded evidence the facts are
    the evidence's, and the target tells what is preferred: the nearest, where none can be built.
    Without ``complete``, commands whose facts decide nothing about images are not run.
    """
    from jetson_containers.platform.host import derive_facts, nearest_target

    if named and not recorded:
        from jetson_containers.platform.assumed import facts_of_target
        from jetson_containers.platform.named import named_target

        target = named_target(named)
        return facts_of_target(target), target
    if recorded:
        facts = derive_facts(read_evidence(recorded))
    else:
        from jetson_containers.platform.probe import gather, run_command

        facts = derive_facts(gather(run=run_command if complete else _deciding))
    if named:
        from jetson_containers.platform.named import named_target

        return facts, named_target(named)
    return facts, nearest_target(facts)


def _deciding(argv: Sequence[str]) -> str | None:
    """Run a command of the probe, unless it tells of the host's own Python or disk."""
    from jetson_containers.platform.probe import run_command

    return None if argv[0] in ("python3", "df") else run_command(argv)
