"""Does a container engine answer, and is it new enough?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import (
    GROUPS,
    USER,
    Check,
    Host,
    Remedy,
    Verdict,
    error,
    info,
    ok,
    warning,
)
from jetson_containers.doctor.versions import version_in

#: what a socket of Docker's looks like to ``stat``; there whether or not its daemon runs
DOCKER_SOCKET = "stat -c %A:%U:%G /var/run/docker.sock"
#: what the program said when it looked for an engine
ENGINE_PROBLEM = "engine problem"
#: Docker Engine 23.0 release notes: BuildKit becomes the default builder
BUILDKIT_DEFAULT = "23.0"
#: Docker Engine 18.09 release notes: BuildKit is there, to be switched on
BUILDKIT_THERE = "18.9"


def judge(host: Host) -> Iterator[Verdict]:
    version = host.facts.engine.value.server_version if host.facts.engine.value else ""
    if host.facts.engine.value is None:
        yield _silent(host)
        return
    found = version_in(version)
    if found is None:
        yield info(f"an engine answers, and says no version that can be read: {version!r}")
    elif found < version_in(BUILDKIT_THERE, strict=True):
        yield error(
            f"engine {version} has no BuildKit: steps with mounts and secrets cannot be built",
            host.upgrade("docker.io"),
        )
    elif found < version_in(BUILDKIT_DEFAULT, strict=True):
        yield warning(
            f"engine {version} is older than {BUILDKIT_DEFAULT}: BuildKit is used only where the "
            "client has the buildx plugin",
            host.install("docker-buildx"),
        )
    else:
        yield ok(f"engine {version} answers")
    yield from _elsewhere(host)


def _elsewhere(host: Host) -> Iterator[Verdict]:
    """An engine with another kernel is on another machine, or in a virtual one."""
    engine = host.facts.engine.value
    if engine is None or engine.kernel in ("", host.evidence.kernel) or not host.evidence.kernel:
        return
    told = ", ".join(filter(None, (engine.architecture, engine.kernel, engine.os)))
    yield warning(
        f"the engine runs on another machine, or in a virtual one ({told}): containers start "
        "there, and have neither the GPU nor the devices of this one. Runtimes, CDI devices and "
        "space are that machine's, all else is told of this"
    )


def _silent(host: Host) -> Verdict:
    said = (host.output(ENGINE_PROBLEM) or "").strip()
    if said:
        return error(said)
    if host.output(DOCKER_SOCKET) is not None:
        if not host.is_root and "docker" not in (host.output(GROUPS) or "").split():
            return error(
                "this user may not ask Docker, so whether it answers is not known: run doctor as "
                "root, or join the group docker and log in again. Who is in it can become root",
                host.advice(("usermod", "--append", "--groups", "docker", USER)),
            )
        return error(
            "Docker's socket is there and nobody answers at it: the daemon does not run",
            host.remedy(("systemctl", "start", "docker")),
        )
    os = host.facts.os.value
    if os is not None and os.id in ("debian", "ubuntu") and host.is_root:
        return warning(
            "no container engine answers; `build` makes a private one, from the distribution's "
            "packages",
            Remedy((("jetson-containers", "engine", "up"),), automatic=True),
        )
    return error(
        "no container engine answers, and none is installed",
        host.install("docker.io", "docker-buildx"),
    )


CHECK = Check("engine", "whether a container engine answers, and its version", judge)
