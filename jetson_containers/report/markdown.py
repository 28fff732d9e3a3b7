"""Pieces of Markdown as GitHub renders it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

README = "README.md"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a package is described: its directory, and whether it shares the README there."""

    directory: PurePosixPath
    shared: bool

    def link(self, name: str, start: PurePosixPath) -> str:
        """A link to the description of ``name``, relative to the directory ``start``."""
        path = posixpath.relpath(str(self.directory / README), str(start))
        return f"[{name}]({path}{f'#{anchor(name)}' if self.shared else ''})"


def anchor(title: str) -> str:
    """The name that GitHub gives to the heading ``title``."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def code(text: str) -> str:
    """``text`` as it is typed."""
    return f"`{text}`"


def codes(text: str) -> str:
    """A list joined by commas, each of its items as code."""
    return ", ".join(map(code, text.split(", ")))


def table_head(*titles: str) -> list[str]:
    """The two lines that begin a table."""
    return [row(*titles), f"|{'---|' * len(titles)}"]


def row(*cells: str) -> str:
    """One line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
