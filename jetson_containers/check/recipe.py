"""One Dockerfile and the scripts it runs: what other rules ask of it, and its own faults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jetson_containers.check import downloads, secrets
from jetson_containers.check.model import Fault
from jetson_containers.check.scripts import Script
from jetson_containers.check.shell import Command, commands
from jetson_containers.errors import Location
from jetson_containers.plan.chain import BUDGET_ARGS
from jetson_containers.plan.dockerfile import DockerfileFacts, read_dockerfile
from jetson_containers.plan.ignore import Ignore
from jetson_containers.plan.instructions import Instruction, instructions, words_of

#: arguments that the engine declares or fills by itself
#: (docs.docker.com/reference/dockerfile, "Predefined ARGs" and "Automatic platform ARGs")
PREDEFINED = frozenset(
    (
        *("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"),
        *("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"),
        *("TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE"),
        *("BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT", "SOURCE_DATE_EPOCH"),
    )
)
#: arguments that this program passes, or the engine
SUPPLIED = PREDEFINED | {"BASE_IMAGE", *BUDGET_ARGS}

_KEYWORDS = frozenset(
    (
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK"),
        *("LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME"),
        "WORKDIR",
    )
)
_FROM = re.compile(r"from=\"?([^\s,\"]+)")
_BOUNDED = re.compile(r"\b(?:PIP|UV)_(?:BUILD_)?CONSTRAINT=")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a Dockerfile says beyond what planning reads.

    ``required`` are arguments without a default that are used as if they had a value, ``env`` the
    variables that it leaves in the image, ``sources`` the files that it takes by name, ``froms``
    the names after ``from=`` that no stage of it has, all but ``env`` with lines. ``faults`` are
    those that hold for every package that is built by it, ``ignore`` is what the context
    leaves out.
    """

    path: str
    facts: DockerfileFacts
    required: tuple[tuple[str, int], ...]
    env: frozenset[str]
    sources: tuple[tuple[str, int], ...]
    froms: tuple[tuple[str, int], ...]
    faults: tuple[Fault, ...]
    ignore: Ignore = field(default_factory=Ignore)


def read_recipe(path: Path, content: bytes, scripts: tuple[Script, ...]) -> Recipe:
    """The recipe of a Dockerfile's bytes and of the scripts that its build can see."""
    text = content.decode("utf-8", errors="replace")
    facts = read_dockerfile(content)
    listed = tuple(instructions(text))
    place = str(path)
    variables = tuple(_variables(listed))
    used = "\n".join([text, *(script.text for script in scripts)])
    named = {name.lower(): name for name in facts.froms}
    froms = tuple(
        (name, item.line)
        for item in listed
        if item.keyword in ("COPY", "RUN")
        for name in dict.fromkeys(_FROM.findall(item.text))
        if name.lower() in named
    )
    return Recipe(
        path=place,
        facts=facts,
        required=tuple(_required(variables, used)),
        env=frozenset(name for kind, name, _, _ in variables if kind == "ENV"),
        sources=tuple(_sources(facts, listed)),
        froms=froms,
        faults=(
            *_shape(facts, listed, place),
            *_secrets(variables, text, place),
            *_downloads(listed, text, place),
        ),
    )


def _shape(
    facts: DockerfileFacts, listed: tuple[Instruction, ...], place: str
) -> Iterator[Fault]:
    for item in listed:
        if item.keyword not in _KEYWORDS:
            yield Fault(
                "unknown-instruction",
                f"{item.keyword[:40]} is no instruction of a Dockerfile",
                Location(place, item.line),
                "does the line before it lack its `\\`?",
            )
    if not facts.uses_base_image or "BASE_IMAGE" not in facts.args:
        yield Fault(
            "not-on-base-image",
            "the Dockerfile does not build on BASE_IMAGE",
            Location(place, next((item.line for item in listed if item.keyword == "FROM"), 1)),
            "begin it with `ARG BASE_IMAGE` and `FROM ${BASE_IMAGE}`",
        )


