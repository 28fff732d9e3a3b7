"""What a package's definition takes from outside, as far as the definition says it.

Distributions are read from the build arguments that this project's installers take (``WHEELS``,
``INSTALLER``), git and files from ``sources``, from build arguments that name a ref or an archive,
and from what steps say (:mod:`~jetson_containers.lock.steps`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from jetson_containers.lock.steps import ADDRESS, taken
from jetson_containers.package.model import Package
from jetson_containers.resolve.model import Resolution

#: build arguments with words for an installer: ``pip_index/install`` and ``python/install.sh``
INSTALL_ARGUMENTS = ("WHEELS", "INSTALLER")

_REF = re.compile(r"(.+)_(?:BRANCH|REF|TAG|COMMIT|SHA)")
_ARCHIVE = re.compile(
    r"https?://[^\s?#]+\.(?:tar|t?gz|tgz|bz2|tbz2|xz|txz|zst|zip|deb|run|whl)(?:[?#]\S*)?"
)


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
    nobody names. ``images`` are images and named contexts that steps take from, without a digest;
    ``loose`` is what steps take that nothing pins, with the reason. ``arguments`` are the build
    arguments but for the installer's words, which ``wheels`` shows.
    """

    install: Install | None = None
    indexes: Mapping[str, str] = field(default_factory=dict, hash=False)
    git: tuple[tuple[str, str], ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict, hash=False)
    unclear: tuple[str, ...] = ()
    tried: frozenset[tuple[str, str]] = frozenset()
    images: tuple[str, ...] = ()
    loose: Mapping[str, str] = field(default_factory=dict, hash=False)
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)

    def unpinned(self, contexts: Collection[str]) -> dict[str, str]:
        """What no lock can hold, with the reason; ``contexts`` are names of the chain's packages.
        """
        return {
            **dict.fromkeys(self.unclear, "no definition says of which repository"),
            **{
                f"image {name}": "a step takes from it, and it is named without a digest"
                for name in self.images
                if name.lower() not in contexts
            },
            **self.loose,
        }

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
    for value in arguments.values():
        if _ARCHIVE.fullmatch(value):
            urls.setdefault(value, "")
    install = _install(package, arguments)
    steps = taken(package, urls, bool(install and install.argument))
    unclear: list[str] = []
    stated = {ref for _, ref in git}
    used: set[str] = set()
    declared = frozenset(git)
    for address, ref, names in steps.git:
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
    for address, checksum in steps.urls:
        urls[address] = urls.get(address) or checksum
    return Wanted(
        install=install,
        indexes={
            canonicalize_name(item.location): item.index
            for item in package.sources
            if item.kind == "pypi"
        },
        git=tuple(dict.fromkeys(git)),
        urls=urls,
        unclear=tuple(unclear),
        tried=tried,
        images=steps.images,
        loose=steps.loose,
        arguments={
            name: value
            for name, value in arguments.items()
            if install is None or name != install.argument
        },
    )


def contexts(resolution: Resolution) -> frozenset[str]:
    """The names by which steps take from packages of the chain, and not from an image."""
    return frozenset(package.name.lower() for package in resolution.packages)


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
        if ADDRESS.fullmatch(value) and not _ARCHIVE.fullmatch(value):
            return value
    return None
