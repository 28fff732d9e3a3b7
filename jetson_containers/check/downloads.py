"""Downloads that may bring something else tomorrow: nothing says which commit, sum or version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from jetson_containers.check.model import Fault
from jetson_containers.check.shell import Command, arguments
from jetson_containers.errors import Location

CODE = "unpinned-download"

#: a text without any of these has no download that this module knows
LOOKS_LIKE = re.compile(r"\b(?:git|curl|wget|pip[\d.]*)\b")
_MOVING = frozenset(("main", "master", "develop", "dev", "HEAD", "trunk"))
_SUMS = re.compile(r"(?:sha|md|b2)\w*sum|shasum|cosign|minisign|gpgv|b3sum")
_LOCAL = re.compile(r"//(?:localhost|127\.|0\.0\.0\.0|\[::1\])")
_LOCAL_FILE = re.compile(r"[./~]|.*\.(?:whl|tar\.gz|zip)$")
_BOUNDS = ("-c", "--constraint", "--constraints", "-r", "--requirement", "--requirements")
PIP_VALUED = frozenset(
    (
        *_BOUNDS,
        *("-i", "-f", "-t", "-e", "-b", "-p", "-P", "-C"),
        *("--index-url", "--extra-index-url", "--index", "--default-index", "--find-links"),
        *("--target", "--prefix", "--root", "--python", "--python-version", "--platform"),
        *("--no-binary", "--only-binary", "--no-build-package", "--no-binary-package"),
        *("--override", "--overrides", "--editable", "--cache-dir", "--timeout", "--retries"),
        *("--trusted-host", "--upgrade-strategy", "--index-strategy", "--config-settings"),
        *("--config-setting", "--global-option", "--proxy", "--src", "--torch-backend"),
        *("--prerelease", "--resolution", "--upgrade-package", "--no-build-isolation-package"),
        *("--keyring-provider", "--abi", "--implementation", "--link-mode", "--extra"),
    )
)
_GIT_VALUED = frozenset(
    (
        *("-b", "--branch", "--revision", "--depth", "-o", "--origin", "-c", "--config", "-j"),
        *("--jobs", "--reference", "--shallow-since", "--filter", "--template"),
    )
)


def unpinned(commands: Sequence[Command], path: str, *, bounded: bool = False) -> Iterable[Fault]:
    """The downloads of ``commands``, which run one after another, that nothing pins.

    ``bounded`` says that the environment bounds what pip installs (``PIP_CONSTRAINT``).
    """
    calls = [(command, *command.call) for command in commands]
    for index, (command, name, words) in enumerate(calls):
        later = calls[index + 1 :]
        where = Location(path, command.line)
        if name == "git":
            yield from _clone(words, [item[1:] for item in later], where)
        elif name in ("curl", "wget"):
            checked = any(compares(*item[1:]) for item in calls[index:])
            yield from () if checked else _fetch(name, words, where)
        elif name == "pip" and not bounded:
            yield from _pip(words, where)


def _clone(
    words: Sequence[str], later: Iterable[tuple[str, Sequence[str]]], where: Location
) -> Iterable[Fault]:
    if "clone" not in words:
        return
    plain, options = arguments(words[words.index("clone") + 1 :], _GIT_VALUED)
    ref = options.get("-b") or options.get("--branch") or options.get("--revision") or ""
    moved = any(
        name == "git" and any(word in ("checkout", "reset", "switch", "fetch") for word in rest)
        for name, rest in later
    )
    if (ref and ref not in _MOVING) or moved:
        return
    source = plain[0] if plain else "a repository"
    yield Fault(
        CODE,
        f"git clone of {source} takes whatever {ref or 'the default branch'} is that day",
        where,
        "name a tag with --branch, or check out a commit afterwards",
    )


def compares(name: str, words: Sequence[str]) -> bool:
    """Whether a command compares what was fetched with something known."""
    if name == "gpg":
        return any(word in ("--verify", "--show-keys", "--fingerprint") for word in words)
    if name == "openssl":
        return "dgst" in words
    return bool(_SUMS.fullmatch(name))


def _fetch(name: str, words: Sequence[str], where: Location) -> Iterable[Fault]:
    urls = [word for word in words if "://" in word] or [
        word for word in words[-1:] if word.startswith("$")
    ]
    if not urls or _LOCAL.search(urls[0]) or any(
        word in ("-X", "-d", "--data", "-I", "--head", "--request") for word in words
    ):
        return
    yield Fault(
        CODE,
        f"{name} fetches {_short(urls[0])} and nothing compares its checksum",
        where,
        "add `echo \"SUM  FILE\" | sha256sum --check` after it",
    )


def _pip(words: Sequence[str], where: Location) -> Iterable[Fault]:
    if "install" not in words[:3]:
        return
    plain, options = arguments(words[words.index("install") + 1 :], PIP_VALUED)
    if "--require-hashes" in options or any(option in options for option in _BOUNDS):
        return
    free = [word for word in plain if not _is_pinned(word)]
    if free:
        yield Fault(
            CODE,
            f"pip installs {_short(', '.join(free))} in whatever version is newest that day",
            where,
            "write NAME==VERSION, or bound it with --constraint FILE",
        )


def _is_pinned(spec: str) -> bool:
    """Whether a word after ``pip install`` says which file it means, or leaves it to a variable."""
    if spec.startswith(("git+", "hg+")):
        return "@" in spec.partition("://")[2]
    if "://" in spec:
        return "#sha256=" in spec or "$" in spec
    return "==" in spec or "$" in spec or bool(_LOCAL_FILE.match(spec))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def unpinned_image(name: str, where: Location) -> Fault:
    """An image beside the base that a name alone identifies."""
    return Fault(
        CODE,
        f"the image {name} is named without a digest",
        where,
        "write NAME:TAG@sha256:DIGEST",
    )


def unpinned_add(url: str, where: Location) -> Fault:
    """An ``ADD`` of something that nothing identifies."""
    return Fault(
        CODE,
        f"ADD fetches {_short(url)} and nothing compares its checksum",
        where,
        "write ADD --checksum=sha256:SUM URL PATH, for git URL#COMMIT",
    )
