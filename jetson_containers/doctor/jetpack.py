"""Do the JetPack packages belong to the L4T that runs?"""

from __future__ import annotations

from collections.abc import Iterator

from jetson_containers.doctor.model import Check, Host, Verdict, info, ok, warning
from jetson_containers.doctor.versions import version_in

JETPACK_PACKAGE = "dpkg-query -W -f=${Version} nvidia-jetpack"


def judge(host: Host) -> Iterator[Verdict]:
    l4t, jetpack = host.facts.l4t.value, host.facts.jetpack
    if l4t is None:
        return
    if jetpack.value is None:
        yield info(f"which JetPack L4T {l4t} belongs to is not known: {jetpack.reason}")
        return
    said = host.output(JETPACK_PACKAGE)
    if not said:
        yield info(
            f"L4T {l4t} (JetPack {jetpack.value}); the package nvidia-jetpack is not installed, "
            "and containers do not need it"
        )
        return
    installed = version_in(said)
    if installed is None:
        yield info(f"the package nvidia-jetpack has a version that cannot be read: {said[:40]!r}")
    elif "inferred" in jetpack.source:
        yield info(
            f"L4T {l4t} is not in the table; nvidia-jetpack says JetPack {installed}, the nearest "
            f"lower L4T is JetPack {jetpack.value}"
        )
    elif installed != jetpack.value:
        yield warning(
            f"the package nvidia-jetpack is of JetPack {installed}, and L4T {l4t} is JetPack "
            f"{jetpack.value}: an upgrade stopped half-way, or one of the two was held back",
            host.advice(("apt-get", "dist-upgrade"), disturbs="it may update the driver"),
        )
    else:
        yield ok(f"L4T {l4t} and the packages are of JetPack {installed}")


CHECK = Check("jetpack", "JetPack's packages, against the L4T that runs", judge)
