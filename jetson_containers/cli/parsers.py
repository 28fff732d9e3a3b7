"""What the argument parsers of the verbs have in common."""

from __future__ import annotations

import argparse
import textwrap

from jetson_containers.cli.context import (
    add_common_options,
    add_package_options,
    add_target_options,
)


def verb_parser(
    verb: str, does: str, *examples: str, conflicts: str = "error"
) -> argparse.ArgumentParser:
    """A parser for ``jetson-containers VERB``; each example is what stands after the program.

    ``conflicts`` is ``resolve`` where an option of several verbs has another meaning in this one.
    """
    title = "example" if len(examples) == 1 else "examples"
    lines = (f"  jetson-containers {verb} {example}".rstrip() for example in examples)
    return argparse.ArgumentParser(
        prog=f"jetson-containers {verb}",
        description=textwrap.fill(does, 80),
        epilog=f"{title}:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        conflict_handler=conflicts,
    )


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """``--json``: stdout holds one document."""
    parser.add_argument("--json", action="store_true", help="one JSON document")


def add_shared_options(parser: argparse.ArgumentParser, *, packages: bool = True) -> None:
    """The target, where packages are searched unless the verb needs none, and the common ones."""
    add_target_options(parser)
    if packages:
        add_package_options(parser)
    add_common_options(parser)
