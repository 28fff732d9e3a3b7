"""The L4T table: what each Jetson Linux release carries, and the rule for releases not in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from packaging.version import Version

from jetson_containers.errors import TargetError
from jetson_containers.platform.table import table
from jetson_containers.platform.target import System


@dataclass(frozen=True, slots=True)
class L4TRelease:
    """One listed release.

    ``ubuntu`` is the release's own Ubuntu, ``also`` further ones that images for it are built on.
    ``base_image`` is the public image with its user space, ``None`` where there is none and the
    distribution's own image is the base. ``preview`` marks a JetPack developer preview.
    """

    version: Version
    jetpack: Version
    ubuntu: str
    also: tuple[str, ...]
    python: Version
    cuda: Version
    architectures: tuple[int, ...]
    base_image: str | None
    preview: bool
    any_patch: bool
    source: str

    @property
    def system(self) -> System:
        """``sbsa`` from L4T 38 on (Thor, then Orin with 39), ``tegra`` before."""
        return "sbsa" if self.version.major >= 38 else "tegra"


@dataclass(frozen=True, slots=True)
class L4TMatch:
    """The listed release that stands for the one ``asked`` for."""

    release: L4TRelease
    asked: Version
    inferred: bool


@cache
def l4t_releases() -> tuple[L4TRelease, ...]:
    """Every listed release, oldest first."""
    releases = [
        L4TRelease(
            version=Version(row["l4t"]),
            jetpack=Version(row["jetpack"]),
            ubuntu=line["ubuntu"],
            also=tuple(line.get("also", ())),
            python=Version(line["python"]),
            cuda=Version(line["cuda"]),
            architectures=tuple(line["architectures"]),
            base_image=row.get("base"),
            preview=row.get("preview", False),
            any_patch=row.get("any_patch", False),
            source=line["source"],
        )
        for line in table("l4t")["lines"]
        for row in line["releases"]
    ]
    return tuple(sorted(releases, key=lambda release: release.version))


def newest_l4t() -> L4TRelease:
    """The newest listed release: the stand-in for L4T bounds on machines without L4T."""
    return l4t_releases()[-1]


def parse_l4t(text: str) -> Version:
    """Read ``36.4.3``, ``r36.4.3``, ``R36.4`` or ``36``; what is missing is zero.

    Raises :class:`TargetError` for anything else.
    """
    match = re.fullmatch(r"[rR]?(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?", text.strip(), re.A)
    if match is None:
        raise TargetError(f"{text!r} is not an L4T version", hint="write it as 36.4.3 or r36.4.3")
    return Version(".".join(part or "0" for part in match.groups()))


def find_l4t(asked: Version) -> L4TMatch:
    """The listed release for ``asked``.

    Law: an unlisted patch release takes the nearest lower listed one of its minor, an unlisted
    minor the nearest lower one of its major, both marked inferred; the major never changes.
    Raises :class:`TargetError` when the major is not listed, or nothing lower in it is.
    """
    same_major = [item for item in l4t_releases() if item.version.major == asked.major]
    if not same_major:
        majors = sorted({release.version.major for release in l4t_releases()})
        raise TargetError(
            f"L4T {asked} has major version {asked.major}, which is not in the L4T table",
            hint=f"the table knows the major versions {', '.join(map(str, majors))}",
        )
    lower = [item for item in same_major if item.version <= asked]
    if not lower:
        raise TargetError(
            f"L4T {asked} is older than the oldest L4T {asked.major} in the table",
            hint=f"the oldest listed is {same_major[0].version}",
        )
    release = lower[-1]
    same_minor = release.version.release[:2] == (*asked.release, 0)[:2]
    if release.any_patch and same_minor:
        return L4TMatch(replace(release, version=asked), asked, inferred=False)
    return L4TMatch(release, asked, inferred=release.version != asked)
