"""Read from a Dockerfile what planning has to know; nothing is ever rewritten.

Only what decides is parsed: which files of the context a build can see, which named contexts,
secrets and engine features it uses, which arguments it declares. Where an instruction cannot be
told for certain (a variable in a path), the whole context counts as seen.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

#: instructions that add a filesystem layer
_LAYERS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
_HEREDOC = re.compile(r"<<-?\s*([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")
_HEADER = re.compile(r"\A(?:\ufeff)?\s*#---.*?^#---[^\n]*\n", re.S | re.M)


@dataclass(frozen=True, slots=True)
class DockerfileFacts:
    """What a Dockerfile asks of its build.

    ``sources`` are paths and patterns in the context; ``None`` means all of it. ``froms`` are
    names after ``from=`` that no ``AS`` of the file defines. ``needs`` are engine capabilities:
    ``mounts``, ``heredoc``, ``link``, ``contexts``, ``network``.
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


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, continuation lines joined; ``line`` counts from 1."""

    keyword: str
    text: str
    line: int
    heredoc: bool = False


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile; comments left out, here-documents skipped."""
    lines = text.lstrip("\ufeff").splitlines()
    escape = "\\"
    index = 0
    while index < len(lines):
        stripped = lines[index].strip()
        directive = re.match(r"#\s*escape\s*=\s*(\S)", stripped, re.I)
        if directive:
            escape = directive.group(1)
        if not stripped or stripped.startswith("#"):
            index += 1
            continue
        start = index
        parts: list[str] = []
        while index < len(lines):
            line = lines[index].rstrip()
            index += 1
            if parts and (not line.strip() or line.lstrip().startswith("#")):
                continue
            if line.endswith(escape):
                parts.append(line[:-1])
                continue
            parts.append(line)
            break
        joined = " ".join(parts).strip()
        keyword, _, rest = joined.partition(" ")
        markers = (
            [match.group(2) for match in _HEREDOC.finditer(rest)]
            if keyword.upper() in ("RUN", "COPY", "ADD")
            else []
        )
        for marker in markers:
            while index < len(lines) and lines[index].strip() != marker:
                index += 1
            index += 1
        yield Instruction(keyword.upper(), rest.strip(), start + 1, bool(markers))


def read_dockerfile(content: bytes) -> DockerfileFacts:
    """The facts of a Dockerfile's bytes.

    ``body`` is what can change a build: the bytes without the YAML header, which is a comment.
    """
    text = content.decode("utf-8", errors="replace").replace("\r\n", "\n")
    args: dict[str, None] = {}
    bases: list[str] = []
    stages: set[str] = set()
    froms: dict[str, None] = {}
    secrets: dict[str, None] = {}
    sources: dict[str, None] = {}
    needs: set[str] = set()
    everything = False
    layers = 0
    for item in instructions(text):
        if item.keyword in _LAYERS:
            layers += 1
        if item.heredoc:
            needs.add("heredoc")
        if item.keyword == "ARG":
            for word in _words(item.text):
                args[word.partition("=")[0]] = None
        elif item.keyword == "FROM":
            words = [word for word in item.text.split() if not word.startswith("--")]
            if words and words[0].lower() not in stages:
                bases.append(words[0])
            if len(words) == 3 and words[1].lower() == "as":
                stages.add(words[2].lower())
            layers = 0
        elif item.keyword in ("COPY", "ADD"):
            flags, words = _flags(item.text)
            if "link" in flags:
                needs.add("link")
            if "from" in flags:
                froms[flags["from"]] = None
            else:
                paths = [word for word in words[:-1] if not word.startswith("<<")]
                everything |= any("$" in path for path in paths)
                sources.update(
                    dict.fromkeys(path for path in paths if "://" not in path and path)
                )
        elif item.keyword == "RUN":
            flags_text = re.findall(r"--mount=(\S+)", item.text)
            if "--network=" in item.text or "--security=" in item.text:
                needs.add("network")
            for mount in flags_text:
                needs.add("mounts")
                options = dict(
                    part.partition("=")[::2] for part in mount.strip("\"'").split(",")
                )
                kind = options.get("type", "bind")
                if kind == "secret":
                    name = options.get("id") or options.get("target", "").rsplit("/", 1)[-1]
                    secrets[name] = None
                elif "from" in options:
                    froms[options["from"]] = None
                elif kind == "bind":
                    source = options.get("source") or options.get("src") or "."
                    everything |= "$" in source
                    sources[source] = None
    named = tuple(name for name in froms if name.lower() not in stages and not name.isdigit())
    if named:
        needs.add("contexts")
    body = _HEADER.sub("", text, count=1).encode() if _HEADER.match(text) else content
    return DockerfileFacts(
        body=body,
        args=tuple(args),
        bases=tuple(bases),
        sources=None if everything else tuple(sources),
        froms=named,
        secrets=tuple(secrets),
        needs=frozenset(needs),
        layers=layers,
        uses_base_image=any(re.search(r"\$\{?BASE_IMAGE\b", base) for base in bases),
    )


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=False)
    except ValueError:
        return text.split()


def _flags(text: str) -> tuple[dict[str, str], list[str]]:
    """Leading ``--name=value`` flags and the words after them (JSON form too)."""
    flags: dict[str, str] = {}
    rest = text.strip()
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        name, _, value = flag[2:].partition("=")
        flags[name] = value
        rest = rest.lstrip()
    if rest.startswith("["):
        return flags, [word.strip().strip('"') for word in rest.strip("[]").split(",")]
    return flags, _words(rest)
