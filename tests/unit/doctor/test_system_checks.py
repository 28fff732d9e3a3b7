"""Checks of the system: kernel, packet filter, memory, clock, JetPack, sources, power."""

from __future__ import annotations

import pytest

from jetson_containers.doctor import (
    answers,
    clock,
    host_cuda,
    jetpack,
    kernel_modules,
    memory,
    packet_filter,
    power_mode,
    sources,
    target,
)
from jetson_containers.doctor.model import Host
from jetson_containers.platform.evidence import Evidence
from tests.golden.doctor import host_of
from tests.unit.doctor.hosts import ORIN, SMI, orin, remedy, said, server, severities

DEPENDENCIES, BUILT_IN = kernel_modules.module_lists(ORIN)
NFT = {packet_filter.IPTABLES: "iptables v1.8.7 (nf_tables)\n"}
LEGACY = {packet_filter.IPTABLES: "iptables v1.8.7 (legacy)\n"}
FIRST_NAMES = [item.names[0] for item in kernel_modules.NEEDED]


def listed(*names: str) -> str:
    return "".join(f"kernel/net/{name}.ko: kernel/lib/other.ko\n" for name in names)


def with_modules(*names: str, engine: dict[str, str] | None = None, **files: str) -> Host:
    return orin(files={DEPENDENCIES: listed(*names), **files}, engine=engine)


def test_modules_may_be_loadable_built_in_or_loaded_and_compressed() -> None:
    host = orin(
        files={
            DEPENDENCIES: "kernel/a/overlay.ko.zst: kernel/b/c.ko\nupdates/br-netfilter.ko.xz:\n",
            BUILT_IN: "kernel/net/veth.ko\n",
            kernel_modules.LOADED: "bridge\n",
        }
    )
    assert kernel_modules.modules(host) == {"overlay", "br_netfilter", "veth", "bridge"}


def test_without_the_list_nothing_is_claimed() -> None:
    assert kernel_modules.modules(orin(files={BUILT_IN: listed("veth")})) is None
    assert severities(kernel_modules.CHECK, orin()) == ["info"]


@pytest.mark.parametrize("missing", FIRST_NAMES)
def test_a_missing_module_is_worse_where_no_engine_answers(missing: str) -> None:
    rest = [name for name in FIRST_NAMES if name != missing]
    assert severities(kernel_modules.CHECK, with_modules(*rest)) == ["warning"]
    vital = missing != "br_netfilter"
    silent = with_modules(*rest, engine={})
    assert severities(kernel_modules.CHECK, silent) == ["error" if vital else "warning"]


def test_all_modules_are_there() -> None:
    assert severities(kernel_modules.CHECK, with_modules(*FIRST_NAMES)) == ["ok"]
    unloaded = with_modules(*FIRST_NAMES, **{kernel_modules.LOADED: "overlay\n"})
    assert severities(kernel_modules.CHECK, unloaded) == ["info"]
    assert remedy(kernel_modules.CHECK, unloaded) == "sudo modprobe br_netfilter"


def raw(host: Host) -> list[str]:
    return [item.severity for item in packet_filter.judge(host) if "raw table" in item.message]


@pytest.mark.parametrize(
    ("docker", "modules", "expected"),
    [
        ("27.5.1", ["overlay"], []),
        ("28.0.0", ["overlay"], ["error"]),
        ("28.4.0", ["overlay"], ["error"]),
        ("28.4.0", ["overlay", "iptable_raw"], ["ok"]),
    ],
)
def test_docker_28_needs_the_raw_table_of_the_kernel(
    docker: str, modules: list[str], expected: list[str]
) -> None:
    assert raw(with_modules(*modules, engine={"server_version": docker})) == expected


@pytest.mark.parametrize(
    ("revision", "expected"), [("3.0", ["warning"]), ("4.3", ["warning"]), ("4.7", [])]
)
def test_without_the_list_of_modules_the_version_of_l4t_decides(
    revision: str, expected: list[str]
) -> None:
    assert raw(orin(revision, engine={"server_version": "28.1.1"})) == expected


def test_a_docker_that_was_told_to_go_without_the_raw_table() -> None:
    told = {packet_filter.DAEMON_SETTINGS: "DOCKER_INSECURE_NO_IPTABLES_RAW=1\n"}
    assert raw(orin(commands=told, engine={"server_version": "28.1.1"})) == ["info"]


def test_how_to_go_without_the_raw_table_depends_on_the_version() -> None:
    first = with_modules("overlay", engine={"server_version": "28.0.0"})
    later = with_modules("overlay", engine={"server_version": "28.0.2"})
    assert "update Docker" in said(packet_filter.CHECK, first)[0].message
    assert "DOCKER_INSECURE" in said(packet_filter.CHECK, later)[0].message


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (orin(commands=NFT), "ok"),
        (orin(commands=NFT, engine={}), "warning"),
        (orin(commands=LEGACY, engine={}), "ok"),
        (server(commands=NFT, engine={}), "ok"),
        (server(engine={}), "info"),
    ],
)
def test_the_backend_of_iptables(host: Host, expected: str) -> None:
    assert severities(packet_filter.CHECK, host) == [expected]


def test_jobs_that_fit_into_memory() -> None:
    assert memory.jobs_that_fit(8 * 2**30, 12) == 2
    assert memory.jobs_that_fit(1 * 2**30, 12) == 1
    assert memory.jobs_that_fit(512 * 2**30, 12) == 12


def with_memory(gib: int, swaps: str = "") -> Host:
    return orin(
        files={
            "/proc/meminfo": f"MemTotal: {gib * 2**20} kB\n",
            memory.SWAPS: f"Filename Type Size Used Priority\n{swaps}",
        },
        commands={memory.CPUS: "12\n"},
    )


