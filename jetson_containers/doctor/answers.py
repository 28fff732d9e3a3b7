"""Did every program that was asked answer in time?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, ok, warning
from jetson_containers.platform.read import CU_DRIVER, SMI

#: the programs that did not end in time, one a line
SILENT = "commands without an answer"


def judge(host: Host) -> Iterator[Verdict]:
    silent = sorted(set((host.output(SILENT) or "").split()))
    for command in silent:
        remedy = None
        if command in (SMI, CU_DRIVER):
            remedy = host.advice(("dmesg", "--level=err,warn"))
        yield warning(
            f"`{command}` did not end in time, so what it tells is not known"
            + (": the NVIDIA driver hangs or was updated without a restart" if remedy else ""),
            remedy,
        )
    if not silent:
        yield ok("every program that was asked answered in time")


CHECK = Check("answers", "programs that did not answer in time", judge)
