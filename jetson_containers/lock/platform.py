"""For which platform a target's distributions are locked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.tags import Tag, compatible_tags, cpython_tags

from jetson_containers.platform.distro import find_distribution
from jetson_containers.platform.target import Target

#: the glibc versions that uv has a platform for: ``uv pip compile --help``
_KNOWN = ((2, 17), (2, 28), *((2, minor) for minor in range(31, 41)))

_PLATFORM = re.compile(r"(\w+)-manylinux_(\d+)_(\d+)")


def lock_platform(target: Target) -> str:
    """The target's platform as uv names it: ``x86_64-manylinux_2_39``.

    The newest manylinux that uv knows and the distribution's glibc serves; the oldest one for a
    distribution whose glibc nobody knows.
    """
    known = find_distribution(f"{target.distro}:{target.release}")
    glibc = known.glibc.release[:2] if known else (0, 0)
    major, minor = max((item for item in _KNOWN if item <= glibc), default=_KNOWN[0])
    return f"{target.arch}-manylinux_{major}_{minor}"


def wheel_tags(platform: str, python: Sequence[int]) -> list[Tag]:
    """The tags of wheels for a platform and a Python ``(major, minor)``, the best first.

    Raises ``ValueError`` for what :func:`lock_platform` would not say.
    """
    match = _PLATFORM.fullmatch(platform)
    if match is None:
        raise ValueError(f"{platform!r} is no platform")
    machine, major, minor = match[1], int(match[2]), int(match[3])
    if (major, minor) not in _KNOWN:
        raise ValueError(f"{platform!r} is no platform")
    platforms = [
        *(f"manylinux_{major}_{number}_{machine}" for number in range(minor, 16, -1)),
        f"manylinux2014_{machine}",
        *(f"manylinux_2_{number}_{machine}" for number in range(16, 4, -1)),
        *([f"manylinux2010_{machine}", f"manylinux1_{machine}"] if machine == "x86_64" else []),
        f"linux_{machine}",
    ]
    interpreter = f"cp{''.join(map(str, python))}"
    return [
        *cpython_tags(python, platforms=platforms),
        *compatible_tags(python, interpreter, platforms),
    ]
