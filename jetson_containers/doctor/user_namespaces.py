"""Does the engine run without root, or map the users of containers to others?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, info, ok, warning

#: NVIDIA Container Toolkit, installation guide, "Rootless mode"
NO_CGROUPS = "nvidia-container-cli.no-cgroups"


def judge(host: Host) -> Iterator[Verdict]:
    if host.engine_has("rootless") is None:
        return
    if host.engine_has("rootless"):
        if host.is_tegra:
            yield warning(
                "the engine runs without root: the NVIDIA runtime cannot give containers the "
                "devices of a Jetson that way"
            )
        else:
            yield info(
                "the engine runs without root: the toolkit needs `no-cgroups = true` in "
                "/etc/nvidia-container-runtime/config.toml for --gpus, CDI does not",
                host.advice(("nvidia-ctk", "config", "--set", NO_CGROUPS, "--in-place")),
            )
    elif host.engine_has("userns"):
        yield info(
            "the engine maps users of containers to others: files in mounted directories belong "
            "to nobody inside"
        )
    else:
        yield ok("the engine runs as root, users of containers are not mapped")


CHECK = Check("user-namespaces", "an engine without root, or with mapped users", judge)
