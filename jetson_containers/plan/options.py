"""What a request adds to the definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a request adds to the definitions.

    ``name`` is the image's name, with or without a tag. ``build_args`` go to every stage that
    declares them. ``skip_tests`` and ``only_tests`` are patterns of package names or references
    (``all`` is every package); an empty ``only_tests`` restricts nothing. ``device`` replaces what
    the packages ask for, an empty one too; ``None`` leaves it to them.
    """

    name: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    build_flags: tuple[str, ...] = ()
    device: str | None = None
    skip_tests: tuple[str, ...] = ()
    only_tests: tuple[str, ...] = ()
