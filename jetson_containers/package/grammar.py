"""The two small languages of a definition: ``depends`` (packages) and ``requires`` (targets)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from jetson_containers.errors import BuilderError, DefinitionError, Location, UsageError
from jetson_containers.package.model import Requirement
from jetson_containers.platform import l4t as platform_table
from jetson_containers.platform.target import Target

_NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9._+:-]*"
_REQUIREMENT = re.compile(rf"({_NAME})\s*(?::\s*({_TAG})|([<>=!~].*))?", re.DOTALL)
_REFERENCE = re.compile(rf"{_NAME} *(?:: *{_TAG})?")

#: what this grammar accepts, for error messages
_FORMS = "write name, name:version, name>=2.8,<2.10, name~=2.8 or name!=2.9.0"


def is_reference(text: str) -> bool:
    """Whether ``text`` is a package name, with or without ``:version``.

    Law: such a text holds no path separator and does not start with a dot, so it can never lead
    out of a directory.
    """
    return _REFERENCE.fullmatch(text) is not None


def split_reference(text: str) -> tuple[str, str | None]:
    """Name and version of ``name:version``.

    A colon inside the version, which no image tag could hold, is read as a dash: foreign trees
    have ``torchcodec:0.12.0-pytorch:2.12``, which is version ``0.12.0-pytorch-2.12``. Spaces
    around the first colon do not count.
    """
    name, _, version = text.partition(":")
    return name.rstrip(), version.lstrip().replace(":", "-") or None


def parse_requirement(text: str, location: Location | None = None) -> Requirement:
    """Read ``name``, ``name:version`` or a name with PEP 440 specifiers.

    Law: ``parse_requirement(str(r)) == r``.

    Raises :class:`UsageError` without a location (a command line), :class:`DefinitionError` with
    one.
    """
    error: type[BuilderError] = DefinitionError if location else UsageError
    found = _REQUIREMENT.fullmatch(text.strip())
    if not found:
        raise error(f"{text!r} is not a requirement", where=location, hint=_FORMS)
    name, exact, specifier = found.groups()
    if not specifier:
        exact = split_reference(f"{name}:{exact or ''}")[1]
        return Requirement(name, exact=exact, location=location)
    try:
        return Requirement(name, specifier=specifier_set(specifier), location=location)
    except InvalidSpecifier:
        raise error(
            f"{specifier.strip()!r} in the requirement {text!r} is no version specifier",
            where=location,
            hint=_FORMS,
        ) from None


@lru_cache(maxsize=4096)
def specifier_set(text: str) -> SpecifierSet:
    """PEP 440 specifiers, each text read once; raises :class:`InvalidSpecifier`."""
    return SpecifierSet(text)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a ``requires`` holds, and if not, why in words."""

    holds: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.holds


_ARCHES = {
    "aarch64": "aarch64",
    "arm64": "aarch64",
    "x86_64": "x86_64",
    "amd64": "x86_64",
}
_SYSTEMS = {"tegra-aarch64": "tegra", "tegra": "tegra", "sbsa": "sbsa"}
_CONDITION = re.compile(r"(==|!=|~=|<=|>=|<|>)?\s*([a-z0-9_.*+-]+)")
_DISTRO = re.compile(r"(ubuntu|debian)\s*(.*)")
_UBUNTU_RELEASE = re.compile(r"\d\d\.(?:04|10)")

_Check = Callable[[Target, Version], Verdict]


def matches_target(requires: str, target: Target, *, newest_l4t: Version | None = None) -> Verdict:
    """Whether one ``requires`` text holds on ``target``; parts joined by commas must all hold.

    ``newest_l4t`` stands in where the target has no L4T, as in the ecosystem; by default it is
    the newest of the platform table. Raises :class:`DefinitionError` for text it cannot read.
    """
    if newest_l4t is None:
        newest_l4t = platform_table.newest_l4t().version
    for check in _conditions(requires.strip().lower()):
        verdict = check(target, newest_l4t)
        if not verdict:
            return verdict
    return Verdict(True)


@lru_cache(maxsize=4096)
def _conditions(text: str) -> tuple[_Check, ...]:
    return tuple(_condition(part.strip(), text) for part in text.split(","))


