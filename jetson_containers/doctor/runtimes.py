"""Can the engine give a container the GPU, and does it do so while building?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, error, info, ok, warning
from jetson_containers.doctor.toolkit import TOOLKIT
from jetson_containers.platform.cdi import reads_unlisted

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
        if not host.is_tegra and reads_unlisted(engine, host.evidence.files):
            yield ok("GPUs are reached as CDI devices, which this engine reads and does not list")
            return
        if host.engine_has("rootless"):
            yield error(
                f"the engine, which runs without root, has no NVIDIA runtime (its runtimes: "
                f"{listed}) and lists no GPU as CDI device: no container reaches the GPU"
            )
            return
        said = f"the engine has no NVIDIA runtime (its runtimes: {listed}): no container reaches "
        if host.output(TOOLKIT):
            yield error(f"{said}the GPU", host.remedy(CONFIGURE, RESTART, disturbs=STOPS))
        elif host.is_jetson:
            # JetPack's own package: it depends on the toolkit that was tested with that L4T
            install = ("apt-get", "install", "-y", "nvidia-container")
            yield error(f"{said}the GPU", host.remedy(install, CONFIGURE, RESTART, disturbs=STOPS))
        else:
            yield error(
                f"{said}the GPU. The NVIDIA Container Toolkit is missing; it is in NVIDIA's own "
                "package repository, which its installation guide adds",
                host.install("nvidia-container-toolkit"),
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


CHECK = Check("runtimes", "the NVIDIA runtime, and which runtime is the default", judge)
