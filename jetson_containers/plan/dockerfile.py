"""Read from a Dockerfile what planning has to know; nothing is ever rewritten.

Only what decides is parsed: which files of the context a build can see, which named contexts,
secrets and engine features it uses, which arguments it declares. Where an instruction cannot be
told for certain (a variable in a path), the whole context counts as seen.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from jetson_containers.plan.instructions import (
    BOM,
    DIRECTIVE,
    HEREDOC,
    flags_of,
    instructions,
    json_words,
    words_of,
)

#: the stage of a Dockerfile that holds what its package compiles, and nothing else
ARTIFACT_STAGE = "wheels"
#: instructions that add a filesystem layer
_LAYERS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
_BASE_IMAGE = re.compile(r"\$(?:BASE_IMAGE\b|\{BASE_IMAGE\b)")
_FENCE = b"#---"


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
            for word in words_of(item.text):
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
            flags, rest = flags_of(item.text)
            values = dict(flags)
            if "link" in values:
                needs.add("link")
            if "from" in values:
                froms[values["from"]] = None
            else:
                listed = json_words(rest)
                paths = (words_of(rest) if listed is None else listed)[:-1]
                if listed is None:
                    paths = [path for path in paths if not HEREDOC.fullmatch(path)]
                everything |= any("$" in path for path in paths)
                sources.update(dict.fromkeys(path for path in paths if "://" not in path and path))
        elif item.keyword == "RUN":
            for flag, value in flags_of(item.text)[0]:
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
    bom = BOM.encode()
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
            directive = DIRECTIVE.fullmatch(line.decode("utf-8", errors="replace").rstrip("\r\n"))
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
