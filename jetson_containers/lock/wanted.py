"""What a package's definition takes from outside, as far as the definition says it.

Distributions are read from the build arguments that this project's installers take (``WHEELS``,
``INSTALLER``), git and files from ``sources``, from build arguments that name a ref or an archive,
from ``git clone --branch`` of the Dockerfile and the scripts beside it, and from ``ADD``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from jetson_containers.package.model import Package
from jetson_containers.plan.dockerfile import instructions

#: build arguments with words for an installer: ``pip_index/install`` and ``python/install.sh``
INSTALL_ARGUMENTS = ("WHEELS", "INSTALLER")

_REF = re.compile(r"(.+)_(?:BRANCH|REF|TAG|COMMIT|SHA)")
_ARCHIVE = re.compile(
    r"https?://[^\s?#]+\.(?:tar|t?gz|tgz|bz2|tbz2|xz|txz|zst|zip|deb|run|whl)(?:[?#]\S*)?"
)
_GIT_CLONE = re.compile(r"git clone\s(?:[^&|;]|&(?!&)|\|(?!\|))*")
_BRANCH = re.compile(r"(?:--branch|-b)[= ]\s*([\"']?[^\s\"']+[\"']?)")
_ADDRESS = re.compile(r"https?://\S+|git@\S+|ssh://\S+|file://\S+")
_VARIABLE = re.compile(r"\$\{?(\w+)(?::-[^}]*)?\}?")
_CHECKSUM = re.compile(r"--checksum=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Install:
    """The words of an installer: what comes from the default index, what from another one.

    ``elsewhere`` pairs an index's address with a pin. ``instead`` replaces what a distribution
    asks for, ``without`` leaves it out. ``builds`` allows source distributions.
    """

    argument: str
    default: tuple[str, ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()
    instead: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    builds: bool = False

    @property
    def pins(self) -> tuple[str, ...]:
        """All that is named, the other index first, as it is installed."""
        return (*(pin for _, pin in self.elsewhere), *self.default)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a package takes from outside.

    ``indexes`` maps a distribution to the id of its index, as ``sources`` say it. ``git`` are
    pairs of address and ref, ``urls`` maps an address to the sha256 that the definition states
    (or nothing). ``tried`` are those of ``git`` that only a step's command says: the step may have
    something else to fall back on. ``unclear`` are build arguments that name a ref of a repository
    nobody names.
    """

    install: Install | None = None
    indexes: Mapping[str, str] = field(default_factory=dict, hash=False)
    git: tuple[tuple[str, str], ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict, hash=False)
    unclear: tuple[str, ...] = ()
    tried: frozenset[tuple[str, str]] = frozenset()

    @property
    def wheels(self) -> tuple[str, ...]:
        """The words of the installer as the lock shows them: an index by its id, no address."""
        install = self.install
        if install is None:
            return ()
        ids = {pin: self.indexes.get(name_of(pin), "") for _, pin in install.elsewhere}
        return (
            *(f"{pin} from {ids[pin] or 'another index'}" for _, pin in install.elsewhere),
            *install.default,
            *(f"instead {pin}" for pin in install.instead),
            *(f"without {name}" for name in install.without),
            *(["build"] if install.builds else []),
        )


def wanted(package: Package) -> Wanted:
    """What ``package`` takes from outside. Reads its Dockerfile and scripts, and nothing else."""
    arguments = dict(package.build_args)
    git = [(item.location, item.version) for item in package.sources if item.kind == "git"]
    urls = {item.location: item.version for item in package.sources if item.kind == "url"}
    unclear: list[str] = []
    text = _dockerfile(package)
    stated = {ref for _, ref in git}
    used: set[str] = set()
    declared = frozenset(git)
    for address, ref, names in _clones(f"{text}\n{_scripts(package)}", arguments):
        used |= names
        if ref not in stated:
            git.append((address, ref))
    tried = frozenset(git) - declared
    for name, value in arguments.items():
        match = _REF.fullmatch(name)
        if match is None or name in used or value in stated or value in ("", "None"):
            continue
        beside = _repository(arguments, match[1])
        if beside:
            git.append((beside, value))
        else:
            unclear.append(f"{name}={value}")
    for value in arguments.values():
        if _ARCHIVE.fullmatch(value):
            urls.setdefault(value, "")
    for address, checksum in _added(text, arguments):
        urls[address] = urls.get(address) or checksum
    return Wanted(
        install=_install(package, arguments),
        indexes={
            canonicalize_name(item.location): item.index
            for item in package.sources
            if item.kind == "pypi"
        },
        git=tuple(dict.fromkeys(git)),
        urls=urls,
        unclear=tuple(unclear),
        tried=tried,
    )


