"""CUDA toolkits: their versions, where each can be had, and which driver brings which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from packaging.version import Version

from jetson_containers.errors import TargetError
from jetson_containers.platform.distro import Distribution
from jetson_containers.platform.l4t import L4TRelease
from jetson_containers.platform.table import table
from jetson_containers.platform.target import Arch


@dataclass(frozen=True, slots=True, eq=False)
class CudaRelease:
    """One toolkit: the distributions it is packaged for, by system and by L4T major.

    ``wheel_glibc`` is the least glibc on which its compiler's Python wheel serves (``None``
    where the compiler is no wheel).
    """

    version: Version
    x86_64: tuple[str, ...]
    sbsa: tuple[str, ...]
    l4t: Mapping[int, tuple[str, ...]]
    wheel_glibc: Version | None

    def serves(self, arch: Arch, l4t: L4TRelease | None) -> bool:
        """Whether there is such a toolkit at all for this machine, whatever the distribution."""
        if l4t is not None:
            return l4t.version.major in self.l4t
        return bool(self.x86_64 if arch == "x86_64" else self.sbsa)

    def serves_on(self, arch: Arch, l4t: L4TRelease | None, distribution: Distribution) -> bool:
        """Whether the toolkit can be installed on ``distribution`` for this machine."""
        if l4t is not None:
            return str(distribution) in self.l4t.get(l4t.version.major, ())
        if str(distribution) in (self.x86_64 if arch == "x86_64" else self.sbsa):
            return True
        return self.wheel_glibc is not None and distribution.glibc >= self.wheel_glibc


@cache
def cuda_releases() -> tuple[CudaRelease, ...]:
    """Every listed toolkit, oldest first."""
    releases = [
        CudaRelease(
            version=Version(row["cuda"]),
            x86_64=tuple(row.get("x86_64", ())),
            sbsa=tuple(row.get("sbsa", ())),
            l4t={major: tuple(distros) for major, distros in row.get("l4t", {}).items()},
            wheel_glibc=Version(row["wheel_glibc"]) if "wheel_glibc" in row else None,
        )
        for row in table("cuda")["releases"]
    ]
    return tuple(sorted(releases, key=lambda release: release.version))


def find_cuda(version: Version) -> CudaRelease | None:
    """The listed toolkit of that major and minor version."""
    return next((item for item in cuda_releases() if item.version == version), None)


def parse_cuda(text: str) -> Version:
    """Read ``13.0``, ``13.0.1``, ``cu130`` or ``130`` as major and minor version.

    The major version has two digits where no dot tells (``cu1310`` is 13.10); a patch version is
    left out, for a toolkit is chosen by minor version. Raises :class:`TargetError` otherwise.
    """
    match = re.fullmatch(
        r"(?:cuda-?)?(\d{1,2})\.(\d{1,2})(?:\.\d+)*|(?:cu)?(\d{2})(\d{1,2})",
        text.strip().lower(),
        re.A,
    )
    if match is None:
        raise TargetError(f"{text!r} is not a CUDA version", hint="write it as 13.0, cu130 or 130")
    major, minor = match.group(1) or match.group(3), match.group(2) or match.group(4)
    return Version(f"{int(major)}.{int(minor)}")


def cuda_short(version: Version) -> str:
    """``cu130`` for 13.0. Law: ``parse_cuda(cuda_short(v)) == v`` for majors from 10 on."""
    return f"cu{version.major}{version.minor}"


def cuda_of_driver(driver: Version) -> Version | None:
    """The CUDA that came with a driver's branch: the nearest listed branch not above it."""
    branches = {int(branch): cuda for branch, cuda in table("cuda")["drivers"].items()}
    lower = [branch for branch in branches if branch <= driver.major]
    return Version(branches[max(lower)]) if lower else None
