"""The tests of a package as commands, and whether a request wants them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase

from jetson_containers.package.model import Package
from jetson_containers.plan.model import StageTest


def is_tested(package: Package, skip: Sequence[str], only: Sequence[str]) -> bool:
    """Whether patterns of names or references (``all`` is every package) leave it to be tested."""
    return (not only or names(package, only)) and not names(package, skip)


def names(package: Package, patterns: Sequence[str]) -> bool:
    """Whether one of ``patterns`` means the package."""
    return any(
        pattern == "all"
        or fnmatchcase(package.reference, pattern)
        or fnmatchcase(package.name, pattern)
        for pattern in patterns
    )


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
        found.append(
            StageTest(package.reference, text, argv, str(package.path), package.test_timeout)
        )
    return tuple(found)