@pytest.mark.parametrize(
    ("host", "expected", "jobs"),
    [
        (with_memory(8), ["warning"], 2),
        (with_memory(8, "/swap file 8388608 0 -2\n"), ["ok"], 4),
        (with_memory(8, "/dev/zram0 partition 8388608 0 5\n"), ["warning", "info"], 2),
        (with_memory(64), ["ok"], 12),
    ],
)
def test_memory_and_swap_for_building_from_source(
    host: Host, expected: list[str], jobs: int
) -> None:
    verdicts = said(memory.CHECK, host)
    assert [item.severity for item in verdicts] == expected
    assert f"MAX_JOBS={jobs}" in verdicts[0].message


@pytest.mark.parametrize(
    ("seconds", "synchronised", "expected"),
    [
        ("417", "no", ["error"]),
        ("1736300976", "yes", ["error"]),
        ("1795249746", "yes", ["ok"]),
        ("1795249746", "no", ["info"]),
        ("99999999999", "yes", ["ok"]),
        ("never", "no", []),
    ],
)
def test_the_clock(seconds: str, synchronised: str, expected: list[str]) -> None:
    host = server(commands={clock.NOW: seconds, clock.SYNCHRONISED: synchronised})
    assert severities(clock.CHECK, host) == expected


def test_a_clock_before_the_l4t_that_runs_is_wrong() -> None:
    release = "# R39 (release), REVISION: 2.0, X: 1, DATE: Fri Aug  7 10:00:00 UTC 2026\n"
    host = orin(files={"/etc/nv_tegra_release": release}, commands={clock.NOW: "1780000000"})
    assert severities(clock.CHECK, host) == ["error"]


@pytest.mark.parametrize(
    ("revision", "package", "expected"),
    [
        ("4.3", "6.2+b77", ["ok"]),
        ("4.3", "6.2.1+b38", ["warning"]),
        ("4.9", "6.2.2+b1", ["info"]),
        ("4.3", "", ["info"]),
        ("4.3", "odd", ["info"]),
    ],
)
def test_jetpack_against_l4t(revision: str, package: str, expected: list[str]) -> None:
    host = orin(revision, commands={jetpack.JETPACK_PACKAGE: package})
    assert severities(jetpack.CHECK, host) == expected


def test_two_sources_that_disagree_are_both_named() -> None:
    l4t = "dpkg-query -W -f=${Version} nvidia-l4t-core"
    (verdict,) = said(sources.CHECK, orin(commands={l4t: "36.4.7-20250918154033"}))
    assert verdict.severity == "warning"
    assert "36.4.3" in verdict.message and "36.4.7" in verdict.message
    assert severities(sources.CHECK, orin()) == ["ok"]


def test_a_gpu_may_have_a_name_for_each_source() -> None:
    same = orin(commands={SMI: "540.4.0, Orin (nvgpu), 8.7\n"})
    assert severities(sources.CHECK, same) == ["ok"]
    other = orin(commands={SMI: "540.4.0, Orin (nvgpu), 7.2\n"})
    assert "sm_72 by nvidia-smi, and sm_87" in said(sources.CHECK, other)[0].message


def test_a_program_that_hangs_is_named_once() -> None:
    host = server(commands={answers.SILENT: "nvidia-smi\nnvidia-smi\n"})
    (verdict,) = said(answers.CHECK, host)
    assert verdict.severity == "warning" and "`nvidia-smi` did not end" in verdict.message


@pytest.mark.parametrize(
    ("output", "expected"),
    [("NV Power Mode: MAXN_SUPER\n2\n", "ok"), ("NV Power Mode: 15W\n0\n", "info"), ("", "info")],
)
def test_the_power_mode_of_a_jetson(output: str, expected: str) -> None:
    host = orin(commands={power_mode.POWER_MODE: output})
    assert severities(power_mode.CHECK, host) == [expected]
    assert said(power_mode.CHECK, server()) == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (orin(), "ok"),
        (server(gpu=False), "info"),
        (host_of(Evidence("riscv64")), "error"),
        (orin(files={"/etc/nv_tegra_release": "# R77 (release), REVISION: 1.0"}), "error"),
    ],
)
def test_a_machine_has_a_target(host: Host, expected: str) -> None:
    assert severities(target.CHECK, host) == [expected]


@pytest.mark.parametrize(("here", "severity"), [("12.8.93", "info"), ("12.6.68", "ok"), ("", "ok")])
def test_the_cuda_of_the_machine_is_set_against_that_of_containers(
    here: str, severity: str
) -> None:
    text = f'{{"cuda": {{"version": "{here}"}}}}'
    host = orin(files={"/usr/local/cuda/version.json": text} if here else {})
    (verdict,) = said(host_cuda.CHECK, host)
    assert verdict.severity == severity
    assert here in verdict.message and "CUDA 12.6" in verdict.message


def test_without_a_target_the_reason_is_the_one_that_stands_against_it() -> None:
    smi = "| NVIDIA-SMI 390.1  Driver Version: 390.1  CUDA Version: 9.1 |\n"
    host = host_of(Evidence("x86_64", commands={"nvidia-smi": smi}))
    (verdict,) = said(target.CHECK, host)
    assert verdict.severity == "error"
    assert "CUDA 9.1" in verdict.message and "nv_tegra_release" not in verdict.message


@pytest.mark.parametrize("command", ["nvidia-smi", SMI])
def test_libraries_of_another_version_than_the_driver_that_runs_are_said(command: str) -> None:
    text = "Failed to initialize NVML: Driver/library version mismatch\n"
    (verdict,) = said(sources.CHECK, server(commands={command: text}))
    assert verdict.severity == "error" and "without a restart" in verdict.message
    assert verdict.remedy is not None and not verdict.remedy.automatic
