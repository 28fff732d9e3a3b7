"""Which index a distribution comes from on a target, and what that means for a stage.

Everything here is a pure function of the target and of ``indexes.yaml`` beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

PACKAGES = Path(__file__).parent.parent.parent

#: facts of a target that a condition may bound, and how each is read off it
_BOUNDED = ("l4t", "cuda", "python")


def load(path: str) -> Any:
    """A data file, named from the packages directory."""
    text = (PACKAGES / path).read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def matches(target: Any, condition: Mapping[str, Any] | None) -> bool:
    """Whether ``target`` satisfies every key of ``condition``; no condition always holds.

    ``system``, ``arch`` and ``distro`` (``ubuntu:24.04``) are one text or a list; ``l4t``,
    ``cuda`` and ``python`` are version specifiers (``==13.0``, ``>=36.4,<37``); ``gpu`` is the
    only GPU architecture there is. A target without L4T satisfies no bound on it.
    """
    facts = {
        "system": target.system,
        "arch": target.arch,
        "distro": f"{target.distro}:{target.release}",
    }
    for key, wanted in (condition or {}).items():
        if key in _BOUNDED:
            value = getattr(target, key)
            if value is None or not SpecifierSet(wanted).contains(value, prereleases=True):
                return False
        elif key == "gpu":
            if target.gpu_architectures != (wanted,):
                return False
        elif facts[key] not in ([wanted] if isinstance(wanted, str) else wanted):
            return False
    return True


def role_of(distribution: str, data: Mapping[str, Any] | None = None) -> str:
    """The role of a distribution: the first whose patterns fit its name, else ``pure``."""
    name = canonicalize_name(distribution)
    for role, patterns in (data or _data())["roles"].items():
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            return str(role)
    return "pure"


def index_of(distribution: str, target: Any, data: Mapping[str, Any] | None = None) -> str | None:
    """The id of the one index ``distribution`` comes from, or ``None``: there is none for it."""
    data = data or _data()
    role = role_of(distribution, data)
    if role == "pure":
        return "pypi"
    for row in data["targets"]:
        if matches(target, row["when"]):
            chosen = row["use"].get(role)
            return str(chosen) if chosen else None
    return None


def held(pin: str, target: Any, data: Mapping[str, Any] | None = None) -> bool:
    """Whether the index of a pin (``torch==2.9.1``) has it for ``target``, by the data."""
    if pin.startswith("https://"):
        return True
    data = data or _data()
    requirement = Requirement(pin)
    index = index_of(requirement.name, target, data)
    if index is None:
        return False
    holdings = data["indexes"][index].get("holds")
    if holdings is None or role_of(requirement.name, data) == "pure":
        return True
    name = canonicalize_name(requirement.name)
    return _exact(requirement) in holdings.get(name, [])


def install(pins: Sequence[str], target: Any, data: Mapping[str, Any] | None = None) -> str:
    """The arguments of ``install`` for these pins.

    Raises :class:`ValueError` when they come from two indexes beside the default one: a stage
    installs from one.
    """
    data = data or _data()
    default: list[str] = []
    elsewhere: dict[str, list[str]] = {}
    for pin in pins:
        if pin.startswith("https://"):
            default.append(pin)
            continue
        index = index_of(Requirement(pin).name, target, data)
        if index is None:
            raise ValueError(f"no index holds {pin} for {target.name}")
        if data["indexes"][index]["url"]:
            elsewhere.setdefault(index, []).append(pin)
        else:
            default.append(pin)
    if len(elsewhere) > 1:
        raise ValueError(f"one stage cannot install from {' and '.join(elsewhere)}")
    words: list[str] = []
    for index, chosen in elsewhere.items():
        words += ["--index", data["indexes"][index]["url"], *chosen, "--"]
    return " ".join([*words, *default]).removesuffix(" --")


def sources(pins: Sequence[str], target: Any) -> list[dict[str, str]]:
    """The ``sources`` of a package that consists of these pins."""
    return [
        {
            "pypi": requirement.name,
            "version": _exact(requirement),
            "index": index_of(requirement.name, target) or "pypi",
        }
        for requirement in (Requirement(pin) for pin in pins if not pin.startswith("https://"))
        if _exact(requirement)
    ]


def wheel_packages(
    package: Mapping[str, Any], target: Any, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One package per row that can be had for ``target``; the first such row is the default.

    A row: ``version``; ``wheels`` the pins it installs (the package's own distribution first);
    ``when`` a condition, or several of which one must hold; ``needs`` pins that the target's
    indexes must have beside them; ``depends`` further requirements;
    ``instead`` pins that stand in for what the first wheel asks for, ``without`` what it asks for
    and does without; ``args`` further build arguments; ``source`` a git source to build from where
    no index holds the first wheel; ``build`` whether source distributions may be built;
    ``dockerfile`` another one than ``Dockerfile``;
    ``test`` the arguments of its tests, by default the version. With no row left, the package
    alone, disabled: known, and not for this target.
    """
    found = []
    reasons = []
    for row in rows:
        conditions = row.get("when") or [{}]
        if isinstance(conditions, Mapping):
            conditions = [conditions]
        if not any(matches(target, condition) for condition in conditions):
            reasons.append(f"{row['version']} is for {_in_words(conditions)}")
            continue
        wheels = list(row["wheels"])
        built = row.get("source") if not all(held(pin, target) for pin in wheels) else None
        missing = [pin for pin in row.get("needs", ()) if not held(pin, target)]
        if not built:
            missing += [pin for pin in wheels if not held(pin, target)]
        if missing:
            reasons.append(f"{row['version']} needs {', '.join(missing)}, which no index here has")
            continue
        if built:
            wheels = [pin for pin in wheels[1:] if held(pin, target)]
        found.append(_package(package, target, row, wheels, built, default=not found))
    older = [f"{len(reasons) - 2} other versions are not for it either"] if reasons[2:] else []
    return found or [{**package, "disabled": "; ".join([*reasons[:2], *older])}]


