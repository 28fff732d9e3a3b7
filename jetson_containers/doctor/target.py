"""Is this a machine that images can be built and chosen for?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, error, info, ok


def judge(host: Host) -> Iterator[Verdict]:
    if host.target is None:
        reasons = (host.facts.machine.reason, host.facts.jetpack.reason, host.facts.os.reason)
        why = next((reason for reason in reasons if reason), "nothing known fits it")
        yield error(f"this machine has no target: {why}. Name one with --target")
        return
    if not host.has_gpu:
        yield info(f"images are for {host.target.name}; no NVIDIA GPU or driver was seen here")
        return
    gpus = host.facts.gpus.value or ()
    named = ", ".join(f"{gpu.count} x {gpu.name}" for gpu in gpus)
    if not named:
        yield info(f"images are for {host.target.name}; which GPU: {host.facts.gpus.reason}")
        return
    yield ok(f"images are for {host.target.name}; GPU: {named}")


CHECK = Check("target", "what images are built and chosen for, and the GPU", judge)