def _variables(
    listed: tuple[Instruction, ...],
) -> Iterator[tuple[str, str, str | None, int]]:
    """``ARG`` or ``ENV``, name, value if there is one, and line."""
    for item in listed:
        if item.keyword not in ("ARG", "ENV"):
            continue
        words = words_of(item.text)
        if item.keyword == "ENV" and words and "=" not in words[0]:
            yield "ENV", words[0], " ".join(words[1:]), item.line
            continue
        for word in words:
            name, given, value = word.partition("=")
            yield item.keyword, name, value if given else None, item.line


def _sources(
    facts: DockerfileFacts, listed: tuple[Instruction, ...]
) -> Iterator[tuple[str, int]]:
    """Files and directories that are named, not patterns, with the line of the instruction."""
    for name in facts.sources or ():
        if not re.search(r"[*?\[$\\]", name):
            yield name, next((item.line for item in listed if name in item.text), 0)


def _required(
    variables: tuple[tuple[str, str, str | None, int], ...], used: str
) -> Iterator[tuple[str, int]]:
    """The arguments without a default that are used and nowhere guarded against being empty.

    A default (``${A:-b}``), a test (``-z "$A"``) or a comparison (``"$A" = on``) is a guard.
    """
    settled = {name for _, name, value, _ in variables if value is not None}
    declared = {name: line for kind, name, value, line in reversed(variables) if value is None}
    for name, line in sorted(declared.items(), key=lambda item: item[1]):
        if name in settled or name in SUPPLIED:
            continue
        use = rf"\$(?:{name}\b|\{{{name}\b)"
        if not re.search(use, used):
            continue
        guard = (
            rf"\$\{{{name}:?[-=+]|-[zn]\s+\"?{use}|\[\[?\s+!?\s*\"?{use}\}}?\"?\s+(?:[!=]?=|-\w\w\s)"
        )
        if not re.search(guard, used):
            yield name, line


def _secrets(
    variables: tuple[tuple[str, str, str | None, int], ...], text: str, place: str
) -> Iterator[Fault]:
    for kind, name, value, line in variables:
        fault = secrets.in_variable(kind, name, value, Location(place, line))
        if fault:
            yield fault
    yield from secrets.in_text(text, place)


def _downloads(listed: tuple[Instruction, ...], text: str, place: str) -> Iterator[Fault]:
    stages: set[str] = set()
    for item in listed:
        where = Location(place, item.line)
        words = [word for word in item.text.split() if not word.startswith("--")]
        if item.keyword == "FROM":
            image = words[0] if words else ""
            known = image.lower() in stages or image == "scratch" or "$" in image
            if image and not known and "@sha256:" not in image:
                yield downloads.unpinned_image(image, where)
            stages.update(word.lower() for word in words[2:3])
        elif item.keyword == "ADD" and "--checksum=" not in item.text:
            for word in words[:-1]:
                if "://" in word and not (".git#" in word or word.startswith("file:")):
                    yield downloads.unpinned_add(word, where)
    if downloads.LOOKS_LIKE.search(text):
        found = tuple(step_commands(listed, text))
        yield from downloads.unpinned(found, place, bounded=bool(_BOUNDED.search(text)))


def step_commands(listed: tuple[Instruction, ...], text: str) -> Iterator[Command]:
    """The commands of all ``RUN`` steps, one after another, here-documents included."""
    lines = text.split("\n")
    starts = [item.line for item in listed] + [len(lines) + 1]
    for item, following in zip(listed, starts[1:], strict=True):
        if item.keyword != "RUN":
            continue
        # a comment between continued lines is no part of the command, but keeps its line
        first, *body = lines[item.line - 1 : following - 1]
        first = "" if item.heredoc else first.lstrip()[len("RUN") :]
        if not item.heredoc:
            body = ["\\" if line.lstrip().startswith("#") else line for line in body]
        yield from commands("\n".join([first, *body]), item.line)
