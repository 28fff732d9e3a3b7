"""Families of machines and the named targets' rows: what a target's name starts from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import cast

from packaging.version import Version

from jetson_containers.platform.l4t import L4TRelease
from jetson_containers.platform.table import table
from jetson_containers.platform.target import Arch, System


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of machine.

    ``system`` is ``None`` for a Jetson, where L4T decides it. ``architectures`` are the GPU
    architectures compiled for it by default, before the cut to what a CUDA knows.
    """

    name: str
    arch: Arch
    system: System | None
    model: str
    architectures: tuple[int, ...]

    @property
    def is_jetson(self) -> bool:
        """Whether L4T decides CUDA, distribution and system."""
        return self.system is None

    def system_with(self, l4t: L4TRelease | None) -> System:
        """The system of a machine of this family that runs ``l4t``."""
        return self.system or (l4t.system if l4t else "tegra")


@dataclass(frozen=True, slots=True)
class BaseTarget:
    """A row of named targets: a Jetson has ``l4t``, the others ``cuda`` and ``distro``."""

    name: str
    family: Family
    l4t: Version | None = None
    cuda: Version | None = None
    distro: str | None = None


@cache
def families() -> dict[str, Family]:
    """Every family by name."""
    return {
        name: Family(
            name=name,
            arch=cast(Arch, row["arch"]),
            system=cast("System | None", row.get("system")),
            model=row["model"],
            architectures=tuple(row["architectures"]),
        )
        for name, row in table("targets")["families"].items()
    }


@cache
def base_targets() -> dict[str, BaseTarget]:
    """Every named target's row by name, in the table's order."""
    return {
        row["name"]: BaseTarget(
            name=row["name"],
            family=families()[row["family"]],
            l4t=Version(row["l4t"]) if "l4t" in row else None,
            cuda=Version(row["cuda"]) if "cuda" in row else None,
            distro=row.get("distro"),
        )
        for row in table("targets")["targets"]
    }


def anchor(family: Family, value: Version) -> BaseTarget:
    """The named target that a target of ``family`` with this L4T (off Jetson: CUDA) is called by.

    Law: of the same major version if there is one; there the newest not above ``value``, else
    the oldest. So one value has one name, whatever it was derived from.
    """

    def key(base: BaseTarget) -> Version:
        return cast(Version, base.l4t or base.cuda)

    bases = sorted((b for b in base_targets().values() if b.family == family), key=key)
    near = [base for base in bases if key(base).major == value.major] or bases
    lower = [base for base in near if key(base) <= value]
    return lower[-1] if lower else near[0]
