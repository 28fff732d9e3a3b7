"""From a selection to a target: defaults filled in, every reason against it collected."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.version import Version

from jetson_containers.errors import TargetError
from jetson_containers.platform.cuda import CudaRelease, cuda_releases, find_cuda
from jetson_containers.platform.distro import Distribution, distributions, find_distribution
from jetson_containers.platform.family import BaseTarget, Family, anchor, base_targets
from jetson_containers.platform.gpu import compile_list
from jetson_containers.platform.l4t import L4TMatch, find_l4t
from jetson_containers.platform.selection import Selection, format_name
from jetson_containers.platform.target import System, Target


@dataclass(frozen=True, slots=True)
class Composition:
    """What came of a selection: a ``target``, or the ``reasons`` why there is none.

    ``cut`` are the default GPU architectures that this CUDA does not know, each with its reason.
    """

    target: Target | None
    reasons: tuple[str, ...]
    cut: tuple[tuple[int, str], ...] = ()


def compose(selection: Selection) -> Composition:
    """The target of ``selection``, or every reason why it is impossible.

    Law: ``compose(parse_name(t.name)).target == t`` for every target ``t`` that it returns.
    """
    base = base_targets()[selection.base]
    family = base.family
    reasons: list[str] = []
    match = _l4t(base, selection.l4t, reasons)
    if match is None and family.is_jetson:
        return Composition(None, tuple(reasons))
    release = match.release if match else None
    system = family.system_with(release)

    cuda = selection.cuda or (release.cuda if release else base.cuda)
    distro_text = selection.distro or (f"ubuntu:{release.ubuntu}" if release else base.distro)
    assert cuda is not None and distro_text is not None
    toolkit = _toolkit(family, match, cuda, reasons)
    distribution = find_distribution(distro_text)
    if distribution is None:
        known = ", ".join(map(str, distributions()))
        reasons.append(f"{distro_text} is not in the table of distributions ({known})")
    else:
        _check_distribution(family, match, cuda, toolkit, distribution, reasons)
    python = _python(distribution, selection.python, reasons)
    gpus, cut = _gpus(family, match, system, cuda, selection.gpu_architectures, reasons)
    if reasons or distribution is None or python is None:
        return Composition(None, tuple(reasons))
    return Composition(
        Target(
            name=_canonical_name(family, match, cuda, distribution, python, gpus),
            system=system,
            arch=family.arch,
            l4t=release.version if release else None,
            jetpack=release.jetpack if release else None,
            cuda=cuda,
            distro=distribution.id,
            release=distribution.release,
            python=python,
            gpu_architectures=gpus,
            base_image=(release.base_image if release else None) or distribution.image,
            inferred=match.inferred if match else False,
        ),
        (),
        cut,
    )


def _l4t(base: BaseTarget, asked: Version | None, reasons: list[str]) -> L4TMatch | None:
    if not base.family.is_jetson:
        if asked is not None:
            reasons.append(f"{base.name} is no Jetson and has no L4T (asked for L4T {asked})")
        return None
    wanted = asked or base.l4t
    assert wanted is not None
    try:
        return find_l4t(wanted)
    except TargetError as error:
        reasons.append(f"{error.what} ({error.hint})")
        return None


def _toolkit(
    family: Family, match: L4TMatch | None, cuda: Version, reasons: list[str]
) -> CudaRelease | None:
    release = match.release if match else None
    toolkit = find_cuda(cuda)
    possible = [str(item.version) for item in cuda_releases() if item.serves(family.arch, release)]
    if toolkit is None:
        reasons.append(f"CUDA {cuda} is not in the table of toolkits ({', '.join(possible)})")
    elif not toolkit.serves(family.arch, release):
        what = f"L4T {release.version}" if release else f"a {family.model}"
        reasons.append(f"there is no CUDA {cuda} for {what} (there is {', '.join(possible)})")
    return toolkit


def _check_distribution(
    family: Family,
    match: L4TMatch | None,
    cuda: Version,
    toolkit: CudaRelease | None,
    distribution: Distribution,
    reasons: list[str],
) -> None:
    release = match.release if match else None
    if release is not None:
        allowed = [f"ubuntu:{item}" for item in (release.ubuntu, *release.also)]
        if str(distribution) not in allowed:
            reasons.append(
                f"L4T {release.version} goes with {' or '.join(allowed)}, not with {distribution}"
            )
            return
    if (
        toolkit is not None
        and toolkit.serves(family.arch, release)
        and not toolkit.serves_on(family.arch, release, distribution)
    ):
        where = f"L4T {release.version}" if release else f"a {family.model}"
        reasons.append(f"CUDA {cuda} cannot be had on {distribution} for {where}")


def _python(
    distribution: Distribution | None, asked: Version | None, reasons: list[str]
) -> Version | None:
    if distribution is None:
        return asked
    if asked is None:
        return distribution.python
    if asked not in distribution.pythons:
        possible = ", ".join(str(version) for version in sorted(distribution.pythons))
        reasons.append(f"Python {asked} cannot be had on {distribution} (there is {possible})")
        return None
    return asked


def _gpus(
    family: Family,
    match: L4TMatch | None,
    system: System,
    cuda: Version,
    asked: tuple[int, ...] | None,
    reasons: list[str],
) -> tuple[tuple[int, ...], tuple[tuple[int, str], ...]]:
    wanted = asked if asked is not None else family.architectures
    foreign = [n for n in wanted if match is not None and n not in match.release.architectures]
    if match is not None and foreign:
        machines = "" if asked is not None else f" of {family.model}"
        reasons.append(
            f"L4T {match.asked} does not run on sm_{', sm_'.join(map(str, foreign))}{machines} "
            f"(it runs on sm_{', sm_'.join(map(str, match.release.architectures))})"
        )
    if asked is not None and not asked:
        reasons.append("a target needs at least one GPU architecture")
    listed = compile_list([n for n in wanted if n not in foreign], cuda, system)
    kept, cut = listed.kept, listed.cut
    if asked is not None or match is not None:
        reasons.extend(reason for _, reason in cut)
    elif not kept:
        reasons.append(f"CUDA {cuda} knows no GPU of {family.model}")
    return kept, cut


def _canonical_name(
    family: Family,
    match: L4TMatch | None,
    cuda: Version,
    distribution: Distribution,
    python: Version,
    gpus: tuple[int, ...],
) -> str:
    base = anchor(family, match.asked if match else cuda)
    default_cuda = match.release.cuda if match else base.cuda
    default_distro = f"ubuntu:{match.release.ubuntu}" if match else base.distro
    system = family.system_with(match.release if match else None)
    default_gpus = compile_list(family.architectures, cuda, system).kept
    return format_name(
        Selection(
            base=base.name,
            l4t=match.asked if match and match.asked != base.l4t else None,
            cuda=cuda if cuda != default_cuda else None,
            distro=str(distribution) if str(distribution) != default_distro else None,
            python=python if python != distribution.python else None,
            gpu_architectures=gpus if gpus != default_gpus else None,
        )
    )
