"""Read ``docker buildx build --progress=rawjson``: a stream of BuildKit ``SolveStatus`` documents.

Source of the form: moby/buildkit, ``client/graph.go`` (``Vertex``, ``VertexLog``); log data is
base64. buildx 0.13 writes each document indented over many lines, later ones write it on one. A
line that belongs to no document is passed on as text.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jetson_containers.engine.events import Event, LogLine, StepStarted

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]")
_SIGNS = re.compile(
    r"\berror\b|\bfatal\b|\bfailed\b|exception|traceback|not found|no such file|cannot |"
    r"unable to|undefined|no space left|permission denied|× ",
    re.I,
)
#: steps of BuildKit's own that tell a person nothing
_INTERNAL = ("[internal]", "[context ", "importing cache", "exporting cache manifest")


#: lines of one step that are kept for its failure: the first, and the last
FIRST_LINES, LAST_LINES = 500, 2000
#: characters of a line that are kept and shown; the rest of it tells nobody anything
LONGEST_LINE = 10_000


class Kept:
    """The beginning and the end of an output, however long it is; what lies between is counted."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._signs: list[str] = []
        self._count = 0

    def add(self, line: str) -> None:
        self._count += 1
        line = line[:LONGEST_LINE]
        if len(self._first) < FIRST_LINES:
            self._first.append(line)
            return
        if len(self._last) == LAST_LINES and len(self._signs) < FIRST_LINES:
            lost = self._last[0]
            if _SIGNS.search(lost):
                self._signs.append(lost)
        self._last.append(line)

    def lines(self) -> tuple[str, ...]:
        """What is kept, in order; between, those that tell of a failure, and how many are not."""
        left = self._count - len(self._first) - len(self._signs) - len(self._last)
        gap = (f"… {left} lines …",) if left else ()
        return (*self._first, *self._signs, *gap, *self._last)


@dataclass
class ProgressReader:
    """Folds the lines of one build into events; remembers output by step for a failure."""

    stage: str
    errors: list[str] = field(default_factory=list)
    failed_step: str = ""
    _names: dict[str, str] = field(default_factory=dict)
    _started: set[str] = field(default_factory=set)
    _output: dict[str, Kept] = field(default_factory=dict)
    _partial: dict[str, str] = field(default_factory=dict)
    _failed: str = ""
    _document: list[str] = field(default_factory=list)

    def feed(self, line: str) -> Iterator[Event]:
        """The events of one line."""
        if line.rstrip() == "{" or self._document:
            self._document.append(line)
            if line.rstrip() != "}":
                return
            line = "".join(self._document)
            self._document.clear()
        try:
            status = json.loads(line)
        except ValueError:
            status = None
        if not isinstance(status, dict):
            text = plain(line)
            if text:
                self.errors.append(text)
                yield LogLine(self.stage, text)
            return
        for vertex in status.get("vertexes") or ():
            yield from self._vertex(vertex)
        for log in status.get("logs") or ():
            yield from self._log(log)

    def _vertex(self, vertex: dict[str, Any]) -> Iterator[Event]:
        digest, name = str(vertex.get("digest", "")), str(vertex.get("name", ""))
        self._names[digest] = name
        if vertex.get("started") and digest not in self._started:
            self._started.add(digest)
            if not name.startswith(_INTERNAL):
                yield StepStarted(self.stage, name)
        if (vertex.get("error") or vertex.get("completed")) and digest in self._partial:
            yield from self._line(digest, self._partial.pop(digest))
        if vertex.get("completed") and not vertex.get("error"):
            self._output.pop(digest, None)
        if vertex.get("error") and "context canceled" not in str(vertex["error"]):
            self._failed, self.failed_step = digest, name
            self.errors.append(str(vertex["error"]))

    def _log(self, log: dict[str, Any]) -> Iterator[Event]:
        digest = str(log.get("vertex", ""))
        try:
            data = base64.b64decode(log.get("data") or "").decode("utf-8", errors="replace")
        except (binascii.Error, ValueError):
            return
        data = self._partial.pop(digest, "") + data
        *lines, rest = data.split("\n")
        if len(rest) > LONGEST_LINE:
            lines.append(rest)  # an output without line ends is not one line
        elif rest:
            self._partial[digest] = rest
        for raw in lines:
            yield from self._line(digest, raw)

    def _line(self, digest: str, raw: str) -> Iterator[Event]:
        text = plain(raw)
        if text:
            self._output.setdefault(digest, Kept()).add(text)
            yield LogLine(self.stage, text)

    def failure_lines(self) -> tuple[str, ...]:
        """The output of the step that failed."""
        found = self._output.get(self._failed)
        return found.lines() if found else ()


def plain(text: str) -> str:
    """A line without colour codes; of a line that was overwritten, what stood there last."""
    cleaned = _ESCAPES.sub("", text).rstrip()
    return cleaned.rpartition("\r")[2]


def failing_lines(lines: tuple[str, ...], most: int = 20) -> tuple[str, ...]:
    """The lines that tell why a step failed: around the first signs of it, and the end.

    At most ``most`` lines; a gap is marked by ``…``.
    """
    if len(lines) <= most:
        return lines
    keep = set(range(len(lines) - most // 4, len(lines)))
    for index, line in enumerate(lines):
        if _SIGNS.search(line):
            keep.update(range(max(0, index - 1), min(len(lines), index + 3)))
            if len(keep) >= most:
                break
    shown: list[str] = []
    before = -1
    for index in sorted(keep):
        if index != before + 1:
            shown.append("…")
        shown.append(lines[index])
        before = index
    return tuple(shown)
