"""What the steps of a Dockerfile and its scripts take from outside.

What they name well enough is for the lock to hold: a ref of a repository, an address of ``ADD``.
All else is ``loose``: the lock says that nothing pins it. Nothing is run, so a step counts whether
or not its branch of a script is taken, and a program that hides what it fetches is not seen.
"""

from __future__ import annotations

import re
import shlex
from bisect import bisect
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from jetson_containers.check.downloads import PIP_VALUED, compares
from jetson_containers.check.recipe import step_commands
from jetson_containers.check.scripts import scripts_of
from jetson_containers.check.shell import Command, arguments, commands
from jetson_containers.errors import BuilderError
from jetson_containers.lock.calls import (
    ASKS,
    CLONE_VALUED,
    FETCH_LONG,
    FETCH_SHORT,
    FETCHERS,
    SHELLS,
    calls_of,
    checked_out,
    git_action,
    spelled_out,
)
from jetson_containers.package.header import MAX_BYTES
from jetson_containers.package.model import Package
from jetson_containers.plan.dockerfile import read_dockerfile
from jetson_containers.plan.instructions import Instruction, instructions

ADDRESS = re.compile(r"(?:https?|ssh|git|file)://\S+|git@\S+")
_VARIABLE = re.compile(r"\$\{?(\w+)(?::-[^}]*)?\}?")
_ONLY_VARIABLE = re.compile(r"\$(?:\w+|\{[^}]*\})")
_CHECKSUM = re.compile(r"--checksum=sha256:([0-9a-f]{64})")
_FROM = re.compile(r"from=\"?([^\s,\"]+)")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_HERE = re.compile(r"(?:\w+://)?(?:localhost|127\.|0\.0\.0\.0|\[::1\])|file:")
_LOCAL = re.compile(r"[./~]|file:|(?!\w+://).*\.whl$")
_HOST = re.compile(r"\w+://.+|\$.+|[\w-]+(?:\.[\w-]+)+(?:[:/]\S*)?")
_WRITES = re.compile(r"-[a-zA-Z#]*[oO]|--(?:output|remote-name|remote-name-all)")
#: what an installer of this project is given: held to files if its package names distributions
_LOCKED_WORD = re.compile(r"\$(?:@|\*|\{?(?:WHEELS|INSTALLER)\}?)")

MOVES = "a step clones whatever its default branch is that day"


@dataclass(frozen=True, slots=True)
class Taken:
    """What steps take: refs of repositories with the build arguments in the ref, addresses with
    the sha256 that the step demands, images by name, and what nothing pins, with the reason.
    """

    git: tuple[tuple[str, str, frozenset[str]], ...] = ()
    urls: tuple[tuple[str, str], ...] = ()
    images: tuple[str, ...] = ()
    loose: Mapping[str, str] = field(default_factory=dict, hash=False)


def taken(package: Package, held: Collection[str], installs: bool) -> Taken:
    """What the steps of ``package`` take. Reads its Dockerfile and the scripts that a build sees.

    ``held`` are the addresses that the lock knows from elsewhere. ``installs`` says that the lock
    holds what its installer is given.
    """
    try:
        text = _dockerfile(package)
        sources = read_dockerfile(text.encode()).sources if package.dockerfile else None
        tests = frozenset(test.split()[0] for test in package.tests if test.split())
        scripts = tuple(scripts_of(package.path, package.dockerfile, sources, tests))
    except BuilderError as error:
        return Taken(loose={"what its steps take": error.what})
    listed = tuple(instructions(text))
    filled = _Filled({**_defaults(listed), **dict(package.build_args)})
    steps = _Steps(
        filled,
        held,
        installs,
        stated=any(source.kind == "git" for source in package.sources),
        arguments=frozenset(name for name, _ in package.build_args),
    )
    steps.instructions(listed)
    starts = [item.line for item in listed]
    every = step_commands(listed, text)
    for _, step in groupby(every, lambda command: bisect(starts, command.line)):
        steps.run(tuple(step))
    for script in scripts:
        locked = "--locked" in script.text and "--hash=sha256:" in script.text
        told = installs or package.dockerfile is None
        steps.run(tuple(commands(script.text)), installer=locked and told)
    return Taken(
        tuple(dict.fromkeys(steps.git)),
        tuple(steps.urls.items()),
        tuple(dict.fromkeys(steps.images)),
        steps.loose,
    )


