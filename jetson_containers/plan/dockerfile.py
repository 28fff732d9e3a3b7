"""Read from a Dockerfile what planning has to know; nothing is ever rewritten.

Only what decides is parsed: which files of the context a build can see, which named contexts,
secrets and engine features it uses, which arguments it declares. Where an instruction cannot be
told for certain (a variable in a path), the whole context counts as seen.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

#: the stage of a Dockerfile that holds what its package compiles, and nothing else
ARTIFACT_STAGE = "wheels"
#: instructions that add a filesystem layer
_LAYERS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
_HEREDOC_KEYWORDS = frozenset({"RUN", "COPY", "ADD"})
_HEREDOC = re.compile(r"\d*<<(-?)([^<]*)")
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*")
#: one shell word, quotes kept; ends before white space outside quotes
_WORD = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:\\.|[^"\\])*"|'[^']*'|\\$)+""", re.S)
_BASE_IMAGE = re.compile(r"\$(?:BASE_IMAGE\b|\{BASE_IMAGE\b)")
_FENCE = b"#---"
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class DockerfileFacts:
    """What a Dockerfile asks of its build.

    ``sources`` are paths and patterns in the context; ``None`` means all of it. ``froms`` are
    names after ``from=`` that no ``AS`` of the file defines. ``needs`` are engine capabilities:
    ``mounts``, ``heredoc``, ``link``, ``contexts``, ``network``. ``artifact`` tells that a stage
    ``FROM scratch AS wheels`` holds what the package compiles, see ``plan.artifact``.
    """

    body: bytes
    args: tuple[str, ...]
    bases: tuple[str, ...]
    sources: tuple[str, ...] | None
    froms: tuple[str, ...]
    secrets: tuple[str, ...]
    needs: frozenset[str]
    layers: int
    uses_base_image: bool
    artifact: bool = False


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
    lines = [line.removesuffix("\r") for line in text.removeprefix(_BOM).split("\n")]
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
        directive = _DIRECTIVE.fullmatch(line.lstrip())
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
    if _json_words(_flags(rest)[1]) is not None:
        return []
    found: list[tuple[str, bool]] = []
    for word in _shell_words(rest) or ():
        match = _HEREDOC.fullmatch(word)
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


def read_dockerfile(content: bytes) -> DockerfileFacts:
    """The facts of a Dockerfile's bytes.

    ``body`` is what can change a build: the bytes without the YAML header, which is a comment.
    """
    args: dict[str, None] = {}
    bases: list[str] = []
    stages: dict[str, tuple[bool, int]] = {}
    alias: str | None = None
    on_base = False
    froms: dict[str, None] = {}
    secrets: dict[str, None] = {}
    sources: dict[str, None] = {}
    needs: set[str] = set()
    everything = artifact = False
    layers = 0
    for item in instructions(content.decode("utf-8", errors="replace")):
        if item.keyword in _LAYERS:
            layers += 1
        if item.heredoc:
            needs.add("heredoc")
        if item.keyword == "ARG":
            for word in _words(item.text):
                args[word.partition("=")[0]] = None
        elif item.keyword == "FROM":
            if alias is not None:
                stages[alias] = (on_base, layers)
            words = [word for word in item.text.split() if not word.startswith("--")]
            name = words[0] if words else ""
            if name.lower() in stages:
                on_base, layers = stages[name.lower()]
            else:
                bases.extend(words[:1])
                on_base, layers = bool(_BASE_IMAGE.search(name)), 0
            named_so = len(words) == 3 and words[1].lower() == "as"
            alias = words[2].lower() if named_so else None
            artifact |= (name.lower(), alias) == ("scratch", ARTIFACT_STAGE)
        elif item.keyword in ("COPY", "ADD"):
            flags, rest = _flags(item.text)
            values = dict(flags)
            if "link" in values:
                needs.add("link")
            if "from" in values:
                froms[values["from"]] = None
            else:
                listed = _json_words(rest)
                paths = (_words(rest) if listed is None else listed)[:-1]
                if listed is None:
                    paths = [path for path in paths if not _HEREDOC.fullmatch(path)]
                everything |= any("$" in path for path in paths)
                sources.update(dict.fromkeys(path for path in paths if "://" not in path and path))
        elif item.keyword == "RUN":
            for flag, value in _flags(item.text)[0]:
                if flag in ("network", "security"):
                    needs.add("network")
                if flag != "mount":
                    continue
                needs.add("mounts")
                options = _mount_options(value)
                kind = options.get("type", "bind")
                if kind == "secret":
                    target = options.get("target") or options.get("dst") or ""
                    secrets[options.get("id") or target.rsplit("/", 1)[-1]] = None
                elif "from" in options:
                    froms[options["from"]] = None
                elif kind == "bind":
                    source = options.get("source") or options.get("src") or "."
                    everything |= "$" in source
                    sources[source] = None
    if alias is not None:
        stages[alias] = (on_base, layers)
    named = tuple(name for name in froms if name.lower() not in stages and not name.isdigit())
    if named:
        needs.add("contexts")
    return DockerfileFacts(
        body=_without_header(content),
        args=tuple(args),
        bases=tuple(bases),
        sources=None if everything else tuple(sources),
        froms=named,
        secrets=tuple(secrets),
        needs=frozenset(needs),
        layers=layers,
        uses_base_image=on_base,
        artifact=artifact,
    )


def _without_header(content: bytes) -> bytes:
    """The bytes without the blocks that ``package.header`` reads, told by the same rule.

    One fence stays where a directive below it, which has no effect there, would else come to
    stand at the top, where it has.
    """
    bom = _BOM.encode()
    kept: list[bytes] = []
    inside = removed = False
    only_directives = True
    file = io.BytesIO(content)
    for raw in file:
        line = raw.removeprefix(bom)
        if not line.startswith(b"#"):
            kept.append(line if not kept else raw)
            break
        if line.startswith(_FENCE):
            inside, removed = not inside, True
        elif not inside:
            directive = _DIRECTIVE.fullmatch(line.decode("utf-8", errors="replace").rstrip("\r\n"))
            if removed and directive and only_directives:
                kept.append(_FENCE + b"\n")
            only_directives &= directive is not None and not removed
            kept.append(line)
    return b"".join(kept) + file.read()


def _mount_options(value: str) -> dict[str, str]:
    fields = next(csv.reader([value]), [])
    return {
        key.strip().lower(): text for key, _, text in (field.partition("=") for field in fields)
    }


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
    words = _words(text)
    return words[0] if len(words) == 1 else ""


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=False)
    except ValueError:
        return text.split()


def _json_words(text: str) -> list[str] | None:
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


def _flags(text: str) -> tuple[list[tuple[str, str]], str]:
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