def read_install(argument: str, text: str) -> Install:
    """The words of ``pip_index/install``: its usage is the grammar."""
    default: list[str] = []
    elsewhere: list[tuple[str, str]] = []
    options: dict[str, list[str]] = {"--instead": [], "--without": []}
    index, builds = "", False
    words = iter(shlex.split(text))
    for word in words:
        if word in options:
            options[word].append(next(words, ""))
        elif word == "--index":
            index = next(words, "")
        elif word == "--":
            index = ""
        elif word == "--build":
            builds = True
        elif index:
            elsewhere.append((index, word))
        else:
            default.append(word)
    return Install(
        argument,
        tuple(default),
        tuple(elsewhere),
        tuple(options["--instead"]),
        tuple(options["--without"]),
        builds,
    )


def name_of(pin: str) -> str:
    """The canonical name of a pinned distribution; the pin itself where it is an address."""
    try:
        return canonicalize_name(Requirement(pin).name)
    except InvalidRequirement:
        return pin


def _install(package: Package, arguments: Mapping[str, str]) -> Install | None:
    for argument in INSTALL_ARGUMENTS:
        if arguments.get(argument) and any(item.kind == "pypi" for item in package.sources):
            return read_install(argument, arguments[argument])
    pins = tuple(
        f"{item.location}=={item.version}" for item in package.sources if item.kind == "pypi"
    )
    return Install("", pins) if pins else None


def _repository(arguments: Mapping[str, str], stem: str) -> str | None:
    """The repository beside a ref: ``X_REPO`` or ``X_URL``, an address or GitHub's ``owner/name``.
    """
    for suffix in ("REPO", "GIT", "URL"):
        value = arguments.get(f"{stem}_{suffix}", "")
        if re.fullmatch(r"[\w.-]+/[\w.-]+", value):
            return f"https://github.com/{value}"
        if _ADDRESS.fullmatch(value) and not _ARCHIVE.fullmatch(value):
            return value
    return None


def _dockerfile(package: Package) -> str:
    if package.dockerfile is None:
        return ""
    path = Path(package.path, package.dockerfile)
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _scripts(package: Package) -> str:
    """The shell scripts of a package that its Dockerfile may run."""
    if package.dockerfile is None:
        return ""
    texts = []
    for path in sorted(package.path.glob("*.sh")):
        try:
            texts.append(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
    return "\n".join(texts)


def _clones(
    text: str, arguments: Mapping[str, str]
) -> Iterator[tuple[str, str, frozenset[str]]]:
    """What ``git clone --branch`` takes: address, ref, and the build arguments in the ref."""
    for match in _GIT_CLONE.finditer(text.replace("\\\n", " ")):
        branch, address = _BRANCH.search(match[0]), _ADDRESS.search(match[0])
        if not branch or not address:
            continue
        names = frozenset(_VARIABLE.findall(branch[1])) & set(arguments)
        ref = _filled(branch[1].strip("\"'"), arguments)
        whole = _filled(address[0].strip("\"'"), arguments)
        if ref and "$" not in ref + whole:
            yield whole, ref, names


def _filled(text: str, arguments: Mapping[str, str]) -> str:
    """With the values of build arguments; a variable that nobody sets stays as it is."""
    return _VARIABLE.sub(lambda item: arguments.get(item[1], item[0]), text)


def _added(text: str, arguments: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Addresses that ``ADD`` fetches, with the checksum that it demands."""
    if "http" not in text:
        return
    for item in instructions(text):
        if item.keyword != "ADD":
            continue
        checksum = _CHECKSUM.search(item.text)
        for word in item.text.split():
            address = _filled(word, arguments)
            if re.fullmatch(r"https?://[^\s$]+", address):
                yield address, checksum[1] if checksum else ""
