"""``build`` as a source: whether to build, and doing it while stdout stays empty."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from jetson_containers.cli.start import argv

if TYPE_CHECKING:
    from jetson_containers.image.request import Wanted


def wants_build(
    request: Sequence[Wanted], *, named: bool, quiet: bool, stdin: TextIO, stderr: TextIO
) -> bool:
    """Whether to build: a person at a terminal is asked; else only ``--prefer build`` does.

    ``named`` tells that the user named ``build`` in ``--prefer``. stdout is no part of it: inside
    ``$(...)`` it is a pipe.
    """
    if quiet or not (stdin.isatty() and stderr.isatty()):
        return named
    stderr.write(f"no image was found. Build {' '.join(map(str, request))} now? [y/N] ")
    stderr.flush()
    return stdin.readline().strip().lower() in ("y", "yes")


def build_argv(request: Sequence[Wanted], args: argparse.Namespace) -> list[str]:
    """The command that builds an image of the request for the same machine."""
    options = [
        word
        for option, value in (
            ("--target", args.target),
            ("--facts", args.facts),
            ("--package-dirs", args.package_dirs),
        )
        if value
        for word in (option, value)
    ]
    alone = ["--only-dirs"] if args.only_dirs else []
    return argv(["build", *options, *alone, *map(str, request)])


def build(request: Sequence[Wanted], args: argparse.Namespace) -> int:
    """Build, with everything that it says on stderr; its exit code."""
    sys.stderr.flush()
    return subprocess.run(build_argv(request, args), stdout=sys.stderr, check=False).returncode
