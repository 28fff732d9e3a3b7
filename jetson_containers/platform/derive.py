"""A target made from another by saying what differs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from packaging.version import Version

from jetson_containers.errors import TargetError, raise_all
from jetson_containers.platform.compose import compose
from jetson_containers.platform.cuda import parse_cuda
from jetson_containers.platform.distro import find_distribution
from jetson_containers.platform.family import base_targets
from jetson_containers.platform.l4t import parse_l4t
from jetson_containers.platform.named import selection_named
from jetson_containers.platform.nearest import refuse
from jetson_containers.platform.selection import Selection
from jetson_containers.platform.target import Arch, Target

T = TypeVar("T")

#: every word for a machine architecture that is understood
ARCH_WORDS: dict[str, Arch] = {
    "aarch64": "aarch64",
    "arm64": "aarch64",
    "tegra-aarch64": "aarch64",
    "arm64-sbsa": "aarch64",
    "sbsa": "aarch64",
    "x86_64": "x86_64",
    "amd64": "x86_64",
}


@dataclass(frozen=True, slots=True)
class Overrides:
    """What is to differ, as the user wrote it; ``None`` leaves it as it is.

    ``cuda`` is ``13.0``, ``cu130`` or ``130``; ``python`` ``3.11`` or ``py311``; ``distro``
    ``debian:12``, ``ubuntu:22.04`` or ``22.04``; ``arch`` any usual word; ``l4t`` ``36.4.3`` or
    ``r36.4.3``; ``gpu_architectures`` numbers such as 87 and 110.
    """

    cuda: str | None = None
    python: str | None = None
    distro: str | None = None
    arch: str | None = None
    l4t: str | None = None
    gpu_architectures: tuple[int, ...] | None = None


def parse_python(text: str) -> Version:
    """Read ``3.11``, ``3.11.2``, ``py311`` or ``cp311`` as major and minor version.

    Raises :class:`TargetError` for anything else.
    """
    match = re.fullmatch(
        r"(\d)\.(\d{1,2})(?:\.\d+)?|(?:py|cp)(\d)(\d{1,2})", text.strip().lower(), re.A
    )
    if match is None:
        raise TargetError(f"{text!r} is not a Python version", hint="write it as 3.11 or py311")
    return Version(f"{match.group(1) or match.group(3)}.{match.group(2) or match.group(4)}")


def parse_arch(text: str) -> Arch:
    """Read a machine architecture by any of its usual names; raises :class:`TargetError`."""
    arch = ARCH_WORDS.get(text.strip().lower())
    if arch is None:
        raise TargetError(
            f"{text!r} is not a machine architecture",
            hint=f"use one of {', '.join(ARCH_WORDS)}",
        )
    return arch


def derive(base: Target, overrides: Overrides) -> Target:
    """``base`` with ``overrides``.

    Laws: ``derive(t, Overrides()) == t``; ``named_target(derive(t, o).name) == derive(t, o)``.
    Raises :class:`TargetError` for words that cannot be read, and its kind ``ImpossibleTarget``,
    with every reason and the nearest possible target, for what cannot be combined.
    """
    explicit, arch = _read(base, overrides)
    own = selection_named(base.name)
    wanted = replace(
        own,
        l4t=explicit.l4t or own.l4t,
        cuda=explicit.cuda or own.cuda,
        distro=explicit.distro or own.distro,
        python=explicit.python or own.python,
        gpu_architectures=(
            own.gpu_architectures
            if explicit.gpu_architectures is None
            else explicit.gpu_architectures
        ),
    )
    made = compose(wanted)
    family_arch = base_targets()[wanted.base].family.arch
    if arch is not None and arch != family_arch:
        reason = f"{base.name} is a target of {family_arch} machines, not of {arch}"
        raise refuse(wanted, (reason, *made.reasons), explicit=explicit, arch=arch)
    if made.target is None:
        raise refuse(wanted, made.reasons, explicit=explicit)
    return made.target


def _read(base: Target, overrides: Overrides) -> tuple[Selection, Arch | None]:
    """The overrides as values; every word that cannot be read is reported at once."""
    errors: list[TargetError] = []

    def read(text: str | None, parser: Callable[[str], T]) -> T | None:
        if text is None:
            return None
        try:
            return parser(text)
        except TargetError as error:
            errors.append(error)
            return None

    def distro(text: str) -> str:
        found = find_distribution(text)
        if found is not None:
            return str(found)
        if re.fullmatch(r"[a-z]+[:-]?[\w.]+|\d+(\.\d+)?", text.strip().lower()):
            return text.strip().lower()
        raise TargetError(
            f"{text!r} is not a distribution", hint="write it as debian:12 or ubuntu:22.04"
        )

    gpus = overrides.gpu_architectures
    explicit = Selection(
        base=base.name,
        l4t=read(overrides.l4t, parse_l4t),
        cuda=read(overrides.cuda, parse_cuda),
        distro=read(overrides.distro, distro),
        python=read(overrides.python, parse_python),
        gpu_architectures=None if gpus is None else tuple(sorted(set(gpus))),
    )
    arch = cast("Arch | None", read(overrides.arch, parse_arch))
    raise_all(errors)
    return explicit, arch