def _condition(part: str, text: str) -> _Check:
    distro = _DISTRO.fullmatch(part.lstrip("=! "))
    if distro and part[:1] not in "<>~":
        return _distribution(part, distro.group(1), distro.group(2), text)
    found = _CONDITION.fullmatch(part)
    if not found:
        raise _unreadable(text)
    operator, value = found.group(1) or "", found.group(2)
    if value in _ARCHES or value in _SYSTEMS:
        return _machine(operator, value, text)
    if _UBUNTU_RELEASE.fullmatch(value):
        return _distribution(part, "ubuntu", f"{operator or '=='}{value}", text)
    if value.startswith("cu"):
        return _compare("CUDA", operator, _squeezed(value[2:], 2, text), lambda t: t.cuda, text)
    if value.startswith("py"):
        return _compare("Python", operator, _squeezed(value[2:], 1, text), lambda t: t.python, text)
    if not operator:
        raise _unreadable(text)
    return _compare("L4T", operator, value.removeprefix("r"), lambda t: t.l4t, text)


def _unreadable(text: str) -> DefinitionError:
    return DefinitionError(
        f"requires {text!r} cannot be read",
        hint="write >=36, ==35.*, >=cu124, >=py310, 22.04, debian12, aarch64 or x86_64",
    )


def _squeezed(digits: str, major: int, text: str) -> str:
    """``124`` is 12.4 and ``1310`` 13.10 (two-digit major); ``310`` is 3.10 (one-digit major).

    Without a minor (``cu12``) every release of that major is meant.
    """
    if "." in digits:
        return digits
    digits = digits.rstrip("*")
    if not digits.isdigit() or len(digits) < major:
        raise _unreadable(text)
    return f"{digits[:major]}.{digits[major:]}" if len(digits) > major else f"{digits}.*"


def _compare(
    subject: str,
    operator: str,
    value: str,
    fact: Callable[[Target], Version | None],
    text: str,
) -> _Check:
    operator = operator or "=="
    if operator not in ("==", "!="):
        value = value.removesuffix(".*")
    try:
        wanted = SpecifierSet(f"{operator}{value}")
    except InvalidSpecifier:
        raise _unreadable(text) from None

    def check(target: Target, newest_l4t: Version) -> Verdict:
        known = fact(target)
        version = known or newest_l4t
        if wanted.contains(version, prereleases=True):
            return Verdict(True)
        has = str(version) if known else f"none; the newest, {version}, stands in for it"
        return Verdict(False, f"needs {subject} {operator}{value}, {target.name} has {has}")

    return check


def _machine(operator: str, value: str, text: str) -> _Check:
    if operator not in ("", "==", "!="):
        raise _unreadable(text)

    def check(target: Target, _newest_l4t: Version) -> Verdict:
        has: str = target.system if value in _SYSTEMS else target.arch
        same = has == (_SYSTEMS | _ARCHES)[value]
        if same == (operator != "!="):
            return Verdict(True)
        word = "any machine but" if operator == "!=" else "a machine of kind"
        return Verdict(False, f"needs {word} {value}, {target.name} is {has}")

    return check


def _distribution(part: str, distro: str, release: str, text: str) -> _Check:
    """``debian``, ``debian12``, ``ubuntu22.04``, ``!=debian``, ``debian>=12``, ``>=22.04``."""
    negated = part.startswith("!=") or release.startswith("!=")
    release = release.removeprefix("!=").strip()
    if release and release[0].isdigit():
        release = f"=={release}"
    try:
        wanted = SpecifierSet(release)
    except InvalidSpecifier:
        raise _unreadable(text) from None

    def check(target: Target, _newest_l4t: Version) -> Verdict:
        same = target.distro == distro and wanted.contains(target.release, prereleases=True)
        if same != negated:
            return Verdict(True)
        name = f"{distro} {str(wanted).removeprefix('==')}".rstrip()
        word = "any distribution but" if negated else "the distribution"
        has = f"{target.distro} {target.release}"
        return Verdict(False, f"needs {word} {name}, {target.name} has {has}")

    return check
