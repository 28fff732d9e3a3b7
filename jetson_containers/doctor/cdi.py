"""Is there a CDI specification of the GPUs, and is it of the driver that runs?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Remedy, Verdict, info, ok, warning
from jetson_containers.doctor.toolkit import TOOLKIT
from jetson_containers.doctor.versions import version_in
from jetson_containers.platform.cdi import ALL_GPUS, LISTED, POSSIBLE

#: Container Device Interface, "CDI spec directories"; the second is made anew at every boot
SPECIFICATIONS = ("/etc/cdi/nvidia.yaml", "/var/run/cdi/nvidia.yaml")
#: a GPU by its number; with MIG ``GPU:INSTANCE`` (nvidia-ctk cdi generate, device names)
_BY_NUMBER = re.compile(r"nvidia\.com/gpu=(?:gpu|mig)?(\d{1,3})(?::\d{1,3})?")
_LIBRARY = re.compile(r"lib(?:cuda|nvidia-ml)\.so\.(\d{3}\.\d{1,4}(?:\.\d{1,4})?)")


def judge(host: Host) -> Iterator[Verdict]:
    if host.is_tegra or not host.has_gpu:
        return
    driver, files = host.facts.driver.value, host.evidence.files
    texts = {path: files[path] for path in SPECIFICATIONS if path in files}
    generate = host.remedy(("nvidia-ctk", "cdi", "generate", f"--output={SPECIFICATIONS[0]}"))
    if not texts:
        yield _missing(host, generate if host.output(TOOLKIT) else None)
        yield from _left_out(host)
        return
    for path, text in texts.items():
        described = sorted(set(_LIBRARY.findall(text)))
        again = host.remedy(("nvidia-ctk", "cdi", "generate", f"--output={path}"))
        if driver is None or not described:
            yield info(f"{path} is there; which driver it is of could not be told")
        elif driver not in described:
            yield warning(
                f"{path} describes driver {', '.join(described)}, and {driver} runs: containers "
                "miss its libraries",
                again,
            )
        else:
            yield ok(f"{path} describes the driver that runs, {driver}")
    yield from _listed(host)
    yield from _left_out(host)


def _missing(host: Host, remedy: Remedy | None) -> Verdict:
    engine = host.facts.engine.value
    if engine is not None and ALL_GPUS in engine.cdi_devices:
        return ok("the engine lists the GPUs as CDI devices")
    if engine is not None and "nvidia" in engine.runtimes:
        return info(
            "there is no CDI specification of the GPUs; `run` uses --gpus in its place", remedy
        )
    return warning("there is no CDI specification of the GPUs", remedy)


def _listed(host: Host) -> Iterator[Verdict]:
    """Whether the engine offers what the specification describes."""
    engine = host.facts.engine.value
    if engine is None or ALL_GPUS in engine.cdi_devices:
        return
    version = version_in(engine.server_version)
    if version is None or version < version_in(POSSIBLE, strict=True):
        return
    # without directories it is switched off (SystemInfo, CDISpecDirs)
    reads = bool(engine.more.get("cdi_directories"))
    if version < version_in(LISTED, strict=True):
        if reads:
            yield ok(f"engine {version} reads CDI specifications, and lists none of what it finds")
            return
        yield info(
            f"engine {version} reads CDI specifications only where that is switched on",
            host.remedy(
                ("nvidia-ctk", "runtime", "configure", "--runtime=docker", "--cdi.enabled"),
                ("systemctl", "restart", "docker"),
                disturbs="restarting Docker stops every container",
            ),
        )
    else:
        yield warning(f"engine {version} lists no {ALL_GPUS}: it did not read the specification")


def _left_out(host: Host) -> Iterator[Verdict]:
    """Whether GPUs were added since the specification was made: containers do not see them."""
    engine = host.facts.engine.value
    if engine is None or ALL_GPUS not in engine.cdi_devices:
        return
    found = (_BY_NUMBER.fullmatch(device) for device in engine.cdi_devices)
    numbers = {match[1] for match in found if match}
    count = sum(gpu.count for gpu in host.facts.gpus.value or ())
    if numbers and len(numbers) < count:
        yield warning(
            f"the engine lists {len(numbers)} of {count} GPUs as CDI devices: containers miss the "
            "others",
            host.remedy(("nvidia-ctk", "cdi", "generate", f"--output={SPECIFICATIONS[0]}")),
        )


CHECK = Check("cdi", "the CDI specification of the GPUs, against the driver that runs", judge)
