"""Distributions an image can stand on, and the Pythons that can be had there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

from packaging.version import Version

from jetson_containers.platform.table import table

PythonSource = Literal["own", "deadsnakes"]


@dataclass(frozen=True, slots=True)
class Distribution:
    """One release of one distribution.

    ``pythons`` maps each Python version that is possible there to where it comes from: the
    distribution's ``own`` packages, or the ``deadsnakes`` archive. ``image`` is its public base
    image, ``source`` where these facts are from.
    """

    id: str
    release: str
    codename: str
    released: date
    glibc: Version
    python: Version
    pythons: Mapping[Version, PythonSource]
    image: str
    source: str

    def __str__(self) -> str:
        return f"{self.id}:{self.release}"

    def __hash__(self) -> int:
        return hash((self.id, self.release))


@cache
def distributions() -> tuple[Distribution, ...]:
    """Every distribution of the table, in its order."""
    return tuple(
        Distribution(
            id=row["id"],
            release=row["release"],
            codename=row["codename"],
            released=date.fromisoformat(row["released"]),
            glibc=Version(row["glibc"]),
            python=Version(row["python"]),
            pythons={
                Version(version): source
                for source in ("own", "deadsnakes")
                for version in row.get(source, ())
            },
            image=row["image"],
            source=row["source"],
        )
        for row in table("distributions")["distributions"]
    )


def find_distribution(text: str) -> Distribution | None:
    """The distribution meant by ``debian:12``, ``debian12``, ``bookworm`` or a bare ``22.04``.

    A bare release means Ubuntu where Ubuntu has it, else the distribution that has it.
    """
    wanted = text.strip().lower()
    for distribution in distributions():
        names = (
            str(distribution),
            f"{distribution.id}{distribution.release}",
            f"{distribution.id}-{distribution.release}",
            distribution.codename,
            distribution.release,
        )
        if wanted in names:
            return distribution
    return None
