"""Which CUDA is installed on the host, and which one do containers bring?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, info, ok


def judge(host: Host) -> Iterator[Verdict]:
    here = host.facts.host_cuda
    if host.target is None or (here.value is None and not host.has_gpu):
        return
    theirs = host.target.cuda
    if here.value is None:
        yield ok(f"containers have CUDA {theirs}, this machine needs none of its own")
    elif here.value.release[:2] == theirs.release[:2]:
        yield ok(f"this machine has CUDA {here.value}, containers have their own, CUDA {theirs}")
    else:
        yield info(
            f"this machine has CUDA {here.value} ({here.source}), and containers have CUDA "
            f"{theirs}: they bring their own, the machine's decides nothing"
        )


CHECK = Check("host-cuda", "the host's CUDA toolkit, against that of containers", judge)
