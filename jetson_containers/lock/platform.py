"""For which platform a target's distributions are locked."""

from __future__ import annotations

from jetson_containers.platform.distro import find_distribution
from jetson_containers.platform.target import Target

#: the glibc versions that uv has a platform for: ``uv pip compile --help``
_KNOWN = ((2, 17), (2, 28), *((2, minor) for minor in range(31, 41)))


def lock_platform(target: Target) -> str:
    """The target's platform as uv names it: ``x86_64-manylinux_2_39``.

    The newest manylinux that uv knows and the distribution's glibc serves; the oldest one for a
    distribution whose glibc nobody knows.
    """
    known = find_distribution(f"{target.distro}:{target.release}")
    glibc = known.glibc.release[:2] if known else (0, 0)
    major, minor = max((item for item in _KNOWN if item <= glibc), default=_KNOWN[0])
    return f"{target.arch}-manylinux_{major}_{minor}"
