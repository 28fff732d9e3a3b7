"""What autotag says: the ranked list as JSON and as a table, and why there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jetson_containers.cli.host import Machine
    from jetson_containers.image.selection import Candidate

#: near misses that are shown
MISSES = 3


def document(
    chosen: Candidate | None, candidates: Sequence[Candidate], machine: Machine
) -> dict[str, Any]:
    """The JSON form: the choice, what it was chosen for, and the ranked list.

    ``target`` is null for a machine that has none.
    """
    return {
        "format": 1,
        "image": chosen.reference if chosen else None,
        "target": None if machine.no_target else machine.target.to_dict(),
        "facts": machine.facts.to_dict(),
        "candidates": [item.to_dict() for item in candidates],
    }


def table(candidates: Sequence[Candidate]) -> str:
    """The ranked list in columns, the best first."""
    rows = [("image", "source", "verdict", "why")]
    for item in candidates:
        verdict = "accepted" if item.accepted else "refused"
        why = "; ".join(f"{reason.code}: {reason.message}" for reason in item.reasons)
        problem = item.image.label_problem
        told = f"{item.rests_on} ({problem})" if problem else item.rests_on
        told += f"; {not_for(item)}" if item.unserved else ""
        told += f"; {item.doubt}" if item.doubt else ""
        rows.append((item.reference, item.image.listed.source, verdict, why or told))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join((*(row[column].ljust(widths[column]) for column in range(3)), row[3]))
        for row in rows
    )


def not_for(candidate: Candidate) -> str:
    """Which GPUs of the machine an image does not run on, though it runs on others."""
    return f"does not run on {', '.join(map(str, candidate.unserved))}, only on the other GPUs"


def nothing(asked: str, candidates: Sequence[Candidate], machine: Machine, hint: str) -> str:
    """Why there is nothing, the nearest misses, and what can be done."""
    lines = [f"error: no image of {asked} runs on {machine}"]
    for item in candidates[:MISSES]:
        codes = ", ".join(f"{reason.code} ({reason.message})" for reason in item.reasons)
        lines.append(f"  {item.reference}: {codes}")
    lines.append(f"  hint: {hint}")
    return "\n".join(lines)
