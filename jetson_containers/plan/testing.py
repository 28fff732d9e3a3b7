"""The tests of a package as commands, and whether a request wants them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase

from jetson_containers.package.model import Package
from jetson_containers.plan.model import StageTest


def is_tested(package: Package, skip: Sequence[str], only: Sequence[str]) -> bool:
    """Whether patterns of names or references (``all`` is every package) leave it to be tested."""

    def matches(patterns: Sequence[str]) -> bool:
        return any(
            pattern == "all" or fnmatchcase(package.reference, pattern)
            or fnmatchcase(package.name, pattern)
            for pattern in patterns
        )

    return (not only or matches(only)) and not matches(skip)


def stage_tests(package: Package) -> tuple[StageTest, ...]:
    """The argv of each test: a script by its ending, anything else as a shell's command line."""
    found = []
    for text in package.tests:
        try:
            first, *rest = shlex.split(text) or [text]
        except ValueError:
            first, rest = "", []
        if first.endswith(".py"):
            argv: tuple[str, ...] = ("python3", f"/test/{first}", *rest)
        elif first.endswith(".sh"):
            argv = ("bash", f"/test/{first}", *rest)
        else:
            argv = ("sh", "-c", text)
        found.append(StageTest(package.reference, text, argv, str(package.path)))
    return tuple(found)