def _in_words(conditions: Sequence[Mapping[str, Any]]) -> str:
    return " or ".join(
        " ".join(
            f"{fact} {wanted if isinstance(wanted, str) else '/'.join(wanted)}"
            for fact, wanted in condition.items()
        )
        for condition in conditions
    )


def _package(
    package: Mapping[str, Any],
    target: Any,
    row: Mapping[str, Any],
    wheels: Sequence[str],
    built: Mapping[str, str] | None,
    default: bool,
) -> dict[str, Any]:
    name = str(package["name"])
    version = str(row["version"])
    others = [str(alias) for alias in package.get("alias") or []]
    aliases = [f"{alias}:{version}" for alias in others]
    result = dict(package)
    result["name"] = f"{name}:{version}"
    result["alias"] = [name, *others, *aliases] if default else aliases
    result["depends"] = list(dict.fromkeys([*package.get("depends", []), *row.get("depends", [])]))
    words = " ".join([*_options(row), install(wheels, target)]).strip()
    result["build_args"] = {
        **(package.get("build_args") or {}),
        # what is built alone installs no wheel, and its Dockerfile declares no such argument
        **({"WHEELS": words} if wheels or not built else {}),
        **row.get("args", {}),
    }
    result["sources"] = sources(wheels, target)
    if row.get("dockerfile"):
        result["dockerfile"] = row["dockerfile"]
    if built:
        result["dockerfile"] = "Dockerfile.source"
        result["depends"] += [item for item in BUILD_TOOLS if item not in result["depends"]]
        result["build_args"] |= {
            "SOURCE_URL": built["git"],
            "SOURCE_REF": built["ref"],
            "CUDA_ARCHITECTURES": ";".join(map(str, target.gpu_architectures)),
        }
        result["sources"] += [{"git": built["git"], "ref": built["ref"]}]
    expected = " ".join(row.get("test") or [version])
    result["test"] = [_command(test, expected) for test in package.get("test") or []]
    return result


#: what a stage that compiles stands on
BUILD_TOOLS = ("build-essential", "cmake", "ninja", "cuda")


def _options(row: Mapping[str, Any]) -> list[str]:
    """Options of ``install``: what a row replaces or leaves out of its wheel's wishes."""
    return [
        *(["--build"] if row.get("build") else []),
        *(word for pin in row.get("instead", ()) for word in ("--instead", pin)),
        *(word for name in row.get("without", ()) for word in ("--without", name)),
    ]


def _command(test: str, words: str) -> str:
    """A test file as the command line that also tells it which version to expect."""
    interpreter = {".py": "python3", ".sh": "sh"}.get(Path(test).suffix)
    return f"{interpreter} /test/{test} {words}" if interpreter else test


def gpu_list(target: Any) -> str:
    """The target's GPU architectures as PyTorch's build reads them: ``8.7;11.0``."""
    return ";".join(f"{item // 10}.{item % 10}" for item in target.gpu_architectures)


def _exact(requirement: Requirement) -> str:
    match = re.fullmatch(r"==([^,*]+)", str(requirement.specifier))
    return str(Version(match[1])) if match else ""


_cache: dict[str, Any] = {}


def _data() -> Mapping[str, Any]:
    if not _cache:
        _cache.update(load("python/pip_index/indexes.yaml"))
    return _cache
