"""The instructions of a Dockerfile and their words, told apart as BuildKit's parser does."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})
#: a word that begins a here-document: its dash, and the marker that ends it
HEREDOC = re.compile(r"\d*<<(-?)([^<]*)")
#: a parser directive in a comment: its name and value
DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*")
#: one shell word, quotes kept; ends before white space outside quotes
_WORD = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:\\.|[^"\\])*"|'[^']*'|\\$)+""", re.S)
BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, continuation lines joined; ``line`` counts from 1."""

    keyword: str
    text: str
    line: int
    heredoc: bool = False


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile; comments left out, here-documents skipped.

    Lines, continuations and here-documents are told as BuildKit's parser does, except that a
    here-document that never ends is an error there and none here.
    """
    lines = [line.removesuffix("\r") for line in text.removeprefix(BOM).split("\n")]
    continued = _continuation(_escape(lines))
    index = 0
    while index < len(lines):
        if _is_blank_or_comment(lines[index]):
            index += 1
            continue
        start = index
        joined = ""
        while index < len(lines):
            line = lines[index]
            index += 1
            if index - 1 > start and _is_blank_or_comment(line):
                continue
            part, more = continued.subn(r"\1", line, count=1)
            joined += part
            if not more:
                break
        keyword, rest = _split_keyword(joined)
        if not keyword:
            continue
        heredoc = False
        for marker, strip_tabs in _markers(keyword, rest):
            end = _end_of_heredoc(lines, index, marker, strip_tabs)
            if end is None:
                break
            heredoc, index = True, end
        yield Instruction(keyword, rest, start + 1, heredoc)


def _is_blank_or_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _escape(lines: list[str]) -> str:
    """The escape character: a directive counts only above every other line."""
    for line in lines:
        directive = DIRECTIVE.fullmatch(line.lstrip())
        if directive is None:
            break
        if directive.group(1).lower() == "escape":
            return directive.group(2)[0]
    return "\\"


def _continuation(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(rf"(^|[^{mark}]){mark}[ \t]*$")


def _split_keyword(line: str) -> tuple[str, str]:
    keyword, *rest = line.split(None, 1)[:2] or [""]
    return keyword.upper(), rest[0].strip() if rest else ""


def _markers(keyword: str, rest: str) -> list[tuple[str, bool]]:
    """The end markers of here-documents that an instruction begins, and whether by ``<<-``."""
    if keyword == "ONBUILD":
        keyword, rest = _split_keyword(rest)
    if keyword not in _HEREDOC_KEYWORDS or "<<" not in rest:
        return []
    if json_words(flags_of(rest)[1]) is not None:
        return []
    found: list[tuple[str, bool]] = []
    for word in _shell_words(rest) or ():
        match = HEREDOC.fullmatch(word)
        if match and match.group(2):
            name = _unquoted(match.group(2))
            if name:
                found.append((name, bool(match.group(1))))
    return found


def _end_of_heredoc(lines: list[str], index: int, marker: str, strip_tabs: bool) -> int | None:
    for number in range(index, len(lines)):
        line = lines[number].lstrip("\t") if strip_tabs else lines[number]
        if line == marker:
            return number + 1
    return None


def _shell_words(text: str) -> list[str] | None:
    """The words of ``text`` as a shell splits them, quotes kept; ``None`` if a quote is open."""
    words: list[str] = []
    index = 0
    while index < len(text):
        if text[index].isspace():
            index += 1
            continue
        match = _WORD.match(text, index)
        if match is None or (match.end() < len(text) and not text[match.end()].isspace()):
            return None
        words.append(match.group())
        index = match.end()
    return words


def _unquoted(text: str) -> str:
    words = words_of(text)
    return words[0] if len(words) == 1 else ""


def words_of(text: str) -> list[str]:
    """The words of an instruction without quotes, as far as those are in pairs."""
    try:
        return shlex.split(text, comments=False)
    except ValueError:
        return text.split()


def json_words(text: str) -> list[str] | None:
    """The words of the JSON form, ``None`` if ``text`` is not in it."""
    if not text.startswith("["):
        return None
    try:
        words = json.loads(text)
    except ValueError:
        return None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return None
    return words


def flags_of(text: str) -> tuple[list[tuple[str, str]], str]:
    """Leading ``--name=value`` flags, without quotes, and the text after them."""
    flags: list[tuple[str, str]] = []
    rest = text.strip()
    while rest.startswith("--"):
        match = _WORD.match(rest)
        end = match.end() if match else len(rest)
        name, _, value = rest[2:end].partition("=")
        rest = rest[end:].lstrip()
        if not name:
            break
        flags.append((name, _unquoted(value) or value))
    return flags, rest
