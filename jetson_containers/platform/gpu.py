"""GPU architectures: which compiler knows which, and which machine has which.

An architecture is a compute capability without the dot: 87 is 8.7, 110 is 11.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from packaging.version import Version

from jetson_containers.platform.table import table
from jetson_containers.platform.target import System


@dataclass(frozen=True, slots=True)
class GpuArchitecture:
    """One architecture: known to compilers from CUDA ``since`` and, if given, ``before``.

    ``sbsa_since`` is for the toolkit of the SBSA system where that differs; ``integrated`` GPUs
    share a chip with an Arm CPU, ``tegra`` ones with a Tegra; ``renamed`` is the number a later
    CUDA calls it by.
    """

    number: int
    since: Version
    before: Version | None
    sbsa_since: Version | None
    integrated: bool
    tegra: bool
    renamed: int | None

    def why_not(self, cuda: Version, system: System) -> str | None:
        """Why the compiler of ``cuda`` on ``system`` does not know it; ``None`` if it does."""
        since = self.sbsa_since if system == "sbsa" and self.sbsa_since else self.since
        if system == "x86_64" and self.integrated:
            return f"sm_{self.number} is an integrated GPU of Arm machines"
        if cuda < since:
            where = " for Arm servers" if since != self.since else ""
            name = f"sm_{self.number}"
            return f"CUDA {cuda} does not know {name}: the toolkit{where} does from {since}"
        if self.before is not None and cuda >= self.before:
            now = f" (it is called sm_{self.renamed} there)" if self.renamed else ""
            return f"CUDA {cuda} no longer knows sm_{self.number}{now}"
        return None


@dataclass(frozen=True, slots=True)
class CompileList:
    """The architectures that are compiled, and those cut from the request, each with its reason."""

    kept: tuple[int, ...]
    cut: tuple[tuple[int, str], ...]


@cache
def gpu_architectures() -> dict[int, GpuArchitecture]:
    """Every listed architecture by number."""

    def version(row: dict[str, str], key: str) -> Version | None:
        return Version(row[key]) if key in row else None

    return {
        number: GpuArchitecture(
            number=number,
            since=Version(row["since"]),
            before=version(row, "before"),
            sbsa_since=version(row, "sbsa_since"),
            integrated=row.get("integrated", False),
            tegra=row.get("tegra", False),
            renamed=row.get("renamed"),
        )
        for number, row in table("gpus")["architectures"].items()
    }


def compile_list(requested: Iterable[int], cuda: Version, system: System) -> CompileList:
    """Cut ``requested`` to what the compiler knows.

    Law: ``kept`` is ascending and without repetition, and with ``cut`` it is the whole request.
    """
    kept: list[int] = []
    cut: list[tuple[int, str]] = []
    for number in sorted(set(requested)):
        known = gpu_architectures().get(number)
        reason = known.why_not(cuda, system) if known else f"sm_{number} is not in the table"
        if reason is None:
            kept.append(number)
        else:
            cut.append((number, reason))
    return CompileList(tuple(kept), tuple(cut))


def _named(kind: str, name: str) -> dict[str, object] | None:
    text = name.replace("\0", "").lower()
    for row in table("gpus")[kind]:
        if re.search(rf"(?<![a-z0-9])(?:{row['pattern']})(?![a-z0-9])", text):
            return dict(row)
    return None


def architecture_of_board(model: str) -> int | None:
    """The GPU of a board by its device-tree model (``NVIDIA Jetson AGX Orin ...`` is 87)."""
    row = _named("boards", model)
    return int(str(row["architecture"])) if row else None


def architecture_of_gpu(name: str) -> int | None:
    """The architecture of a GPU by the name that ``nvidia-smi`` prints."""
    row = _named("gpus", name)
    return int(str(row["architecture"])) if row else None


def is_data_center(name: str) -> bool | None:
    """Whether a GPU of that name is a data-center one; ``None`` for a name not in the table."""
    row = _named("gpus", name)
    return bool(row.get("data_center", False)) if row else None


def is_ngc_ready(name: str) -> bool:
    """Whether an RTX card of that name takes the forward compatibility package all the same."""
    row = _named("gpus", name)
    return bool(row and row.get("ngc_ready", False))


def current_number(number: int) -> int:
    """The number that the newest CUDA gives an architecture: Thor's 101 is 110 from CUDA 13.0."""
    known = gpu_architectures().get(number)
    return known.renamed if known and known.renamed is not None else number
