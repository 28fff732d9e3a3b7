"""Compiled GPU code: what an image holds, and on which GPU it runs.

A compiler makes SASS, the machine code of one architecture, and PTX, which the driver compiles
for the GPU that is there. Source: CUDA C++ Programming Guide, binary compatibility, PTX
compatibility, and family-specific features; CUDA for Tegra application note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

from jetson_containers.errors import TargetError
from jetson_containers.platform.gpu import current_number, gpu_architectures

Suffix = Literal["", "a", "f"]
Form = Literal["sass", "ptx"]

_TEXT = re.compile(
    r"(?P<kind>sm_?|compute_?)?(?:(?P<major>\d{1,2})\.(?P<minor>\d)|(?P<number>\d{2,3}))"
    r"(?P<suffix>[af])?(?P<form>\+ptx|-real|-virtual)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, order=True)
class GpuCode:
    """Code for one architecture (``number``, without the dot).

    ``suffix`` ``a`` binds it to that architecture, ``f`` to its family.
    Law: ``parse_gpu_code(str(c)) == (c,)``.
    """

    number: int
    suffix: Suffix = ""
    form: Form = "sass"

    def __str__(self) -> str:
        return f"{'compute' if self.form == 'ptx' else 'sm'}_{self.number}{self.suffix}"

    def runs_on(self, gpu: int) -> bool:
        """Whether it runs on a GPU of that architecture; for PTX, if the driver takes it."""
        own, there = current_number(self.number), current_number(gpu)
        if own == there:
            return True
        if self.suffix == "a":
            return False
        if self.form == "ptx" and not self.suffix:
            return there > own
        return _same_family(own, there)


def _same_family(own: int, there: int) -> bool:
    """SASS for X.y runs on X.z from z = y on, on discrete GPUs.

    Tegra's promise nothing of the kind, in neither direction: theirs must be there exactly.
    """
    known = gpu_architectures()
    if any(number in known and known[number].tegra for number in (own, there)):
        return False
    return own // 10 == there // 10 and there >= own


def parse_gpu_code(text: str) -> tuple[GpuCode, ...]:
    """Read ``87``, ``8.7``, ``sm_90a``, ``compute_90``, ``9.0+PTX``, ``90-real``, ``90-virtual``.

    What names no form is SASS alone, but ``+PTX`` is both. Raises :class:`TargetError` otherwise.
    """
    match = _TEXT.fullmatch(text.strip().lower())
    if match is None:
        raise TargetError(
            f"{text!r} is no code for a GPU", hint="write it as 87, 90a, sm_100f or 9.0+PTX"
        )
    number = int(match["number"] or int(match["major"]) * 10 + int(match["minor"]))
    suffix = cast(Suffix, match["suffix"] or "")
    virtual = match["form"] == "-virtual" or (match["kind"] or "").startswith("compute")
    sass, ptx = GpuCode(number, suffix), GpuCode(number, suffix, "ptx")
    if match["form"] == "+ptx":
        return (sass, ptx)
    return (ptx,) if virtual else (sass,)


def best_form(codes: Iterable[GpuCode], gpu: int) -> Form | None:
    """The best form in which code for that GPU is there: SASS, else PTX, else nothing."""
    forms = {code.form for code in codes if code.runs_on(gpu)}
    return "sass" if "sass" in forms else "ptx" if forms else None
