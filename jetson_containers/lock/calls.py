"""The programs that the commands of a step call, and which of their words make them fetch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from jetson_containers.check.shell import Command, arguments, commands

_SHORT_BRANCH = re.compile(r"-[qvnsl46]*b(.*)")
#: options of ``git clone`` that take the next word
CLONE_VALUED = frozenset(
    (
        *("-b", "--branch", "--revision", "--depth", "-o", "--origin", "-c", "--config", "-j"),
        *("--jobs", "--reference", "--reference-if-able", "--shallow-since", "--filter", "-u"),
        *("--template", "--upload-pack", "--separate-git-dir", "--server-option", "--bundle-uri"),
    )
)
#: options of ``curl`` and ``wget`` that take the next word: letters, then names
FETCH_SHORT: Mapping[str, str] = {"curl": "oHAeuxwmCKUTEFbcDrYyzX", "wget": "oaOPtTUeQwlARDI"}
FETCH_LONG = frozenset(
    (
        *("--output", "--header", "--user-agent", "--referer", "--user", "--proxy", "--max-time"),
        *("--retry", "--retry-delay", "--retry-max-time", "--connect-timeout", "--cacert"),
        *("--write-out", "--output-dir", "--output-document", "--directory-prefix", "--tries"),
        *("--timeout", "--limit-rate", "--speed-time", "--speed-limit", "--waitretry", "--cert"),
    )
)
#: options of a request that brings nothing into the image
ASKS = frozenset(("-X", "-d", "--data", "-I", "--head", "--request", "--spider"))
_WRAPPERS = frozenset(("timeout", "nice", "ionice", "xargs", "retry", "setsid", "eatmydata"))
#: programs that run a script
SHELLS = frozenset(("sh", "bash", "dash", "zsh"))
#: programs that fetch by themselves, with the words that make them; none means any word does.
#: ``uv python`` is not among them: uv brings the checksums of its interpreters along.
FETCHERS: Mapping[str, frozenset[str]] = {
    "cargo": frozenset(("install", "fetch", "add")),
    "conda": frozenset(("install", "create", "update")),
    "gem": frozenset(("install",)),
    "go": frozenset(("install", "get")),
    "hf": frozenset(("download",)),
    "huggingface-cli": frozenset(("download",)),
    "mamba": frozenset(("install", "create", "update")),
    "micromamba": frozenset(("install", "create", "update")),
    "npm": frozenset(("install", "i", "add", "update")),
    "ollama": frozenset(("pull",)),
    "pipx": frozenset(("install", "run")),
    "poetry": frozenset(("install", "add", "update")),
    "snap": frozenset(("install",)),
    "svn": frozenset(("checkout", "co", "export")),
    "uv": frozenset(("add", "sync", "tool", "run")),
    "yarn": frozenset(("add", "install", "global")),
    **dict.fromkeys(("aria2c", "axel", "gdown", "npx", "pnpm", "uvx"), frozenset()),
}
_PROGRAMS = frozenset(("git", "curl", "wget", "pip", "pip3", "uv", "python3", *FETCHERS, *SHELLS))


def calls_of(step: Iterable[Command]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Programs with their words, also those that ``sh -c`` and the like are given."""
    for command in step:
        words = command.words
        while words and words[0].startswith("--"):
            words = words[1:]
        if words and words[0].startswith("["):
            words = tuple(word.strip("[],") for word in words)
        name, rest = replace(command, words=words).call
        if name in _WRAPPERS:
            at = next((n for n, w in enumerate(rest) if PurePosixPath(w).name in _PROGRAMS), None)
            name, rest = ("", ()) if at is None else replace(command, words=rest[at:]).call
        if name in SHELLS:
            inner = next((n for n, w in enumerate(rest) if re.fullmatch(r"-[a-z]*c", w)), None)
            if inner is not None:
                yield from calls_of(commands("\n".join(rest[inner + 1 : inner + 2])))
                continue
        yield name, rest


def git_action(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """What git is to do, and the words after it."""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        del rest[: 2 if rest[0] in ("-C", "-c", "--git-dir", "--work-tree", "--namespace") else 1]
    return (rest[0], tuple(rest[1:])) if rest else ("", ())


def spelled_out(words: Iterable[str]) -> Iterator[str]:
    """With ``-bv3`` and ``-qb v3`` as ``-b v3``."""
    for word in words:
        short = _SHORT_BRANCH.fullmatch(word)
        yield from (item for item in ("-b", short[1]) if item) if short else (word,)


def checked_out(later: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    """The ref that the next ``git checkout`` names; nothing for one that starts a branch."""
    for name, words in later:
        action, rest = git_action(words) if name == "git" else ("", ())
        if action in ("checkout", "switch", "reset") and "--" not in rest:
            plain, _ = arguments(rest, frozenset(("-b", "-B", "-c", "-C")))
            if plain and plain[0] != "FETCH_HEAD":
                return plain[0].removeprefix("origin/").removeprefix("tags/")
    return ""
