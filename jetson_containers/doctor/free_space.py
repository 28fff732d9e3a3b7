"""Is there room for images where the engine keeps them?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, error, info, ok, warning
from jetson_containers.units import gigabytes

#: bytes. A chain with CUDA and PyTorch takes 15 GB with its stages (README, measured), twice that
#: while it is built and unpacked.
ENOUGH = 30 * 10**9
#: bytes; an image alone is larger
TOO_LITTLE = 5 * 10**9


def judge(host: Host) -> Iterator[Verdict]:
    engine = host.facts.engine.value
    free = engine.data_root_free if engine else None
    place = host.engine("data_root") or "the engine's data root"
    if free is None:
        free, place = host.facts.disk.value, "/"
    if free is None:
        yield info("how much space is free could not be told")
        return
    remedy = host.advice(
        ("docker", "system", "prune"),
        disturbs="it removes stopped containers and dangling images, after asking",
    )
    said = f"{gigabytes(free)} are free at {place}"
    if free < TOO_LITTLE:
        yield error(f"{said}: less than one image takes ({gigabytes(TOO_LITTLE)})", remedy)
    elif free < ENOUGH:
        yield warning(
            f"{said}: a chain with CUDA and PyTorch needs about {gigabytes(ENOUGH)} while it is "
            "built",
            remedy,
        )
    else:
        yield ok(said)


CHECK = Check("free-space", "free space under the engine's data root", judge)
