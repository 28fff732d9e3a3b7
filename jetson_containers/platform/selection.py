"""The grammar of target names: a named target, then what differs from it.

``x86-cu130+debian12+py311`` is ``x86-cu130`` on Debian 12 with Python 3.11. Parts, in canonical
order: ``r36.4.7`` (L4T), ``cu129``, ``ubuntu22.04`` or ``debian12``, ``py311``, ``sm87.110``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import Version

from jetson_containers.errors import TargetError
from jetson_containers.platform.cuda import cuda_short, parse_cuda
from jetson_containers.platform.l4t import parse_l4t


@dataclass(frozen=True, slots=True)
class Selection:
    """What a target is asked to be: a named target and the values that are not its own.

    ``None`` means the default that follows from what stands before it; ``distro`` is
    ``id:release``.
    Law: ``parse_name(format_name(s)) == s``.
    """

    base: str
    l4t: Version | None = None
    cuda: Version | None = None
    distro: str | None = None
    python: Version | None = None
    gpu_architectures: tuple[int, ...] | None = None


_PARTS = {
    "l4t": re.compile(r"r\d+(\.\d+){1,2}", re.A),
    "cuda": re.compile(r"cu\d{3,4}", re.A),
    "python": re.compile(r"py(\d)(\d{1,2})", re.A),
    "gpu_architectures": re.compile(r"sm(\d{2,3}(?:[.]\d{2,3})*)", re.A),
    "distro": re.compile(r"([a-z]+)(\d+(?:\.\d+)?)", re.A),
}


def format_name(selection: Selection) -> str:
    """The name of ``selection``, its parts in canonical order."""
    parts = [selection.base]
    if selection.l4t is not None:
        parts.append(f"r{selection.l4t}")
    if selection.cuda is not None:
        parts.append(cuda_short(selection.cuda))
    if selection.distro is not None:
        parts.append(selection.distro.replace(":", ""))
    if selection.python is not None:
        parts.append(f"py{selection.python.major}{selection.python.minor}")
    if selection.gpu_architectures is not None:
        parts.append("sm" + ".".join(map(str, selection.gpu_architectures)))
    return "+".join(parts)


def parse_name(name: str) -> Selection:
    """Read a target name; its parts may stand in any order.

    Whether the base exists and the parts fit together is not asked here. Raises
    :class:`TargetError` for a part that is none, or is given twice.
    """
    base, *parts = name.strip().split("+")
    found: dict[str, str] = {}
    for part in parts:
        kind = next((kind for kind, pattern in _PARTS.items() if pattern.fullmatch(part)), None)
        if kind is None or kind in found:
            wrong = "is no part of a name" if kind is None else "says again what another says"
            raise TargetError(
                f"{part!r} in target {name!r} {wrong}",
                hint="parts are written as in x86-cu130+debian12+py311+sm89, "
                "or orin-jp62+r36.4.7+cu129+ubuntu24.04; each at most once",
            )
        found[kind] = part
    distro = _PARTS["distro"].fullmatch(found.get("distro", ""))
    python = _PARTS["python"].fullmatch(found.get("python", ""))
    return Selection(
        base=base,
        l4t=parse_l4t(found["l4t"]) if "l4t" in found else None,
        cuda=parse_cuda(found["cuda"]) if "cuda" in found else None,
        distro=f"{distro[1]}:{distro[2]}" if distro else None,
        python=Version(f"{python[1]}.{python[2]}") if python else None,
        gpu_architectures=(
            tuple(sorted({int(number) for number in found["gpu_architectures"][2:].split(".")}))
            if "gpu_architectures" in found
            else None
        ),
    )
