"""Evidence, single facts and the probe."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from jetson_containers.errors import TargetError, UsageError
from jetson_containers.platform import read
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.host import derive_facts, nearest_target, target_for
from jetson_containers.platform.named import named_target
from jetson_containers.platform.probe import gather, run_command

R36 = "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"format": 2}', "format 2"),
        ('{"format": true, "machine": "x86_64"}', "format True"),
        ('{"format": 1, "machine": 7, "files": {"/x": 1}}', "'machine' is no text; 'files'"),
        ('{"format": 1, "machine": "\\ud800"}', "'machine' is no text"),
        ('{"format": 1, "machine": "a", "engine": {"x": NaN}}', "'engine' is no object"),
    ],
)
def test_unreadable_evidence_says_why(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        Evidence.from_json(text, path="facts.json")
    assert "facts.json" in str(caught.value)

BOARD = {"/proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit"}


def test_the_mark_that_some_editors_write_first_does_not_matter() -> None:
    text = Evidence("x86_64").to_json()
    assert Evidence.from_json("\ufeff" + text) == Evidence.from_json(text)


def test_sources_that_disagree_are_both_kept() -> None:
    evidence = Evidence(
        "aarch64",
        files={"/etc/nv_tegra_release": R36},
        commands={"dpkg-query -W -f=${Version} nvidia-l4t-core": "36.4.0-20240912212859"},
    )
    fact = derive_facts(evidence).l4t.to_dict()
    assert fact["value"] == "36.4.3"
    assert fact["others"] == [{"value": "36.4.0", "source": "package nvidia-l4t-core"}]


@pytest.mark.parametrize(
    ("revision", "name", "source"),
    [
        ("4.3", "orin-jp62", ""),
        ("4.3.1", "orin-jp62", ", which says REVISION: 4.3.1"),
        ("5.1.2", "orin-jp62+r36.5.1", ", which says REVISION: 5.1.2"),
        ("4.7.0.12", "orin-jp62+r36.4.7", ", which says REVISION: 4.7.0.12"),
    ],
)
def test_more_parts_than_an_l4t_has_still_give_a_target_that_can_be_named(
    revision: str, name: str, source: str
) -> None:
    text = R36.replace("4.3", revision)
    facts = derive_facts(Evidence("aarch64", files={"/etc/nv_tegra_release": text, **BOARD}))
    assert facts.l4t.source == f"/etc/nv_tegra_release{source}"
    assert target_for(facts).name == name
    assert named_target(name) == target_for(facts)


@pytest.mark.parametrize("revision", ["4.x", "4.3-beta", "4.", "x", "4.3rc1", "4.3.x"])
def test_a_revision_that_is_not_all_numbers_is_not_guessed_at(revision: str) -> None:
    text = R36.replace("4.3", revision)
    facts = derive_facts(Evidence("aarch64", files={"/etc/nv_tegra_release": text, **BOARD}))
    assert facts.l4t.value is None and f"REVISION: {revision}," in facts.l4t.reason


def test_an_unknown_major_keeps_the_fact_and_refuses_the_target() -> None:
    text = "# R41 (release), REVISION: 1.0, GCID: 1\n"
    facts = derive_facts(Evidence("aarch64", files={"/etc/nv_tegra_release": text}))
    assert str(facts.l4t.value) == "41.1.0"
    assert facts.jetpack.value is None and "major version 41" in facts.jetpack.reason
    with pytest.raises(TargetError, match="major version 41"):
        target_for(facts)


def test_an_unknown_machine_has_no_target() -> None:
    with pytest.raises(TargetError, match="riscv64"):
        target_for(derive_facts(Evidence("riscv64")))


def test_a_driver_older_than_every_toolkit_is_said() -> None:
    smi = "| NVIDIA-SMI 390.1  Driver Version: 390.1  CUDA Version: 9.1 |\n"
    with pytest.raises(TargetError, match=r"CUDA 9\.1"):
        target_for(derive_facts(Evidence("x86_64", commands={"nvidia-smi": smi})))


def test_nothing_known_is_never_a_default() -> None:
    said = derive_facts(Evidence("x86_64")).to_dict()
    unknown = {name for name, fact in said.items() if fact["value"] is None}
    assert unknown == set(said) - {"machine", "system"}
    assert all(said[name]["reason"] for name in unknown)


def test_the_libcuda_answer_comes_before_nvidia_smi() -> None:
    commands = {"cuDriverGetVersion": "12080\n", "nvidia-smi": "CUDA Version: 12.9 |"}
    fact = derive_facts(Evidence("x86_64", commands=commands)).driver_cuda
    assert str(fact.value) == "12.8"
    assert [str(value) for value, _ in fact.others] == ["12.9"]


def test_the_probe_reads_an_injected_machine(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "nv_tegra_release").write_text(R36)
    model = tmp_path / "proc" / "device-tree" / "model"
    model.parent.mkdir(parents=True)
    model.write_text("NVIDIA Jetson AGX Orin Developer Kit\0")
    asked: list[Sequence[str]] = []

    def run(argv: Sequence[str]) -> str | None:
        asked.append(argv)
        return None

    evidence = gather(root=tmp_path, run=run, machine="aarch64", kernel="5.15.148-tegra")
    assert target_for(derive_facts(evidence)).name == "orin-jp62"
    assert evidence.commands == {}
    assert tuple(read.SMI_QUERY.split()) in asked
    assert Evidence.from_json(evidence.to_json()) == evidence


@pytest.mark.parametrize(
    "argv", [["no-such-command-here"], ["false"], ["sleep", "5"]], ids=["missing", "fails", "hangs"]
)
def test_a_command_that_gives_nothing(argv: list[str]) -> None:
    assert run_command(argv, limit=0.2) is None


def test_a_command_that_answers() -> None:
    assert run_command(["echo", "580.65"]) == "580.65\n"


@pytest.mark.parametrize(
    ("model", "system"),
    [
        ("NVIDIA Jetson AGX Orin Developer Kit", None),
        ("quill", None),
        ("NVIDIA Jetson AGX Thor Developer Kit", "sbsa"),
        ("NVIDIA DGX Spark", "sbsa"),
        ("", "sbsa"),
    ],
)
def test_an_arm_machine_without_l4t_is_a_server_unless_its_model_is_a_jetson(
    model: str, system: str | None
) -> None:
    evidence = Evidence("aarch64", "6.8.12-tegra", files={"/proc/device-tree/model": model})
    fact = derive_facts(evidence).system
    assert fact.value == system
    assert fact.source or "L4T is not known" in fact.reason


def test_two_names_of_one_gpu_are_no_contradiction() -> None:
    smi = "nvidia-smi --query-gpu=driver_version,name,compute_cap --format=csv,noheader"
    model = {"/proc/device-tree/model": "NVIDIA Jetson AGX Thor Developer Kit"}
    thor = Evidence("aarch64", files=model, commands={smi: "580.00, NVIDIA Thor, 11.0\n"})
    assert derive_facts(thor).gpus.others == ()
    odd = Evidence("aarch64", files=model, commands={smi: "540.4.0, Orin (nvgpu), 8.7\n"})
    (other,) = derive_facts(odd).gpus.others
    assert other[0][0].architecture == 110


def test_a_runtime_of_another_version_than_the_toolkit_is_shown() -> None:
    files = {
        "/usr/local/cuda/version.json": '{"cuda": {"version": "12.6.68"}}',
        "/usr/local/cuda/lib64/libcudart.so.12.6.77": "",
    }
    assert derive_facts(Evidence("x86_64", files=files)).host_cuda.others == ()
    files["/usr/local/cuda/lib64/libcudart.so.12.8.90"] = ""
    fact = derive_facts(Evidence("x86_64", files=files)).host_cuda
    assert (str(fact.value), [str(value) for value, _ in fact.others]) == ("12.6.68", ["12.8.90"])


def test_what_an_engine_says_may_have_any_form() -> None:
    said = {
        "runtimes": {"runc": {}, "nvidia": {}},
        "cdi_devices": 7,
        "rootless": True,
        "storage_driver": "overlay2",
        "data_root_free": -1,
    }
    engine = derive_facts(Evidence("x86_64", engine=said)).engine.value
    assert engine is not None
    assert (engine.runtimes, engine.cdi_devices) == (("runc", "nvidia"), ())
    assert (engine.rootless, engine.storage_driver, engine.data_root_free) == (
        True,
        "overlay2",
        None,
    )


def test_the_engine_tells_of_cgroup_1_too() -> None:
    fact = derive_facts(Evidence("x86_64", engine={"cgroup_version": "1"})).cgroup
    assert (fact.value, fact.source) == (1, "engine")
    assert derive_facts(Evidence("x86_64", engine={"cgroup_version": 1.5})).cgroup.value is None


def a_server(distro: str, driver: str, *gpus: str, machine: str = "x86_64") -> Evidence:
    name, _, release = distro.partition(":")
    rows = "".join(f"{driver}, NVIDIA GPU, {gpu}\n" for gpu in gpus)
    smi = "nvidia-smi --query-gpu=driver_version,name,compute_cap --format=csv,noheader"
    os = {"/etc/os-release": f"ID={name}\nVERSION_ID={release}\n"}
    return Evidence(machine, files=os, commands={smi: rows})


@pytest.mark.parametrize(
    ("distro", "driver", "gpu", "target"),
    [
        # CUDA 12.4, 11.4, 11.0: on that distribution, else a newer minor version of the same major
        ("ubuntu:22.04", "550.54.15", "8.9", "x86-cu128+cu124+ubuntu22.04+sm89"),
        ("ubuntu:24.04", "550.54.15", "8.9", "x86-cu128+sm89"),
        ("ubuntu:26.04", "550.54.15", "8.9", "x86-cu128+sm89"),
        ("fedora:42", "550.54.15", "8.9", "x86-cu128+sm89"),
        ("debian:12", "535.183.01", "8.9", "x86-cu128+debian12+sm89"),
        ("debian:13", "550.54.15", "8.9", "x86-cu128+cu124+debian12+sm89"),
        # else on the nearest release
        ("ubuntu:24.04", "470.57.02", "7.5", "x86-cu128+cu118+ubuntu22.04+sm75"),
        ("ubuntu:18.04", "550.54.15", "8.9", "x86-cu128+cu121+ubuntu18.04+sm89"),
        ("ubuntu:20.04", "450.80.02", "7.5", "x86-cu128+cu114+ubuntu20.04+sm75"),
        # GPUs that CUDA 13 no longer knows, and one that only a newer minor version knows
        ("ubuntu:24.04", "580.65.06", "7.0", "x86-cu129+sm70"),
        ("ubuntu:24.04", "590.44.01", "6.1", "x86-cu129+sm61"),
        ("ubuntu:24.04", "570.124.06", "10.3", "x86-cu129+sm103"),
    ],
)
def test_a_server_has_a_target_that_its_driver_runs_and_its_gpu_can_use(
    distro: str, driver: str, gpu: str, target: str
) -> None:
    assert target_for(derive_facts(a_server(distro, driver, gpu))).name == target


def test_of_several_gpus_all_are_compiled_for_where_one_cuda_knows_them() -> None:
    both = derive_facts(a_server("ubuntu:24.04", "580.65.06", "7.0", "12.0"))
    assert target_for(both).name == "x86-cu129+sm70.120"
    # of an architecture that no toolkit knows nothing can be compiled
    some = derive_facts(a_server("ubuntu:24.04", "580.65.06", "9.0", "19.0"))
    assert target_for(some).name == "x86-cu130+sm90"


def test_a_driver_older_than_every_toolkit_still_tells_which_image_is_preferred() -> None:
    facts = derive_facts(a_server("ubuntu:24.04", "418.67", "7.0"))
    with pytest.raises(TargetError, match="older than every listed toolkit"):
        target_for(facts)
    assert nearest_target(facts).arch == "x86_64"
    with pytest.raises(TargetError, match="riscv64"):
        nearest_target(derive_facts(Evidence("riscv64")))


@pytest.mark.parametrize(
    ("model", "l4t"), [("Xavier", "36.4.3"), ("Thor", "36.4.3"), ("Orin", "38.2.0")]
)
def test_an_l4t_that_is_not_for_the_board_is_said(model: str, l4t: str) -> None:
    major, _, rest = l4t.partition(".")
    files = {
        "/etc/nv_tegra_release": f"# R{major} (release), REVISION: {rest}, GCID: 1\n",
        "/proc/device-tree/model": f"NVIDIA Jetson {model} Developer Kit",
    }
    facts = derive_facts(Evidence("aarch64", files=files))
    with pytest.raises(TargetError, match=f"L4T {l4t} is for"):
        target_for(facts)
    assert nearest_target(facts).arch == "aarch64"
