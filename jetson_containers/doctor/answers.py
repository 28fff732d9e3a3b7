"""Did every program that was asked answer in time?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, ok, warning

#: the commands that did not end in time, one a line
SILENT = "commands without an answer"


def judge(host: Host) -> Iterator[Verdict]:
    lines = (host.output(SILENT) or "").splitlines()
    silent = sorted({line.split()[0] for line in lines if line.strip()})
    for command in silent:
        remedy = None
        if command == "nvidia-smi":
            remedy = host.advice(("dmesg", "--level=err,warn"))
        yield warning(
            f"`{command}` did not end in time, so what it tells is not known"
            + (": the NVIDIA driver hangs or was updated without a restart" if remedy else ""),
            remedy,
        )
    if not silent:
        yield ok("every program that was asked answered in time")


CHECK = Check("answers", "programs that did not answer in time", judge)
