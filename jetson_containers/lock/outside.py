"""What a lock asks the world, as a port: git, wheel indexes, registries and engines answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jetson_containers.lock.model import LockedBase
from jetson_containers.lock.wanted import Install
from jetson_containers.platform.target import Target


@dataclass(frozen=True, slots=True)
class Distributions:
    """What an index says of an image's distributions.

    ``files`` maps ``(name, version)`` to file name and sha256, ``needs`` a name to the names that
    it brings. ``unknown`` are the pins whose index could not be asked, with the reason.
    """

    files: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)


class Outside(Protocol):
    """The world of a lock.

    Every method raises :class:`~jetson_containers.errors.UnreachableError` for what could not be
    asked, and another :class:`~jetson_containers.errors.BuilderError` for what the world denies.
    """

    def answer(self, question: str, target: Target) -> str:
        """What a definition asked: ``github_latest_tag owner/repo`` and its like."""

    def commit(self, address: str, ref: str) -> str:
        """The commit that a branch or tag of a repository is at."""

    def checksum(self, address: str) -> str:
        """The sha256 of what lies at an address."""

    def base(self, reference: str, target: Target) -> LockedBase:
        """The base image; unknown digests stay ``None``, and nothing is raised."""

    def distributions(
        self, installs: Sequence[Install], bounds: str, target: Target
    ) -> Distributions:
        """The files that the installers of an image bring, each pin and all that they need.

        ``bounds`` are the constraints that the installer keeps to.
        """

    def held_files(
        self, files: Iterable[str], index: str, target: Target
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """Those of ``files`` that an index (by default the default one) has today, with sha256.

        The second value names the distributions (``name==version``) that were yanked.
        """
