"""Which NVIDIA Container Toolkit is there, and is anything known against that version?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from jetson_containers.doctor.model import Check, Host, Verdict, info, ok, warning
from jetson_containers.doctor.versions import version_in

TOOLKIT = "nvidia-ctk --version"
#: ``nvidia-ctk cdi generate`` came with 1.12 (NVIDIA/nvidia-container-runtime#85)
CDI_SINCE = "1.12.0"


@dataclass(frozen=True, slots=True)
class KnownFault:
    """Versions with a fault, what it is, and where that is said."""

    versions: str
    fault: str
    source: str


KNOWN_FAULTS = (
    KnownFault(
        "<1.16.2",
        "a container can take over the host (CVE-2024-0132, mended in 1.16.2)",
        "NVIDIA security bulletin 5582",
    ),
    KnownFault(
        ">=1.16.2,<1.17.8",
        "a container can take over the host (CVE-2025-23266, mended in 1.17.8)",
        "NVIDIA security bulletin of July 2025",
    ),
    KnownFault(
        "==1.17.0",
        "containers with `--gpus all` fail with \"unsupported IMEX channel value\"",
        "pytorch/test-infra#5852",
    ),
    KnownFault(
        "==1.19.1",
        "it writes CDI specifications of version 0.7.0, which Podman 4.9 and other older engines "
        "do not read",
        "NVIDIA/nvidia-container-toolkit#1860",
    ),
)


def judge(host: Host) -> Iterator[Verdict]:
    said = host.output(TOOLKIT)
    if said is None:
        if host.has_gpu:
            yield info("the version of the NVIDIA Container Toolkit could not be told")
        return
    version = version_in(said)
    if version is None:
        yield info(f"nvidia-ctk says no version that can be read: {said.strip()[:60]!r}")
        return
    upgrade = host.upgrade("nvidia-container-toolkit")
    faults = [item for item in KNOWN_FAULTS if SpecifierSet(item.versions).contains(version)]
    for item in faults:
        if host.is_tegra:
            yield info(
                f"NVIDIA Container Toolkit {version}: {item.fault}; source: {item.source}. On "
                "Jetson the version that comes with JetPack is the one that fits"
            )
            continue
        yield warning(
            f"NVIDIA Container Toolkit {version}: {item.fault}; source: {item.source}", upgrade
        )
    if version < version_in(CDI_SINCE, strict=True) and not host.is_tegra:
        yield warning(
            f"NVIDIA Container Toolkit {version} cannot write CDI specifications; "
            f"{CDI_SINCE} is the first that can",
            upgrade,
        )
    elif not faults:
        yield ok(f"NVIDIA Container Toolkit {version}")


CHECK = Check("toolkit", "the version of the NVIDIA Container Toolkit", judge)
