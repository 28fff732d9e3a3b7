"""The tables agree with each other."""

import pytest
from packaging.version import Version

from jetson_containers.errors import TargetError
from jetson_containers.platform.cuda import (
    cuda_of_driver,
    cuda_releases,
    cuda_short,
    find_cuda,
    parse_cuda,
)
from jetson_containers.platform.distro import distributions, find_distribution
from jetson_containers.platform.gpu import (
    architecture_of_board,
    architecture_of_gpu,
    compile_list,
    gpu_architectures,
    is_data_center,
)
from jetson_containers.platform.l4t import l4t_releases


def test_distributions_know_their_default_python() -> None:
    for distribution in distributions():
        assert distribution.pythons[distribution.python] == "own"
        assert distribution.source


def test_every_l4t_stands_on_a_listed_distribution_with_a_toolkit() -> None:
    for release in l4t_releases():
        distribution = find_distribution(f"ubuntu:{release.ubuntu}")
        toolkit = find_cuda(release.cuda)
        assert distribution is not None and toolkit is not None
        assert distribution.python == release.python
        assert toolkit.serves_on("aarch64", release, distribution)
        assert compile_list(release.architectures, release.cuda, release.system).cut == ()


def test_toolkits_name_listed_distributions() -> None:
    known = {str(distribution) for distribution in distributions()}
    for toolkit in cuda_releases():
        named = {*toolkit.x86_64, *toolkit.sbsa, *(d for ds in toolkit.l4t.values() for d in ds)}
        assert named <= known


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("debian:12", "debian:12"),
        ("debian12", "debian:12"),
        ("bookworm", "debian:12"),
        ("12", "debian:12"),
        ("ubuntu:22.04", "ubuntu:22.04"),
        ("22.04", "ubuntu:22.04"),
        ("jammy", "ubuntu:22.04"),
        ("fedora:40", "None"),
    ],
)
def test_spellings_of_distributions(text: str, name: str) -> None:
    assert str(find_distribution(text)) == name


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("13.0", "13.0"),
        ("13.0.2", "13.0"),
        ("cu130", "13.0"),
        ("130", "13.0"),
        ("cu1310", "13.10"),
        ("cuda-12.9", "12.9"),
        ("CU126", "12.6"),
    ],
)
def test_spellings_of_cuda(text: str, version: str) -> None:
    assert str(parse_cuda(text)) == version


@pytest.mark.parametrize("text", ["", "13", "new", "cu1", "13.0.x"])
def test_what_is_no_cuda(text: str) -> None:
    with pytest.raises(TargetError, match="not a CUDA version"):
        parse_cuda(text)


def test_cuda_short_reads_back() -> None:
    for toolkit in cuda_releases():
        assert parse_cuda(cuda_short(toolkit.version)) == toolkit.version


@pytest.mark.parametrize(
    ("driver", "cuda"),
    [
        ("570.124.06", "12.8"),
        ("580.65.06", "13.0"),
        ("540.4.0", "12.2"),
        ("390.1", "9.1"),
        ("418.67", "10.1"),
        ("340.108", "None"),
    ],
)
def test_cuda_of_a_driver_branch(driver: str, cuda: str) -> None:
    assert str(cuda_of_driver(Version(driver))) == cuda


#: cuda, system -> (kept, cut) of everything in the table
KNOWN = {
    ("11.4", "tegra"): ((72, 87), (90, 110)),
    ("11.8", "x86_64"): ((75, 90), (100,)),
    ("12.8", "sbsa"): ((90, 100, 120), (87, 103, 110, 121)),
    ("12.9", "sbsa"): ((103, 121), (87, 88, 110)),
    ("13.0", "sbsa"): ((75, 110, 121), (53, 62, 70, 72, 87, 101)),
    ("13.2", "sbsa"): ((87, 110), (101,)),
    ("13.0", "x86_64"): ((75, 80, 86, 89, 90, 100, 103, 120), (110, 121)),
}


@pytest.mark.parametrize("where", KNOWN)
def test_what_a_compiler_knows(where: tuple[str, str]) -> None:
    cuda, system = where
    kept, cut = KNOWN[where]
    result = compile_list(gpu_architectures(), Version(cuda), system)  # type: ignore[arg-type]
    assert set(kept) <= set(result.kept)
    assert set(cut) <= {number for number, _ in result.cut}
    assert all(f"sm_{number}" in reason for number, reason in result.cut)


@pytest.mark.parametrize(
    ("model", "number"),
    [
        ("NVIDIA Jetson Orin Nano Developer Kit\0", 87),
        ("NVIDIA Jetson Nano Developer Kit\0", 53),
        ("NVIDIA Jetson Xavier NX Developer Kit", 72),
        ("quill\0", 62),
        ("NVIDIA Jetson AGX Thor Developer Kit", 110),
        ("Raspberry Pi 5", None),
    ],
)
def test_gpu_of_a_board(model: str, number: int | None) -> None:
    assert architecture_of_board(model) == number


@pytest.mark.parametrize(
    ("name", "number", "data_center"),
    [
        ("NVIDIA GeForce RTX 4090", 89, False),
        ("NVIDIA GeForce RTX 5070 Ti", 120, False),
        ("NVIDIA L40S", 89, True),
        ("NVIDIA L4", 89, True),
        ("NVIDIA GB10", 121, False),
        ("NVIDIA GH200 480GB", 90, True),
        ("NVIDIA H100 80GB HBM3", 90, True),
        ("Tesla T4", 75, True),
        ("NVIDIA A100-SXM4-80GB", 80, True),
        ("Orin (nvgpu)", 87, False),
        ("GeForce 256", None, None),
    ],
)
def test_gpu_by_name(name: str, number: int | None, data_center: bool | None) -> None:
    assert (architecture_of_gpu(name), is_data_center(name)) == (number, data_center)
