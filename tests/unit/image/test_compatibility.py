"""Which image runs on which machine: one table for each rule."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from packaging.version import Version

from jetson_containers.image import labels as names
from jetson_containers.image.compatibility import RULES, doubt, refusals, unserved
from jetson_containers.image.facts import ImageFacts, image_facts
from jetson_containers.image.listed import ListedImage
from jetson_containers.image.rules import cuda, gpu, machine
from jetson_containers.image.rules.reason import Rule
from jetson_containers.platform.facts import HostFacts
from jetson_containers.platform.gpu_code import parse_gpu_code
from jetson_containers.platform.named import named_target
from tests.unit.image.hosts import jetson, server
from tests.unit.image.images import codes, image

PC = server()
ARM = server("aarch64")


def tagged(tag: str, *archs: str) -> ImageFacts:
    """An image that only its tag tells of."""
    return image(f"app:{tag}", *archs)


def holding(tag: str, code: str, *packages: str) -> ImageFacts:
    """An image with known GPU code, and known packages beside its own."""
    parsed = tuple(part for word in code.split() for part in parse_gpu_code(word))
    more = tuple((name, "") for name in packages)
    return replace(tagged(tag), gpu_code=parsed, packages=(("app", ""), *more))


def says(rule: Rule, one: ImageFacts, host: HostFacts) -> str:
    reason = rule(one, host)
    return reason.code if reason else ""


@pytest.mark.parametrize(
    ("tag", "archs", "host", "expected"),
    [
        ("r36.4.0", ["arm64"], PC, "wrong-arch"),
        ("r36.4.0", [], PC, "wrong-arch"),
        ("amd64-cu128-24.04", [], jetson("36.4.3"), "wrong-arch"),
        ("amd64-cu128-24.04", [], PC, ""),
        ("v1-cuda-12.9", ["amd64", "arm64"], ARM, ""),
        ("v1-cuda-12.9", [], ARM, ""),
        # the configuration says more than the tag
        ("r36.4.0-cu128", ["amd64"], PC, ""),
        ("v1-cuda-12.9", ["arm64"], PC, "wrong-arch"),
    ],
)
def test_architecture(tag: str, archs: list[str], host: HostFacts, expected: str) -> None:
    assert says(machine.architecture, tagged(tag, *archs), host) == expected


@pytest.mark.parametrize(
    ("tag", "host", "expected"),
    [
        ("sbsa-cu128", jetson("36.4.3"), "wrong-system"),
        ("v1-cuda-12.9", jetson("36.4.3"), "wrong-system"),
        ("r36.4.0-cu128", ARM, "wrong-system"),
        ("r32.7.1", ARM, "wrong-system"),
        ("sbsa-cu130", ARM, ""),
        ("r38.4.arm64-sbsa-cu130-24.04", ARM, ""),
        ("sbsa-cu130", jetson("38.4.0", "Thor"), ""),
        # both name their L4T: another rule tells
        ("r36.4.0", jetson("38.4.0", "Thor"), ""),
        # an x86 machine runs what is amd64, whatever L4T the tag mentions
        ("r36.4.0", PC, ""),
    ],
)
def test_system(tag: str, host: HostFacts, expected: str) -> None:
    assert says(machine.system, tagged(tag), host) == expected


@pytest.mark.parametrize(
    ("runs", "refuses", "host"),
    [
        ("r32.7.1 r32.7.6", "r32.6.1 r32.4.4 r34.1.1 r35.1.0 r36.4.0", "32.7.6"),
        ("r32.4.4 r32.4.3", "r32.7.1 r32.5.0", "32.4.4"),
        ("r34.1.0 r34.1.1", "r35.1.0 r32.7.1", "34.1.1"),
        ("r35.1.0 r35.4.1 r35.6.4", "r34.1.1 r36.2.0", "35.4.1"),
        ("r36.2.0 r36.3.0", "r36.4.0 r36.4 r35.4.1", "36.3.0"),
        ("r36.4.0 r36.4 r36.4.7 r36.5.0", "r36.2.0 r36.3.0 r35.4.1 r38.2.0", "36.4.3"),
        ("r38.1.0 r38.4 r39.2.0", "r36.4.0 r35.4.1 r32.7.1", "38.4.0"),
        ("r38.1.0 r38.4 r39.2.0", "r36.4.0 r35.4.1 r32.7.1", "39.2.0"),
    ],
)
def test_l4t_window(runs: str, refuses: str, host: str) -> None:
    here = jetson(host)
    assert {says(machine.l4t_window, tagged(tag), here) for tag in runs.split()} == {""}
    refused = {says(machine.l4t_window, tagged(tag), here) for tag in refuses.split()}
    assert refused == {"l4t-window"}


@pytest.mark.parametrize(
    ("tag", "host", "expected"),
    [
        ("r32.7.1", "32.7.6", ""),
        ("r32.7.1-cu114", "32.7.6", "cuda-major"),
        ("r34.1.1", "34.1.1", ""),
        ("r35.4.1", "35.4.1", ""),
        ("r35.4.1-cu122", "35.4.1", ""),
        ("r35.4.1-cu115", "35.4.1", "driver-too-old"),
        ("r35.4.1-cu126", "35.4.1", "driver-too-old"),
        ("r35.4.1-cu102", "35.4.1", "cuda-major"),
        ("r36.4.0-cu128", "36.4.3", ""),
        ("r36.2.0-cu124", "36.3.0", ""),
        ("r36.4.0-cu130", "36.4.3", "cuda-major"),
        ("r36.4.0-cu118", "36.4.3", "cuda-major"),
        ("sbsa-cu131", "38.4.0", ""),
        ("sbsa-cu129", "38.4.0", "cuda-major"),
        ("r38.2", "39.2.0", ""),
    ],
)
def test_jetson_cuda(tag: str, host: str, expected: str) -> None:
    model = "Thor" if host.startswith("38") else "Orin"
    assert says(cuda.jetson_cuda, tagged(tag), jetson(host, model)) == expected


@pytest.mark.parametrize(
    ("name", "packages", "expected"),
    [
        ("orin-jp5+cu122", [], "driver-too-old"),
        ("orin-jp5+cu122", ["cuda-compat-11-8"], "driver-too-old"),
        ("orin-jp5+cu122", ["cuda-compat-12-2"], ""),
        ("orin-jp5+cu118", ["cuda-compat"], ""),
        ("orin-jp5", [], ""),
    ],
)
def test_l4t_35_runs_a_later_cuda_only_with_the_compatibility_package(
    name: str, packages: list[str], expected: str
) -> None:
    one = image("app:1", target=name, packages=[*packages, "app:1"])
    assert one.verified_by == "label"
    assert says(cuda.jetson_cuda, one, jetson("35.6.1")) == expected


@pytest.mark.parametrize(
    ("tag", "driver", "expected"),
    [
        ("amd64-cu130-24.04", "12.8", "driver-too-old"),
        ("v1-cuda-12.9", "12.8", ""),
        ("v1-cuda-12.9", "12.0", ""),
        ("v1-cuda-12.1", "11.8", "driver-too-old"),
        ("v1-cuda-11.8", "13.0", ""),
        ("v1-cuda-13.2", "13.0", ""),
        ("v1-cuda-13.0", "", ""),
    ],
)
def test_minor_version(tag: str, driver: str, expected: str) -> None:
    assert says(cuda.minor_version, tagged(tag, "amd64"), server("x86_64", driver)) == expected


@pytest.mark.parametrize(
    ("packages", "gpus", "expected"),
    [
        (["cuda-compat"], ["NVIDIA A100-SXM4-80GB, 8.0"], ""),
        (["cuda-compat-13-0"], ["NVIDIA RTX A6000, 8.6"], ""),
        # one of an older CUDA is of no use, one of a newer is
        (["cuda-compat-12-9"], ["NVIDIA GH200 480GB, 9.0"], "driver-too-old"),
        (["cuda-compat-13-1"], ["NVIDIA GH200 480GB, 9.0"], ""),
        (["cuda-compatible"], ["NVIDIA GH200 480GB, 9.0"], "driver-too-old"),
        (["cuda-compat"], ["NVIDIA GeForce RTX 4090, 8.9"], "driver-too-old"),
        # one that takes it is enough
        (["cuda-compat"], ["Tesla T4, 7.5", "NVIDIA GeForce RTX 4090, 8.9"], ""),
        (["cuda-compat"], ["GeForce RTX 3090, 8.6", "GeForce RTX 4090, 8.9"], "driver-too-old"),
        (["cuda-compat"], ["NVIDIA Something New, 13.0"], "driver-too-old"),
        ([], ["NVIDIA A100-SXM4-80GB, 8.0"], "driver-too-old"),
    ],
)
def test_forward_compatibility(packages: list[str], gpus: list[str], expected: str) -> None:
    one = holding("amd64-cu130-24.04", "75 80 86 8.9+PTX", *packages)
    assert says(cuda.minor_version, one, server("x86_64", "12.8", *gpus)) == expected


@pytest.mark.parametrize(
    ("least", "driver", "expected"),
    [("550", "535.183.01", "driver-too-old"), ("550", "550.54.14", ""), ("550", "580.65.06", "")],
)
def test_own_minimum(least: str, driver: str, expected: str) -> None:
    one = replace(tagged("amd64-cu128-24.04"), least_driver=Version(least))
    host = server("x86_64", "12.4", "Tesla T4, 7.5", driver=driver)
    assert says(cuda.own_minimum, one, host) == expected


@pytest.mark.parametrize(
    ("code", "runs", "refused"),
    [
        # discrete GPUs: code for X.y on X.z with z >= y
        ("80", ["8.0", "8.6", "8.9"], ["7.5", "9.0"]),
        ("86 89", ["8.6", "8.9"], ["8.0", "9.0", "12.0"]),
        ("120", ["12.0", "12.1"], ["10.0"]),
        # PTX on every later one
        ("8.0+PTX", ["8.0", "9.0", "12.0"], ["7.5"]),
        ("compute_75", ["7.5", "12.0"], ["7.0"]),
        # a suffix binds to one architecture, or to its family
        ("90a", ["9.0"], ["10.0", "8.9"]),
        ("100f", ["10.0", "10.3"], ["12.0"]),
        ("100a", ["10.0"], ["10.3"]),
        # what was built for a Jetson
        ("87", [], ["8.6", "8.9"]),
    ],
)
def test_machine_code_on_discrete_gpus(code: str, runs: list[str], refused: list[str]) -> None:
    def verdict(capability: str) -> str:
        host = server("x86_64", "13.0", f"NVIDIA GPU, {capability}")
        return says(gpu.machine_code, holding("amd64-cu130-24.04", code), host)

    assert {verdict(item) for item in runs} <= {""}
    assert {verdict(item) for item in refused} == {"sm-missing"}


@pytest.mark.parametrize(
    ("tag", "code", "host", "expected"),
    [
        ("r35.4.1", "72 87", jetson("35.4.1", "Xavier"), ""),
        ("r35.4.1", "72", jetson("35.4.1", "Orin"), "sm-missing"),
        ("r36.4.0", "86", jetson("36.4.3", "Orin"), "sm-missing"),
        ("r36.4.0", "8.0+PTX", jetson("36.4.3", "Orin"), ""),
        ("sbsa-cu130", "100 103 120", jetson("38.4.0", "Thor"), "sm-missing"),
        ("sbsa-cu130", "110", jetson("38.4.0", "Thor"), ""),
        ("sbsa-cu130", "87", jetson("39.2.0", "Orin"), ""),
        ("sbsa-cu130", "compute_80", jetson("39.2.0", "Orin"), ""),
        ("sbsa-cu132", "80 90 110", jetson("39.2.0", "Orin"), "sm-missing"),
        # GB10 shares its chip with a CPU and is no Tegra
        ("sbsa-cu130", "120", server("aarch64", "13.0", "NVIDIA GB10, 12.1"), ""),
    ],
)
def test_machine_code_on_integrated_gpus(
    tag: str, code: str, host: HostFacts, expected: str
) -> None:
    assert says(gpu.machine_code, holding(tag, code), host) == expected


@pytest.mark.parametrize("capability", ["9.0", "8.9"])
def test_one_of_several_gpus_is_enough(capability: str) -> None:
    host = server("x86_64", "13.0", "NVIDIA H100 PCIe, 9.0", "NVIDIA L4, 8.9")
    (code,) = parse_gpu_code(capability)
    assert not says(gpu.machine_code, holding("amd64-cu130-24.04", str(code)), host)


@pytest.mark.parametrize(
    ("code", "left"),
    [("90", ["2 x NVIDIA L4 (sm_89)"]), ("89", ["NVIDIA H100 PCIe (sm_90)"]), ("89 90", []),
     ("8.0+PTX", []), ("120", [])],
)  # fmt: skip
def test_gpus_that_an_image_leaves_out_are_told(code: str, left: list[str]) -> None:
    cards = ("NVIDIA H100 PCIe, 9.0", "NVIDIA L4, 8.9", "NVIDIA L4, 8.9")
    image = holding("amd64-cu130-24.04", code)
    assert [str(card) for card in unserved(image, server("x86_64", "13.0", *cards))] == left


def test_a_gpu_that_its_toolkit_dropped_is_left_out_by_the_tag_alone() -> None:
    host = server("x86_64", "13.0", "NVIDIA L4, 8.9", "Tesla V100-SXM2-16GB, 7.0")
    found = unserved(tagged("amd64-cu130-24.04"), host)
    assert [card.name for card in found] == ["Tesla V100-SXM2-16GB"]


@pytest.mark.parametrize(
    ("tag", "code", "driver", "expected"),
    [
        ("amd64-cu129-24.04", "8.0+PTX", "12.8", "ptx-too-new"),
        ("amd64-cu129-24.04", "8.0+PTX", "12.9", ""),
        ("amd64-cu128-24.04", "8.0+PTX", "13.0", ""),
        ("amd64-cu129-24.04", "8.0+PTX 90", "12.8", ""),
        # another major is said by another rule, and so is code that is not there at all
        ("amd64-cu130-24.04", "8.0+PTX", "12.8", ""),
        ("amd64-cu129-24.04", "80", "12.8", ""),
    ],
)
def test_young_ptx(tag: str, code: str, driver: str, expected: str) -> None:
    host = server("x86_64", driver, "NVIDIA H100 PCIe, 9.0")
    assert says(gpu.young_ptx, holding(tag, code), host) == expected


def test_the_forward_compatibility_package_brings_a_compiler_for_its_own_ptx() -> None:
    host = server("x86_64", "12.8", "NVIDIA H100 PCIe, 9.0")
    one = holding("amd64-cu129-24.04", "8.0+PTX", "cuda-compat")
    assert not says(gpu.young_ptx, one, host)


@pytest.mark.parametrize(
    ("packages", "expected"),
    [([], "ptx-too-new"), (["cuda-compat-12-9"], ""), (["cuda-compat-12-8"], "ptx-too-new")],
)
def test_it_does_so_on_a_jetson_too(packages: list[str], expected: str) -> None:
    one = holding("r36.4.0-cu129", "compute_87", *packages)
    assert says(gpu.young_ptx, one, jetson("36.4.9")) == expected


@pytest.mark.parametrize(
    ("tag", "host", "expected"),
    [
        ("sbsa-cu130", jetson("39.2.0", "Orin"), "sm-missing"),
        ("r38.4.arm64-sbsa-cu130-24.04", jetson("39.2.0", "Orin"), "sm-missing"),
        ("sbsa-cu132", jetson("39.2.0", "Orin"), ""),
        ("r39.2", jetson("39.2.0", "Orin"), ""),
        # which CUDA is not known
        ("1-sbsa", jetson("39.2.0", "Orin"), "sm-missing"),
        ("v1-arm64", jetson("39.2.0", "Orin"), "sm-missing"),
        ("1-sbsa", jetson("39.2.0", "Thor"), ""),
        ("sbsa-cu130", jetson("39.2.0", "Thor"), ""),
        ("sbsa-cu130", server("aarch64", "13.0", "NVIDIA GB10, 12.1"), ""),
        # not of that world at all
        ("sbsa-cu130", jetson("36.4.3", "Orin"), ""),
    ],
)
def test_orin_by_tag(tag: str, host: HostFacts, expected: str) -> None:
    assert says(gpu.orin_by_tag, tagged(tag), host) == expected


@pytest.mark.parametrize(
    ("tag", "gpus", "expected"),
    [
        ("v1-cuda-13.0", ["Tesla V100-SXM2-32GB, 7.0"], "sm-missing"),
        ("v1-cuda-13.0", ["NVIDIA GeForce GTX 1080, 6.1"], "sm-missing"),
        ("v1-cuda-12.9", ["Tesla V100-SXM2-32GB, 7.0"], ""),
        ("v1-cuda-13.0", ["Tesla T4, 7.5"], ""),
        ("v1-cuda-13.0", ["Tesla V100-SXM2-32GB, 7.0", "Tesla T4, 7.5"], ""),
        ("v1-cuda-13.0", [], ""),
        ("v1-amd64", ["Tesla V100-SXM2-32GB, 7.0"], ""),
    ],
)
def test_gone_by_tag(tag: str, gpus: list[str], expected: str) -> None:
    host = server("x86_64", "13.1", *gpus)
    assert says(gpu.gone_by_tag, tagged(tag, "amd64"), host) == expected


@pytest.mark.parametrize(
    ("tag", "host", "expected"),
    [
        ("v0.5.4-rocm630-amd64", server("x86_64", "13.0"), ["sm-missing"]),
        ("v0.5.4-cpu-amd64", server("x86_64", "13.0", "Tesla T4, 7.5"), ["sm-missing"]),
        ("v0.5.4-cpu-arm64", jetson("39.2.0"), ["sm-missing"]),
        ("v0.5.4-amd64", server("x86_64", "13.0"), []),
        # CUDA is said: the word means something else
        ("v0.5.4-cpu-amd64-cu130", server("x86_64", "13.0"), []),
        # a machine without an NVIDIA GPU has nothing to lose
        ("v0.5.4-cpu-amd64", PC, []),
    ],
)
def test_other_maker(tag: str, host: HostFacts, expected: list[str]) -> None:
    assert [reason.code for reason in refusals(tagged(tag), host)] == expected


def test_an_old_driver_that_says_no_cuda_is_judged_by_its_branch() -> None:
    host = server("x86_64", "", "Tesla T4, 7.5", driver="418.67")
    assert says(cuda.minor_version, tagged("v1-cuda-13.0", "amd64"), host) == "driver-too-old"
    assert not says(cuda.minor_version, tagged("v1-cuda-10.0", "amd64"), host)


def test_past_the_wrong_machine_nothing_else_is_said() -> None:
    thor = jetson("38.4.0", "Thor")
    old = holding("r36.4.0-cu126", "87")
    assert [reason.code for reason in refusals(old, thor)] == ["l4t-window"]
    assert [reason.code for reason in refusals(old, server("x86_64", "11.4"))] == ["wrong-arch"]


def test_what_is_not_known_refuses_nothing() -> None:
    assert refusals(tagged("v1-cuda-13.0"), PC) == ()
    assert len(RULES) == len({rule.__name__ for rule in RULES})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_names_its_source(rule: Rule) -> None:
    assert "Source:" in (rule.__doc__ or "")


@pytest.mark.parametrize(
    ("target", "on", "expected"),
    [
        ("orin-jp62", "orin-jp62", []),
        ("orin-jp62", "orin-jp61", []),
        ("orin-jp60", "orin-jp62", ["l4t-window"]),
        ("xavier-jp5", "orin-jp5", ["sm-missing"]),
        ("thor-jp71", "thor-jp70", []),
        ("thor-jp71", "orin-jp72", ["sm-missing"]),
        ("orin-jp72", "orin-jp72", []),
        ("sbsa-cu130", "orin-jp72", ["sm-missing"]),
        ("sbsa-cu130", "thor-jp71", []),
        ("x86-cu130", "x86-cu130", []),
        ("x86-cu130", "orin-jp62", ["wrong-arch"]),
        ("x86-cu130", "x86-cu128", ["driver-too-old"]),
    ],
)
def test_by_label(target: str, on: str, expected: list[str]) -> None:
    # the tag says nothing at all: the label wins
    assert codes("app", on, image("app:latest", target=target, packages=["app:1"])) == expected


def test_a_label_can_say_ptx_and_a_least_driver() -> None:
    document = named_target("x86-cu129").to_dict() | {"gpu_architectures": ["8.0+PTX", "90a"]}
    told = {
        names.TARGET: json.dumps(document),
        names.PACKAGES: '["app:1"]',
        names.FINGERPRINT: "0" * 64,
        names.STAGE: "app:1",
        names.DRIVER: "570",
    }
    one = image_facts(ListedImage("app:1", "local", ("amd64",), labels=told))
    assert one.verified_by == "label"
    assert [str(code) for code in one.gpu_code or ()] == ["sm_80", "compute_80", "sm_90a"]
    old = server("x86_64", "12.4", "Tesla T4, 7.5", driver="550.54.14")
    assert [reason.code for reason in refusals(one, old)] == ["driver-too-old", "sm-missing"]


def test_a_label_that_contradicts_the_configuration_is_not_believed() -> None:
    lying = image("app:r36.4.0", "arm64", target="x86-cu130", packages=["app:1"])
    assert "says amd64" in lying.label_problem
    assert codes("app", "x86-cu130", lying) == ["wrong-arch"]
    assert codes("app", "orin-jp62", lying) == []


@pytest.mark.parametrize(
    ("code", "expected", "left"),
    [
        ("80 89", [], ["NVIDIA GeForce RTX 4090"]),
        # code for the one, the package for the other: neither runs it
        ("89", ["sm-missing", "driver-too-old"], []),
    ],
)
def test_the_compatibility_package_and_the_code_are_for_the_same_gpu(
    code: str, expected: list[str], left: list[str]
) -> None:
    rows = ("NVIDIA A100-SXM4-80GB, 8.0", "NVIDIA GeForce RTX 4090, 8.9")
    host = server("x86_64", "12.2", *rows, driver="535.54.03")
    one = holding("amd64-cu130-24.04", code, "cuda-compat-13-0")
    assert [reason.code for reason in refusals(one, host)] == expected
    assert [gpu.name for gpu in unserved(one, host)] == left


SPARK = server("aarch64", "13.0", "NVIDIA GB10, 12.1")


@pytest.mark.parametrize(
    ("tag", "host", "unsure"),
    [
        ("r38.4.0-cu130-24.04", SPARK, True),
        ("r38.4.tegra-aarch64-cu130-24.04", SPARK, True),
        # these say that they are for servers, or which code they hold
        ("sbsa-cu130-24.04", SPARK, False),
        ("r38.4.arm64-sbsa-cu130-24.04", SPARK, False),
        ("r38.4.0-cu130-24.04-sm110_121", SPARK, False),
        ("r38.4.0-cu130-24.04", jetson("38.4.0", "Thor"), False),
        ("r38.4.0-cu130-24.04", server("aarch64", "13.0", "NVIDIA Thor, 11.0"), False),
        ("r38.4.0-cu130-24.04", ARM, False),
    ],
)
def test_an_image_for_jetson_is_in_doubt_on_a_server(
    tag: str, host: HostFacts, unsure: bool
) -> None:
    assert refusals(tagged(tag), host) == ()
    assert bool(doubt(tagged(tag), host)) == unsure
