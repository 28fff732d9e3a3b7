"""What goes without saying of a target: the values that its tag does not have to name."""

from __future__ import annotations

from functools import lru_cache

from packaging.version import Version

from jetson_containers.platform.distro import find_distribution
from jetson_containers.platform.family import families
from jetson_containers.platform.gpu import compile_list
from jetson_containers.platform.l4t import find_l4t
from jetson_containers.platform.target import Target


@lru_cache(maxsize=256)
def default_python(target: Target) -> Version | None:
    """The Python that the target's distribution packages as its own; ``None`` off the table."""
    distribution = find_distribution(f"{target.distro}:{target.release}")
    return distribution.python if distribution else None


@lru_cache(maxsize=256)
def platform_architectures(target: Target) -> tuple[int, ...]:
    """Every GPU architecture of the target's platform that its CUDA knows.

    With L4T, those of all machines that run it; off Jetson, those of the family.
    """
    if target.l4t is not None:
        wanted = find_l4t(target.l4t).release.architectures
    else:
        wanted = families()["x86" if target.arch == "x86_64" else "sbsa"].architectures
    return compile_list(wanted, target.cuda, target.system).kept