@dataclass(frozen=True, slots=True)
class _Filled:
    """Texts with the values of build arguments; a variable that nobody sets stays as it is."""

    values: Mapping[str, str]

    def __call__(self, text: str) -> str:
        return _VARIABLE.sub(lambda item: self.values.get(item[1], item[0]), text)


@dataclass(slots=True)
class _Steps:
    """Gathers what steps take."""

    filled: _Filled
    held: Collection[str]
    installs: bool
    stated: bool
    arguments: frozenset[str]
    git: list[tuple[str, str, frozenset[str]]] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)
    loose: dict[str, str] = field(default_factory=dict)

    def instructions(self, listed: Iterable[Instruction]) -> None:
        """Images of ``FROM`` and ``from=``, addresses of ``ADD``."""
        stages: set[str] = set()
        for number, item in enumerate(listed):
            words = [word for word in item.text.split() if not word.startswith("--")]
            if item.keyword == "FROM" and words:
                image = words[0].strip('"')
                if not re.fullmatch(r"\$\{?BASE_IMAGE\b.*", image):
                    self._image(self.filled(image), stages)
                stages |= {str(number), *(word.lower() for word in words[2:3])}
            elif item.keyword in ("COPY", "RUN"):
                options = item.text if item.keyword == "COPY" else _options(item.text)
                for name in _FROM.findall(options):
                    self._image(self.filled(name), stages)
            elif item.keyword == "ADD":
                stated = _CHECKSUM.search(item.text)
                for word in words[:-1]:
                    self._added(self.filled(word.strip("\"'[],")), stated[1] if stated else "")

    def _image(self, name: str, stages: Collection[str]) -> None:
        known = name.lower() in stages or name == "scratch" or name.isdecimal()
        if not known and "@sha256:" not in name:
            self.images.append(name)

    def _added(self, address: str, stated: str) -> None:
        # a repository's ref and directory stand after a mark (docs.docker.com/reference/dockerfile)
        repository, _, ref = address.partition("#")
        is_git = not address.startswith("http") or repository.partition("?")[0].endswith(".git")
        ref = ref.partition(":")[0]
        if is_git and ref and "$" not in address and ADDRESS.fullmatch(repository):
            self.git.append((repository, ref, frozenset()))
        elif re.fullmatch(r"https?://[^\s$]+", address) and not is_git:
            self.urls[address] = stated
        elif ADDRESS.match(address) or address.startswith("$"):
            self.loose[f"ADD {address}"] = "a step adds it, and nothing says which"

    def run(self, step: Sequence[Command], *, installer: bool = False) -> None:
        """The commands of one ``RUN`` or script. ``installer`` takes what a lock tells it."""
        calls = list(calls_of(step))
        clones = sum(name == "git" and git_action(words)[0] == "clone" for name, words in calls)
        for index, (name, words) in enumerate(calls):
            later = calls[index + 1 :]
            if name == "git":
                self._repository(*git_action(words), later, clones)
            elif name in ("curl", "wget"):
                self._fetch(name, words, later)
            elif name == "pip":
                if not installer:
                    self._pip(words)
            elif name in SHELLS and words and words[0].endswith("/pip-index/install"):
                self._install(words[1:])
            elif name in FETCHERS:
                makes = FETCHERS[name]
                if not makes or makes.intersection(words[:2]):
                    self._note(name, words, "a step fetches it, and no lock holds its program")

    def _repository(
        self,
        action: str,
        words: Sequence[str],
        later: Sequence[tuple[str, tuple[str, ...]]],
        clones: int,
    ) -> None:
        if action in ("pull", "fetch"):
            exact = any(_COMMIT.fullmatch(word) for word in words)
            if not exact and not (clones and action == "fetch"):
                self._note("git", (action, *words), "a step takes what the branch is that day")
            return
        if action == "submodule" and "--remote" in words:
            self._note("git", (action, *words), "a step takes what the branch is that day")
        if action != "clone":
            return
        plain, options = arguments(tuple(spelled_out(words)), CLONE_VALUED)
        address = self.filled(plain[0]) if plain else ""
        said = options.get("-b") or options.get("--branch") or options.get("--revision") or ""
        if not said and clones == 1:
            said = checked_out(later)
        if address.startswith(("/", ".")):
            return
        ref = self.filled(said)
        if ref and "$" not in ref + address and ADDRESS.fullmatch(address):
            names = frozenset(_VARIABLE.findall(said)) & self.arguments
            self.git.append((address, ref, names))
        elif not ref:
            self._note("git", ("clone", *plain[:1]), MOVES)
        elif not (self.stated and _ONLY_VARIABLE.fullmatch(said)):
            # a script's own variables are what `sources` say
            self._note("git", ("clone", said, *plain[:1]), "no definition says what it is")

    def _fetch(
        self, name: str, words: Sequence[str], later: Sequence[tuple[str, tuple[str, ...]]]
    ) -> None:
        short = {f"-{letter}" for letter in FETCH_SHORT[name]}
        plain, _ = arguments(words, FETCH_LONG | short)
        urls = [word for word in plain if _HOST.fullmatch(word)]
        if ASKS.intersection(words) or not urls:
            return
        urls = [url for url in urls if not _HERE.match(url) and self.filled(url) not in self.held]
        written = name == "wget" or any(_WRITES.match(word) for word in words)
        until = [call[0] in ("curl", "wget") for call in later]
        near = later if written or True not in until else later[: until.index(True)]
        if urls and not any(compares(*call) for call in near):
            self._note(name, urls, "a step fetches it, and nothing compares its checksum")

    def _pip(self, words: Sequence[str]) -> None:
        if not {"install", "download", "wheel"}.intersection(words[:3]):
            return
        plain, options = arguments(words, PIP_VALUED)
        own = [word for word in plain[1:] if not _LOCAL.match(word)]
        listed = {"-r", "--requirement", "--requirements"}.intersection(options)
        if "--require-hashes" in options or "--no-index" in options:
            return
        if {"--no-deps", "--no-dependencies"}.intersection(options) and not own and not listed:
            return
        self._note("pip", words, "a step installs it without the locked installer")

    def _install(self, words: Sequence[str]) -> None:
        given = [word for word in words if not word.startswith("-")]
        if given and not (self.installs and all(_LOCKED_WORD.fullmatch(word) for word in given)):
            self._note("pip-index/install", words, "the lock holds no distributions for this call")

    def _note(self, name: str, words: Iterable[str], reason: str) -> None:
        self.loose[" ".join(" ".join((name, *words)).split())] = reason


def _options(text: str) -> str:
    """The options that a ``RUN`` begins with."""
    found = re.match(r"(?:--\S+\s+)*", text.lstrip())
    return found[0] if found else ""


def _defaults(listed: Iterable[Instruction]) -> dict[str, str]:
    """Values of ``ARG`` in the Dockerfile; of one with two values nothing is known."""
    found: dict[str, str] = {}
    several: set[str] = set()
    for item in listed:
        if item.keyword != "ARG":
            continue
        try:
            words = shlex.split(item.text)
        except ValueError:
            continue
        for word in words:
            name, given, value = word.partition("=")
            if given and found.setdefault(name, value) != value:
                several.add(name)
    return {
        name: value
        for name, value in found.items()
        if name not in several and "$" not in value
    }


def _dockerfile(package: Package) -> str:
    """Its text; nothing for what is no file or too large to be one, as the loader has said."""
    if package.dockerfile is None:
        return ""
    path = Path(package.path, package.dockerfile)
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
