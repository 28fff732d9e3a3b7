"""The ecosystem's environment names, as overrides of a target."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jetson_containers.errors import TargetError
from jetson_containers.platform.derive import Overrides, parse_arch

#: the names that are read; PYTORCH_VERSION and its like are settings of packages, not of a target
SETTING_NAMES = (
    "L4T_VERSION",
    "CUDA_VERSION",
    "PYTHON_VERSION",
    "LSB_RELEASE",
    "CUDA_ARCH",
    "SYSTEM_ARCH",
)


def overrides_from_settings(settings: Mapping[str, str]) -> Overrides:
    """The overrides that ``settings`` ask for; an empty value is none.

    ``LSB_RELEASE`` is an Ubuntu release (``24.04``), or any distribution as ``--distro`` takes it.
    ``CUDA_ARCH`` and ``SYSTEM_ARCH`` both name the machine (``tegra-aarch64``, ``aarch64``,
    ``x86_64``). The mark of a free-threading Python (``3.13t``, ``3.13-nogil``) is no part of the
    version. Raises :class:`TargetError` when the two architectures contradict each other.
    """
    given = {name: settings.get(name, "").strip() for name in SETTING_NAMES}
    cuda_arch, system_arch = given["CUDA_ARCH"], given["SYSTEM_ARCH"]
    if cuda_arch and system_arch and parse_arch(cuda_arch) != parse_arch(system_arch):
        raise TargetError(
            f"CUDA_ARCH={cuda_arch} and SYSTEM_ARCH={system_arch} name different machines",
            hint="unset one of the two",
        )
    return Overrides(
        cuda=given["CUDA_VERSION"] or None,
        python=re.sub(r"(-nogil|t)$", "", given["PYTHON_VERSION"]) or None,
        distro=given["LSB_RELEASE"] or None,
        arch=system_arch or cuda_arch or None,
        l4t=given["L4T_VERSION"] or None,
    )
