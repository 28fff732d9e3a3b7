"""From evidence to facts, and from facts to the host's target. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.version import InvalidVersion, Version

from jetson_containers.errors import TargetError
from jetson_containers.platform import read
from jetson_containers.platform.compose import compose
from jetson_containers.platform.cuda import cuda_of_driver
from jetson_containers.platform.derive import ARCH_WORDS
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.facts import Fact, Gpu, HostFacts, first
from jetson_containers.platform.family import Family, anchor, families
from jetson_containers.platform.gpu import architecture_of_board, current_number, gpu_architectures
from jetson_containers.platform.l4t import L4TMatch, find_l4t
from jetson_containers.platform.selection import Selection
from jetson_containers.platform.server import present, server_selections
from jetson_containers.platform.target import Arch, System, Target

_THOR = 110


def derive_facts(evidence: Evidence) -> HostFacts:
    """What ``evidence`` tells. Law: the same evidence gives the same facts, on any machine."""
    arch = ARCH_WORDS.get(evidence.machine.lower())
    machine: Fact[Arch] = (
        Fact(arch, "uname -m")
        if arch
        else Fact(reason=f"machine {evidence.machine!r} is neither aarch64 nor x86_64")
    )
    l4t = first(read.l4t_of_file(evidence), read.l4t_of_package(evidence))
    match, why = _match(l4t.value)
    model = read.model(evidence)
    driver = first(read.driver_of_smi(evidence), read.driver_of_file(evidence))
    if driver.value is None and match is not None:
        driver = Fact(reason=f"the integrated driver goes with L4T {match.asked}")
    return HostFacts(
        machine=machine,
        system=_system(arch, match, l4t, model, read.L4T_RELEASE_FILE in evidence.files),
        os=read.os_release(evidence),
        kernel=Fact(evidence.kernel, "uname -r") if evidence.kernel else Fact(reason="not told"),
        l4t=l4t,
        jetpack=_jetpack(match, l4t, why),
        model=model,
        driver=driver,
        driver_cuda=_driver_cuda(evidence, driver, match),
        gpus=_gpus(read.gpus_of_smi(evidence), _gpu_of_board(model)),
        host_cuda=_host_cuda(read.host_cuda(evidence), read.host_cudart(evidence)),
        python=read.python(evidence),
        memory=read.memory(evidence),
        disk=read.disk(evidence),
        cgroup=first(read.cgroup(evidence), read.cgroup_of_engine(evidence)),
        engine=read.engine(evidence),
    )


def target_for(facts: HostFacts) -> Target:
    """The target of a host.

    A Jetson's follows from L4T; a server's or PC's is the newest named one whose CUDA is not above
    the driver's and knows its GPUs, on the host's own distribution where that is possible; else
    see :func:`.server_selections`. GPU architectures are those of the GPUs that are there, where
    they are known. Raises :class:`TargetError` when the machine, or the major version of its L4T,
    is not known, when that L4T is not for the machine's board, and when its driver is older than
    every toolkit.
    """
    arch = facts.machine.value
    if arch is None:
        raise TargetError(
            f"this host has no target: {facts.machine.reason}",
            hint="name one with --target; `targets` lists them",
        )
    if facts.system.value is None:
        raise TargetError(
            f"this host has no target: {facts.system.reason}",
            hint=f"mend {read.L4T_RELEASE_FILE}, or name a target with --target",
        )
    if arch == "aarch64" and facts.l4t.value is not None:
        return _jetson(facts, find_l4t(facts.l4t.value))
    return _server(facts, families()["x86" if arch == "x86_64" else "sbsa"])


def nearest_target(facts: HostFacts) -> Target:
    """The host's target, or the nearest one where nothing can be built for it.

    It tells which of several images is preferred; whether one runs follows from the facts alone.
    Raises :class:`TargetError` when the facts do not tell what kind of machine this is.
    """
    try:
        return target_for(facts)
    except TargetError:
        if facts.system.value is None or facts.machine.value is None:
            raise
        if facts.l4t.value is not None:
            match = find_l4t(facts.l4t.value)
            family = _jetson_family(match, match.release.architectures)
            return _first_possible((Selection(anchor(family, match.asked).name),))
        family = families()["x86" if facts.machine.value == "x86_64" else "sbsa"]
        return _first_possible((Selection(anchor(family, Version("0")).name),))


def _jetson(facts: HostFacts, match: L4TMatch) -> Target:
    listed = match.release.architectures
    own = present(facts)
    wanted = tuple(n for n in own if n in listed) or listed
    boards = [n for n in own if n in gpu_architectures() and gpu_architectures()[n].tegra]
    if boards and not set(map(current_number, boards)) & set(listed):
        raise TargetError(
            f"this host has no target: L4T {match.asked} is for "
            f"{_shown(listed)}, the GPU of this machine is {_shown(boards)}",
            hint=f"mend {read.L4T_RELEASE_FILE}, or name a target with --target",
        )
    family = _jetson_family(match, wanted)
    base = anchor(family, match.asked)
    selection = Selection(base.name, l4t=match.asked, gpu_architectures=wanted)
    return _first_possible((selection, Selection(base.name, l4t=match.asked)))


def _jetson_family(match: L4TMatch, wanted: tuple[int, ...]) -> Family:
    """The family whose GPU is wanted; of several, one that has a named target of that L4T."""

    def rank(family: Family) -> tuple[bool, bool, int]:
        named = anchor(family, match.asked).l4t
        return (
            bool(set(family.architectures) & set(wanted)),
            named is not None and named.major == match.asked.major,
            max(family.architectures),
        )

    possible = [
        family
        for family in families().values()
        if family.is_jetson and set(family.architectures) <= set(match.release.architectures)
    ]
    return max(possible, key=rank)


def _server(facts: HostFacts, family: Family) -> Target:
    return _first_possible(server_selections(facts, family))


def _first_possible(selections: Iterable[Selection]) -> Target:
    """The first selection that is possible; the last one is always meant to be."""
    reasons: tuple[str, ...] = ()
    for selection in selections:
        made = compose(selection)
        if made.target is not None:
            return made.target
        reasons = made.reasons
    raise TargetError(
        f"this host has no target: {'; '.join(reasons)}",
        hint="name one with --target; `targets` lists them",
    )


def _shown(numbers: Iterable[int]) -> str:
    return " and ".join(f"sm_{number}" for number in numbers)


def _match(l4t: Version | None) -> tuple[L4TMatch | None, str]:
    if l4t is None:
        return None, ""
    try:
        return find_l4t(l4t), ""
    except TargetError as error:
        return None, error.what


def _system(
    arch: Arch | None,
    match: L4TMatch | None,
    l4t: Fact[Version],
    model: Fact[str],
    has_release_file: bool,
) -> Fact[System]:
    """Without a known L4T, an Arm machine is a server only if nothing says that it is a Jetson."""
    if arch is None:
        return Fact(reason="the machine is not known")
    if arch == "x86_64":
        return Fact("x86_64", "uname -m")
    if match is not None:
        return Fact(match.release.system, l4t.source)
    if l4t.value is not None:
        return Fact("sbsa" if l4t.value.major >= 38 else "tegra", l4t.source)
    board = architecture_of_board(model.value) if model.value else None
    if board == _THOR:
        return Fact("sbsa", model.source)
    if has_release_file or (board is not None and gpu_architectures()[board].tegra):
        what = f"the {model.value!r}" if board is not None else "this machine"
        return Fact(reason=f"{what} is a Jetson whose L4T is not known: {l4t.reason}")
    return Fact("sbsa", "uname -m, no L4T")


def _jetpack(match: L4TMatch | None, l4t: Fact[Version], why: str) -> Fact[Version]:
    if match is None:
        return Fact(reason=why or l4t.reason)
    return Fact(match.release.jetpack, _table_source(match))


def _table_source(match: L4TMatch) -> str:
    inferred = "inferred from " if match.inferred else ""
    return f"L4T table, {inferred}L4T {match.release.version}"


def _driver_cuda(evidence: Evidence, driver: Fact[str], match: L4TMatch | None) -> Fact[Version]:
    asked = first(read.cuda_of_libcuda(evidence), read.cuda_of_smi(evidence))
    if asked.value is not None:
        return asked
    if match is not None:
        return Fact(match.release.cuda, _table_source(match))
    if driver.value is not None:
        try:
            found = cuda_of_driver(Version(driver.value))
        except InvalidVersion:
            found = None
        if found is not None:
            return Fact(found, f"driver {driver.value}, table of driver branches")
    return Fact(reason=asked.reason)


def _gpus(listed: Fact[tuple[Gpu, ...]], of_board: Fact[tuple[Gpu, ...]]) -> Fact[tuple[Gpu, ...]]:
    """Both sources name a GPU in their own way: they disagree where the architectures do.

    A discrete GPU beside the board's own is no contradiction.
    """
    numbers = {gpu.architecture for gpu in of_board.value or ()}
    if numbers & {gpu.architecture for gpu in listed.value or ()}:
        return listed
    return first(listed, of_board)


def _host_cuda(toolkit: Fact[Version], runtime: Fact[Version]) -> Fact[Version]:
    """The parts count their patch versions each for itself: major and minor tell a difference."""
    if toolkit.value and runtime.value and toolkit.value.release[:2] == runtime.value.release[:2]:
        return toolkit
    return first(toolkit, runtime)


def _gpu_of_board(model: Fact[str]) -> Fact[tuple[Gpu, ...]]:
    number = architecture_of_board(model.value) if model.value else None
    if number is None:
        told = f"the model {model.value!r} is not in the table" if model.value else model.reason
        return Fact(reason=told)
    return Fact((Gpu(str(model.value), number, True, False),), model.source)
