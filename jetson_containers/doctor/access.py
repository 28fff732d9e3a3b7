"""May this user talk to the engine, or is sudo needed?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.engine import DOCKER_SOCKET
from jetson_containers.doctor.model import (
    GROUPS,
    USER,
    USER_ID,
    Check,
    Host,
    Verdict,
    info,
    ok,
    warning,
)

SUDO = "sudo --version"


def judge(host: Host) -> Iterator[Verdict]:
    uid = (host.output(USER_ID) or "").strip()
    if not uid:
        return
    groups = (host.output(GROUPS) or "").split()
    if uid == "0":
        yield ok("this is root")
        return
    has_sudo = host.output(SUDO) is not None
    if "docker" in groups:
        yield ok("this user is in the group docker")
    elif host.engine_has("rootless"):
        yield ok("the engine is the user's own")
    elif host.output(DOCKER_SOCKET) is not None:
        yield warning(
            "this user is not in the group docker"
            + (": `run` uses sudo" if has_sudo else ", and there is no sudo")
            + ". Who is in that group can become root; log in again afterwards",
            host.advice(("usermod", "--append", "--groups", "docker", USER)),
        )
    if not has_sudo:
        yield info("there is no sudo: remedies have to be run by root")


CHECK = Check("access", "root, the group docker, or sudo", judge)
