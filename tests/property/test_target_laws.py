"""Laws of targets: whatever is asked, a name reads back and a hint can be followed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from jetson_containers.errors import TargetError
from jetson_containers.image.tag import parse_tag, tag_for
from jetson_containers.platform.compose import compose
from jetson_containers.platform.cuda import cuda_releases
from jetson_containers.platform.derive import Overrides, derive
from jetson_containers.platform.distro import distributions
from jetson_containers.platform.family import base_targets
from jetson_containers.platform.gpu import compile_list, gpu_architectures
from jetson_containers.platform.l4t import find_l4t, l4t_releases, parse_l4t
from jetson_containers.platform.named import named_target
from jetson_containers.platform.nearest import ImpossibleTarget
from jetson_containers.platform.selection import Selection, format_name, parse_name
from jetson_containers.platform.target import System, Target

NAMES = list(base_targets())
CUDA = [str(item.version) for item in cuda_releases()]
DISTROS = [str(item) for item in distributions()]
PYTHONS = sorted({str(v) for item in distributions() for v in item.pythons})
L4T = [str(item.version) for item in l4t_releases()]
GPUS = sorted(gpu_architectures())


def maybe(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(values)


names = st.sampled_from(NAMES)
gpus = st.none() | st.lists(st.sampled_from(GPUS), min_size=1, max_size=3).map(tuple)
overrides = st.builds(
    Overrides,
    cuda=maybe([*CUDA, "14.0"]),
    python=maybe([*PYTHONS, "3.5"]),
    distro=maybe([*DISTROS, "fedora:40"]),
    arch=maybe(["aarch64", "x86_64"]),
    l4t=maybe([*L4T, "36.4.5", "38.9.0", "33.0.0"]),
    gpu_architectures=gpus,
)


def derived(name: str, wanted: Overrides) -> Target:
    """The target, or the nearest one where it is impossible."""
    try:
        return derive(named_target(name), wanted)
    except ImpossibleTarget as error:
        return error.nearest


@settings(max_examples=60, deadline=None)
@given(names, overrides, overrides)
def test_names_read_back(name: str, one: Overrides, two: Overrides) -> None:
    target = derived(derived(name, one).name, two)
    assert named_target(target.name) == target
    assert derive(target, Overrides()) == target
    assert Target.from_dict(target.to_dict()) == target


@settings(max_examples=60, deadline=None)
@given(names, overrides)
def test_a_refusal_gives_reasons_and_a_possible_target(name: str, wanted: Overrides) -> None:
    try:
        target = derive(named_target(name), wanted)
    except ImpossibleTarget as error:
        assert error.reasons and all(error.reasons)
        assert compose(parse_name(error.nearest.name)).target == error.nearest
        assert error.nearest.name in str(error)
    else:
        assert not wanted.cuda or str(target.cuda) == wanted.cuda
        assert not wanted.distro or f"{target.distro}:{target.release}" == wanted.distro
        assert not wanted.python or str(target.python) == wanted.python
        assert not wanted.arch or target.arch == wanted.arch
        asked = wanted.gpu_architectures
        assert asked is None or target.gpu_architectures == tuple(sorted(set(asked)))


@settings(max_examples=50, deadline=None)
@given(names, overrides, names, overrides)
def test_different_images_have_different_tags(
    one: str, ones: Overrides, two: str, twos: Overrides
) -> None:
    left, right = derived(one, ones), derived(two, twos)
    same = all(
        getattr(left, field) == getattr(right, field)
        for field in ("arch", "l4t", "cuda", "distro", "release", "python", "gpu_architectures")
    )
    assert (tag_for(left, "1.0") == tag_for(right, "1.0")) == same


@settings(max_examples=50, deadline=None)
@given(names, overrides)
def test_a_tag_says_what_the_target_is(name: str, wanted: Overrides) -> None:
    target = derived(name, wanted)
    tag = parse_tag(tag_for(target, "0.5.23"))
    assert (tag.version, tag.cuda, tag.distro, tag.release, tag.docker_arch) == (
        "0.5.23",
        target.cuda,
        target.distro,
        target.release,
        target.docker_arch,
    )
    assert tag.l4t == (target.l4t.release if target.l4t else None)


@given(
    st.sampled_from(CUDA),
    st.sampled_from(["tegra", "sbsa", "x86_64"]),
    st.sets(st.integers(0, 130)),
)
def test_cutting_loses_nothing(cuda: str, system: System, requested: set[int]) -> None:
    from packaging.version import Version

    result = compile_list(requested, Version(cuda), system)
    assert list(result.kept) == sorted(set(result.kept))
    assert set(result.kept) | {number for number, _ in result.cut} == requested
    assert compile_list(result.kept, Version(cuda), system).kept == result.kept


@given(st.integers(30, 42), st.integers(0, 9), st.integers(0, 9))
def test_l4t_never_changes_its_major(major: int, minor: int, patch: int) -> None:
    asked = parse_l4t(f"{major}.{minor}.{patch}")
    try:
        match = find_l4t(asked)
    except TargetError:
        return
    assert match.release.version.major == major
    assert match.release.version <= asked
    assert match.inferred == (match.release.version != asked)


@given(
    st.builds(
        Selection,
        base=names,
        l4t=st.none() | st.sampled_from([r.version for r in l4t_releases()]),
        cuda=st.none() | st.sampled_from([c.version for c in cuda_releases()]),
        distro=maybe(DISTROS),
        python=st.none() | st.sampled_from([v for d in distributions() for v in d.pythons]),
        gpu_architectures=st.none()
        | st.sets(st.sampled_from(GPUS), min_size=1).map(lambda s: tuple(sorted(s))),
    )
)
def test_the_name_grammar_reads_back(selection: Selection) -> None:
    assert parse_name(format_name(selection)) == selection
