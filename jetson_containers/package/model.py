"""What a package is: one buildable unit for one target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from jetson_containers.errors import Location


@dataclass(frozen=True, slots=True)
class Requirement:
    """A wish for a package: a name, and which of its versions will do.

    ``exact`` is the part after the colon (``pytorch:2.8`` or ``ros:humble-desktop``), compared as
    text; ``specifier`` is a PEP 440 specifier set; at most one of the two is given. With neither,
    the default version is meant. ``location`` is where the wish was written (``None`` for the
    command line).
    """

    name: str
    exact: str | None = None
    specifier: SpecifierSet | None = None
    location: Location | None = field(default=None, compare=False)

    def __str__(self) -> str:
        if self.exact is not None:
            return f"{self.name}:{self.exact}"
        return f"{self.name}{self.specifier}" if self.specifier else self.name

    def accepts(self, version: str | None) -> bool:
        """Whether a package of this name with ``version`` satisfies the wish.

        A specifier accepts pre-releases (versions here are chosen by people), and no version that
        is not PEP 440.
        """
        if self.exact is not None:
            return version == self.exact
        if self.specifier is None:
            return True
        try:
            parsed = Version(version or "")
        except InvalidVersion:
            return False
        return self.specifier.contains(parsed, prereleases=True)


@dataclass(frozen=True, slots=True)
class Source:
    """An upstream of a package: where a lock can pin it and a check look for newer.

    ``kind`` is ``git`` (``location`` url, ``version`` ref), ``url`` (``version`` is its sha256) or
    ``pypi`` (``location`` distribution name, ``version``, ``index``).
    """

    kind: str
    location: str
    version: str
    index: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """One buildable unit for one target; made only by the loader.

    ``root`` is the search path it was found under and ``path`` its own directory, both absolute;
    ``dockerfile`` is relative to ``path``, ``None`` for a meta package that only collects others.
    ``tests`` are ``x.py``, ``x.sh`` or a command line. ``aliases`` are full names: ``torch`` or
    ``torch:2.8``. ``is_default`` says that the bare name means this version. ``unpinned`` are the
    questions to the network that its definition asked and no lock answers. ``heavy`` says that
    nothing may be built beside it, ``test_timeout`` how many seconds each test may take.
    ``generated`` are files, path and text, that belong into its build context beside those of
    ``path``.
    """

    name: str
    version: str | None
    root: Path
    path: Path
    location: Location
    group: str = ""
    aliases: tuple[str, ...] = ()
    is_default: bool = False
    depends: tuple[Requirement, ...] = ()
    requires: tuple[str, ...] = ()
    conflicts: tuple[Requirement, ...] = ()
    dockerfile: str | None = None
    build_args: tuple[tuple[str, str], ...] = ()
    build_flags: tuple[str, ...] = ()
    buildkit_device: str | None = None
    tests: tuple[str, ...] = ()
    test_timeout: int | None = None
    heavy: bool = False
    docs: str = ""
    notes: str = ""
    prefix: str = ""
    postfix: str = ""
    secrets: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    runtime: Mapping[str, Any] = field(default_factory=dict, hash=False)
    unpinned: tuple[str, ...] = ()
    generated: tuple[tuple[str, str], ...] = ()

    @property
    def reference(self) -> str:
        """``name:version``, or ``name`` where there is no version."""
        return f"{self.name}:{self.version}" if self.version else self.name

    @property
    def relative_path(self) -> str:
        """The directory as people write it: below the search path's own name."""
        return str(Path(self.root.name, self.path.relative_to(self.root)))
