"""Can the engine give a container the GPU, and does it do so while building?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, error, info, ok, warning
from jetson_containers.doctor.toolkit import TOOLKIT

#: NVIDIA Container Toolkit, installation guide, "Configuring Docker"
CONFIGURE = ("nvidia-ctk", "runtime", "configure", "--runtime=docker")
RESTART = ("systemctl", "restart", "docker")
STOPS = "restarting Docker stops every container"


def judge(host: Host) -> Iterator[Verdict]:
    engine = host.facts.engine.value
    if engine is None:
        return
    if not host.has_gpu:
        yield ok("no NVIDIA GPU or driver was seen, so no NVIDIA runtime is needed")
        return
    listed = ", ".join(engine.runtimes) or "none"
    if "nvidia" not in engine.runtimes:
        if not host.is_tegra and "nvidia.com/gpu=all" in engine.cdi_devices:
            yield ok("GPUs are reached as CDI devices; the NVIDIA runtime is not needed")
            return
        if host.engine("rootless"):
            yield error(
                f"the engine, which runs without root, has no NVIDIA runtime (its runtimes: "
                f"{listed}) and lists no GPU as CDI device: no container reaches the GPU"
            )
            return
        install = () if host.output(TOOLKIT) else (("apt-get", "install", "-y", _package(host)),)
        yield error(
            f"the engine has no NVIDIA runtime (its runtimes: {listed}): no container reaches "
            "the GPU",
            host.remedy(*install, CONFIGURE, RESTART, disturbs=STOPS),
        )
    elif host.is_jetson and engine.default_runtime != "nvidia":
        # from L4T 38 on, a build can be given the GPU as a CDI device as well
        yield (warning if host.is_tegra else info)(
            f"the default runtime is {engine.default_runtime or 'not known'}. On Jetson the "
            "driver's libraries are mounted into containers by the NVIDIA runtime; steps of a "
            "build have the default one, so what looks for the GPU or libcuda while it is built "
            "fails",
            host.remedy((*CONFIGURE, "--set-as-default"), RESTART, disturbs=STOPS),
        )
    elif engine.default_runtime == "nvidia":
        yield ok("the NVIDIA runtime is there, and the default")
    else:
        yield ok(f"the NVIDIA runtime is there (default: {engine.default_runtime})")


def _package(host: Host) -> str:
    """JetPack's own package depends on the toolkit that was tested with that L4T."""
    return "nvidia-container" if host.is_tegra else "nvidia-container-toolkit"


CHECK = Check("runtimes", "the NVIDIA runtime, and which runtime is the default", judge)
