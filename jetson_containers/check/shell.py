"""The simple commands of a shell script, as far as their words can be told without running it.

This is no shell: it splits at operators, skips comments and the bodies of here-documents, and takes
quotes off. What only running would tell (a variable's value) stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_TOKEN = re.compile(
    r"""
      (?P<blank>(?:[ \t\r]|\\\r?\n)+)
    | (?P<end>\n|;;|&&|\|\||[;|()`]|&(?!>)|\$\()
    | (?P<redirect>(?:&>>?|\d*(?:<<<|<<-?|>>|<>|[<>]))&?)
    | (?P<comment>\#[^\n]*)
    | (?P<word>(?:
          [^\s"'\\;&|()`<>$]+ | \$\{[^}]*\} | \$(?!\() | \\. | '[^']*'
        | "(?:[^"\\]|\\.)*"
      )+)
    """,
    re.X | re.S,
)
_INNER = re.compile(r"\$\(([^()]+)\)|`([^`]+)`")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_PIP = re.compile(r"pip(?:\d+(?:\.\d+)?)?")
_PREFIXES = frozenset(
    (
        *("if", "then", "elif", "else", "do", "while", "until", "!", "{"),
        *("time", "exec", "sudo", "env", "command", "nohup"),
    )
)


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command: its words without quotes, and the line (from 1) where it begins."""

    words: tuple[str, ...]
    line: int

    @property
    def call(self) -> tuple[str, tuple[str, ...]]:
        """The program's name and its arguments, without what stands before (``sudo``, ``A=b``).

        ``python3 -m pip``, ``uv pip`` and ``pip3.11`` are all ``pip``.
        """
        words = list(self.words)
        before = ""
        while words and (
            words[0] in _PREFIXES
            or _ASSIGNMENT.match(words[0])
            or (before in ("sudo", "env") and words[0].startswith("-"))
        ):
            if words[0] in _PREFIXES:
                before = words[0]
            del words[0]
        if not words:
            return "", ()
        name = PurePosixPath(words[0]).name
        if words[1:3] == ["-m", "pip"]:
            return "pip", tuple(words[3:])
        if name == "uv" and words[1:2] == ["pip"]:
            return "pip", tuple(words[2:])
        return ("pip" if _PIP.fullmatch(name) else name), tuple(words[1:])


def commands(text: str, line: int = 1) -> Iterator[Command]:
    """The simple commands of ``text``, whose first line has the number ``line``."""
    words: list[str] = []
    start = line
    position = 0
    redirect = ""
    markers: list[str] = []
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            position += 1
            continue
        kind, token = match.lastgroup, match.group()
        if kind == "word":
            if not words:
                start = line
            if redirect.lstrip("0123456789").startswith("<<") and not redirect.endswith("<<<"):
                markers.append(_unquoted(token))
            elif not redirect:
                words.append(_unquoted(token))
            redirect = ""
            if '"' in token:
                for inner in _INNER.finditer(token):
                    yield from commands(inner.group(1) or inner.group(2), line)
        elif kind == "redirect":
            redirect = token
        elif kind == "end" and words:
            yield Command(tuple(words), start)
            words = []
        line += token.count("\n")
        position = match.end()
        if token == "\n":
            redirect = ""
            for marker in markers:
                end = _end_of_heredoc(text, position, marker)
                line += text.count("\n", position, end)
                position = end
            markers = []
    if words:
        yield Command(tuple(words), start)


def _end_of_heredoc(text: str, position: int, marker: str) -> int:
    """Where the line after the end marker begins."""
    found = re.compile(rf"^\t*{re.escape(marker)}$\n?", re.M).search(text, position)
    return found.end() if found else len(text)


def _unquoted(token: str) -> str:
    return re.sub(r"\\\r?\n", "", token).replace('"', "").replace("'", "").replace("\\", "")


def arguments(
    words: Sequence[str], valued: frozenset[str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The plain arguments, and the options with their values; ``valued`` take the next word."""
    plain: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word == "--":
            plain.extend(rest)
        elif not word.startswith("-") or word == "-":
            plain.append(word)
        elif word in valued:
            options[word] = next(rest, "")
        else:
            name, _, value = word.partition("=")
            options[name] = value
    return tuple(plain), options
