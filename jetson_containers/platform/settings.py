"""The ecosystem's environment names, as overrides of a target."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jetson_containers.errors import TargetError
from jetson_containers.platform.derive import Overrides, derive, parse_arch
from jetson_containers.platform.l4t import parse_l4t
from jetson_containers.platform.named import named_target, named_targets
from jetson_containers.platform.target import Target

#: the names that are read; PYTORCH_VERSION and its like are settings of packages, not of a target
SETTING_NAMES = (
    "L4T_VERSION",
    "CUDA_VERSION",
    "PYTHON_VERSION",
    "LSB_RELEASE",
    "CUDA_ARCH",
    "SYSTEM_ARCH",
)


def target_from_settings(host: Target, settings: Mapping[str, str]) -> Target:
    """The target that ``settings`` describe, beginning with ``host`` where it can be meant.

    Settings that name a machine of another architecture describe another machine: an Arm server,
    or, with L4T or ``tegra-aarch64``, the Jetson whose release is the newest not above the L4T
    that is asked for (Orin where a release is for several). Raises :class:`TargetError` as
    ``derive`` does.
    """
    overrides = overrides_from_settings(settings)
    if overrides.arch is None or parse_arch(overrides.arch) == host.arch:
        return derive(host, overrides)
    if parse_arch(overrides.arch) == "x86_64":
        return derive(named_target("x86-cu130"), overrides)
    tegra = settings.get("CUDA_ARCH", "").strip().startswith("tegra")
    if not overrides.l4t and not tegra:
        return derive(named_target("sbsa-cu130"), overrides)
    jetsons = [target for target in named_targets() if target.l4t is not None]
    if not overrides.l4t:
        return derive(next(item for item in jetsons if item.system == "tegra"), overrides)
    wanted = parse_l4t(overrides.l4t)
    nearest = max(
        jetsons,
        key=lambda item: (
            item.l4t is not None and item.l4t.major == wanted.major,
            item.l4t is not None and item.l4t <= wanted,
            item.l4t,
            item.name.startswith("orin"),
        ),
    )
    return derive(nearest, overrides)


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
