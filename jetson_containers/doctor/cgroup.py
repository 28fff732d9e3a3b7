"""Which version of control groups has the engine?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, info, ok


def judge(host: Host) -> Iterator[Verdict]:
    said = host.engine("cgroup_version") or str(host.facts.cgroup.value or "")
    driver = host.engine("cgroup_driver")
    if not said:
        yield info("the version of control groups could not be told")
    elif said == "1":
        yield info(
            "control groups are version 1, which Docker still serves; systemd 256 and newer "
            "distributions do not"
        )
    elif driver == "none":
        yield info("control groups are version 2, and this engine cannot limit memory or CPU")
    else:
        yield ok(f"control groups are version {said}")


CHECK = Check("cgroup", "the version of control groups", judge)
