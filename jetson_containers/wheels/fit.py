"""Whether what was compiled can be used on a target. Pure.

Sources: the specification of platform compatibility tags (packaging.python.org); for GPU code see
``platform.gpu_code``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from jetson_containers.plan.artifact import compiled_for
from jetson_containers.platform.distro import find_distribution
from jetson_containers.platform.gpu_code import best_form
from jetson_containers.platform.target import Target
from jetson_containers.wheels.entry import Entry, KeptFile

#: names of old manylinux rules, and the glibc (2.x) that each allows
_LEGACY = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}


@dataclass(frozen=True, slots=True)
class Fit:
    """``refusals`` stand against an entry, ``notes`` are worth saying. Both are sentences."""

    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def fit(entry: Entry, target: Target) -> Fit:
    """What stands against using ``entry`` on ``target``: all of it, or its platform alone."""
    if entry.platform != target.platform:
        return Fit((f"it is for {entry.platform}, {target.name} is {target.platform}",))
    refusals: list[str] = []
    for file in entry.files:
        refusals += _tag_refusals(file.name, target)
    gpu = _gpu_fit(entry.files, entry.target, target)
    return Fit((*refusals, *gpu.refusals), gpu.notes)


def _tag_refusals(name: str, target: Target) -> list[str]:
    base = name.rsplit("/", 1)[-1]
    if not base.lower().endswith(".whl"):
        return []
    try:
        tags = parse_wheel_filename(base)[3]
    except InvalidWheelFilename:
        return [f"{base} is no name of a wheel"]
    if tags & supported_tags(target):
        return []
    shown = ", ".join(sorted(map(str, tags)))
    return [f"{base} is for {shown}; {target.name} has {_interpreter(target)}"]


def _interpreter(target: Target) -> str:
    return (
        f"Python {target.python} and glibc {_glibc(target) or 'not known'} "
        f"on {target.arch} ({target.distro} {target.release})"
    )


def _gpu_fit(files: Iterable[KeptFile], made_for: Target, target: Target) -> Fit:
    """By all files together: a wheel may hold one library for each generation of GPUs."""
    files = tuple(files)
    unknown = [file.name for file in files if file.code is None]
    codes = sorted({code for file in files for code in file.code or ()})
    missing = [gpu for gpu in target.gpu_architectures if best_form(codes, gpu) is None]
    if unknown and missing:
        told = f"not known which GPUs {', '.join(unknown)} {'has' if len(unknown) < 2 else 'have'}"
        if compiled_for(made_for) == compiled_for(target):
            return Fit(notes=(f"{told} code for; made for {target.name}, so it is used",))
        return Fit(refusals=(f"{told} code for, and it was made for {made_for.name}",))
    if not codes or not missing:
        return Fit()
    shown = ", ".join(f"sm_{gpu}" for gpu in missing)
    held = ", ".join(map(str, codes))
    if len(missing) == len(target.gpu_architectures):
        return Fit(refusals=(f"it needs code for {shown}, and holds {held}",))
    return Fit(notes=(f"it holds no code for {shown} of {target.name}, only {held}",))


@cache
def supported_tags(target: Target) -> frozenset[Tag]:
    """The tags of wheels that can be installed on a target."""
    python = (target.python.major, target.python.minor)
    short = f"cp{python[0]}{python[1]}"
    abi = f"{short}m" if python < (3, 8) else short
    platforms = [f"linux_{target.arch}"]
    glibc = _glibc(target)
    if glibc is not None:
        platforms += [f"manylinux_2_{n}_{target.arch}" for n in range(5, glibc.minor + 1)]
        platforms += [f"{name}_{target.arch}" for name, n in _LEGACY.items() if n <= glibc.minor]
    return frozenset(
        (*cpython_tags(python, [abi], platforms), *compatible_tags(python, short, platforms))
    )


def _glibc(target: Target) -> Version | None:
    found = find_distribution(f"{target.distro}:{target.release}")
    return found.glibc if found else None
