"""What a server or PC could be built for, the best first. Pure.

Its driver does not bind it to one CUDA as L4T binds a Jetson, and a container need not be of the
host's distribution: so there is a choice, and nearly always an answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from jetson_containers.errors import TargetError
from jetson_containers.platform.cuda import cuda_releases
from jetson_containers.platform.distro import Distribution, distributions, find_distribution
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.family import Family, anchor, base_targets
from jetson_containers.platform.gpu import compile_list
from jetson_containers.platform.selection import Selection
from jetson_containers.platform.target import Target

#: the first major version of CUDA within which an older driver runs newer minor versions
#: (CUDA Compatibility guide, minor version compatibility)
_MINORS_FROM = 11


def server_selections(facts: HostFacts, family: Family) -> Iterator[Selection]:
    """Selections to try in turn; the first that is possible is the host's target.

    A CUDA whose compiler knows every GPU that is there comes before one that knows some, and that
    before one that knows none, for what it makes runs on none of them. Then the newest named
    target whose CUDA is not above the driver's; then other toolkits that the driver runs, on the
    host's distribution and on those nearest to it. Raises :class:`TargetError` for a driver that
    runs no listed toolkit.
    """
    gpus = present(facts)
    driver = facts.driver_cuda.value
    host = find_distribution(str(facts.os.value)) if facts.os.value else None
    named = _named(family, driver)
    others = _others(family, driver)
    if not named and not others:
        raise TargetError(
            f"the driver of this host knows CUDA {driver}, older than every listed toolkit",
            hint="update the NVIDIA driver, or name a target with --target",
        )
    for least in dict.fromkeys((len(gpus), min(1, len(gpus)), 0)):

        def known(cuda: Version, least: int = least) -> tuple[int, ...] | None:
            """The GPUs to compile for; ``None`` where the compiler knows too few."""
            kept = compile_list(gpus, cuda, family.system_with(None)).kept
            return kept if len(kept) >= least else None

        for cuda in named:
            if (kept := known(cuda)) is not None:
                for where in dict.fromkeys((str(host) if host else None, None)):
                    yield _selection(family, cuda, where, kept if least else ())
        for distribution in _by_nearness(host):
            for cuda in others:
                if (kept := known(cuda)) is not None:
                    yield _selection(family, cuda, str(distribution), kept if least else ())


def present(facts: HostFacts) -> tuple[int, ...]:
    """The architectures of the GPUs that are there, as far as they are known."""
    gpus = facts.gpus.value or ()
    return tuple(sorted({gpu.architecture for gpu in gpus if gpu.architecture is not None}))


def left_out(facts: HostFacts, target: Target) -> tuple[tuple[int, str], ...]:
    """The architectures of GPUs that are there and ``target``'s CUDA does not know, with reasons.

    Of a target for another kind of machine there is nothing to say.
    """
    if target.system != facts.system.value:
        return ()
    return compile_list(present(facts), target.cuda, target.system).cut


def _selection(
    family: Family, cuda: Version, distro: str | None, gpus: tuple[int, ...]
) -> Selection:
    base = anchor(family, cuda)
    return Selection(
        base.name,
        cuda=None if base.cuda == cuda else cuda,
        distro=distro,
        gpu_architectures=gpus or None,
    )


def _named(family: Family, driver: Version | None) -> list[Version]:
    """The CUDA versions of named targets, not above ``driver``, the newest first."""
    listed = {base.cuda for base in base_targets().values() if base.family == family and base.cuda}
    return sorted((cuda for cuda in listed if driver is None or cuda <= driver), reverse=True)


def _others(family: Family, driver: Version | None) -> list[Version]:
    """Other toolkits that ``driver`` runs, the best first.

    Those of its own major version that are not newer, the newest first; newer ones that it runs
    all the same, named targets' before others, the nearest first; those of older majors.
    """
    if driver is None:
        return []
    listed = [item.version for item in cuda_releases() if item.serves(family.arch, None)]
    same = [cuda for cuda in listed if cuda.major == driver.major]
    above = [cuda for cuda in same if cuda > driver] if driver.major >= _MINORS_FROM else []
    named = set(_named(family, None))
    return [
        *reversed([cuda for cuda in same if cuda <= driver]),
        *sorted(above, key=lambda cuda: (cuda not in named, cuda)),
        *reversed([cuda for cuda in listed if cuda.major < driver.major]),
    ]


def _by_nearness(host: Distribution | None) -> list[Distribution]:
    """Distributions, ``host`` first, then its other releases by distance, then Ubuntu's newest."""

    def key(item: Distribution) -> tuple[bool, bool, Version | float, float]:
        release = float(item.release)
        mine = host is not None and item.id == host.id
        apart = abs(release - float(host.release)) if host and mine else 0.0
        return (not mine, item.id != "ubuntu", apart, -release)

    return sorted(distributions(), key=key)
