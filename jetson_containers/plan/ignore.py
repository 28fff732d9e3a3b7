"""What ``.dockerignore`` leaves out of a context, told as BuildKit's ``patternmatcher`` does.

Nothing is added back: the Dockerfile and ``.dockerignore`` are left out where a pattern says so,
for BuildKit sends them apart from the context.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path


def ignore_for(context: Path, dockerfile: str | None) -> bytes | None:
    """The ignore file of a build: ``<dockerfile>.dockerignore`` wins over ``.dockerignore``.

    ``dockerfile`` is relative to ``context``; ``None`` for a context that has none, as a named
    one. ``None`` if there is no ignore file; an empty one that wins is ``b""``.
    """
    names = [".dockerignore"] if dockerfile is None else [f"{dockerfile}.dockerignore"]
    for path in (context / name for name in dict.fromkeys([*names, ".dockerignore"])):
        if path.is_file():
            return path.read_bytes()
    return None


@dataclass(frozen=True, slots=True)
class Ignore:
    """The patterns of an ignore file, in order; whether each takes back what others left out."""

    patterns: tuple[tuple[re.Pattern[str], bool], ...] = ()

    @property
    def keeps_some(self) -> bool:
        """Whether something in a directory that is left out can still be kept."""
        return any(keeps for _, keeps in self.patterns)

    def leaves_out(self, path: str) -> bool:
        """Whether ``path``, relative and with ``/``, is left out: it or a directory above it."""
        parts = path.split("/")
        prefixes = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
        out = False
        for pattern, keeps in self.patterns:
            if keeps == out and any(pattern.fullmatch(prefix) for prefix in prefixes):
                out = not keeps
        return out


def parse_ignore(content: bytes) -> Ignore:
    """The patterns of an ignore file's content."""
    found: list[tuple[re.Pattern[str], bool]] = []
    for line in content.decode("utf-8", errors="replace").removeprefix("\ufeff").split("\n"):
        text = line.strip()
        if not text or line.startswith("#"):
            continue
        keeps = text.startswith("!")
        text = text.removeprefix("!").strip()
        cleaned = posixpath.normpath(text).lstrip("/") if text else ""
        if cleaned not in ("", "."):
            found.append((_compiled(cleaned), keeps))
    return Ignore(tuple(found))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(_expression(pattern), re.S)
    except re.error:
        return re.compile(re.escape(pattern))


def _expression(pattern: str) -> str:
    """A pattern of ``.dockerignore``, in which ``**`` takes any number of directories."""
    found: list[str] = []
    index = 0
    while index < len(pattern):
        if pattern.startswith("**", index):
            index += 2
            if pattern.startswith("/", index):
                index += 1
            found.append("(?:.*/)?" if index < len(pattern) else ".*")
            continue
        piece, index = _piece(pattern, index)
        found.append(piece)
    return "".join(found)


def component_expression(pattern: str) -> str:
    """One component of a path of ``COPY``, as Go's ``filepath.Match`` reads it.

    Without its closing bracket a class is no class, and the component stands for itself.
    """
    found: list[str] = []
    index = 0
    while index < len(pattern):
        piece, index = _piece(pattern, index)
        found.append(piece)
    expression = "".join(found)
    try:
        re.compile(expression)
    except re.error:
        return re.escape(pattern)
    return expression


def _piece(pattern: str, index: int) -> tuple[str, int]:
    """The expression of what stands at ``index``, and where the next begins."""
    letter = pattern[index]
    if letter == "*":
        return "[^/]*", index + 1
    if letter == "?":
        return "[^/]", index + 1
    if letter == "\\" and index + 1 < len(pattern):
        return re.escape(pattern[index + 1]), index + 2
    if letter == "[":
        return _class(pattern, index)
    return re.escape(letter), index + 1


def _class(pattern: str, index: int) -> tuple[str, int]:
    """A class: ``^`` negates, ``!`` is a letter as any other, ``a-z`` is a range."""
    start, index = index, index + 1
    found = ["["]
    if pattern.startswith("^", index):
        found.append("^/")
        index += 1
    first = index
    while index < len(pattern):
        if pattern[index] == "]" and index > first:
            return "".join((*found, "]")), index + 1
        letter, index = _letter(pattern, index)
        found.append(letter)
        if pattern.startswith("-", index) and pattern[index + 1 : index + 2] not in ("", "]"):
            letter, index = _letter(pattern, index + 1)
            found.append(f"-{letter}")
    return re.escape(pattern[start]), start + 1


def _letter(pattern: str, index: int) -> tuple[str, int]:
    """A letter of a class, escaped for an expression."""
    if pattern[index] == "\\" and index + 1 < len(pattern):
        index += 1
    letter = pattern[index]
    return (letter if letter.isalnum() else f"\\{letter}"), index + 1
