"""Which power mode is a Jetson in?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, info, ok

#: Jetson Linux developer guide, "Power Mode Controls"
POWER_MODE = "nvpmodel -q"


def judge(host: Host) -> Iterator[Verdict]:
    if not host.is_jetson:
        return
    said = host.output(POWER_MODE) or ""
    match = re.search(r"NV Power Mode:\s*(\S+)", said)
    if match is None:
        yield info("the power mode could not be told", host.advice(("nvpmodel", "-q")))
    elif match[1].upper().startswith("MAXN"):
        yield ok(f"power mode {match[1]}")
    else:
        yield info(
            f"power mode {match[1]}: on mains power, mode 0 is mostly the fastest",
            host.advice(("nvpmodel", "-m", "0"), disturbs="some modules restart the machine"),
        )


CHECK = Check("power-mode", "the power mode of a Jetson", judge)
