"""Checks of the way to the GPU: runtimes, toolkit, CDI."""

from __future__ import annotations

import pytest

from jetson_containers.doctor import cdi, driver, runtimes, target, toolkit
from tests.unit.doctor.hosts import SMI, orin, remedy, said, server, severities

ETC, RUN = cdi.SPECIFICATIONS


def ctk(version: str) -> dict[str, str]:
    return {toolkit.TOOLKIT: f"NVIDIA Container Toolkit CLI version {version}\n"}


def test_without_the_nvidia_runtime_no_container_reaches_the_gpu() -> None:
    host = server(engine={"runtimes": ["runc"]}, commands=ctk("1.18.0"))
    (verdict,) = said(runtimes.CHECK, host)
    assert verdict.severity == "error"
    assert verdict.remedy is not None and verdict.remedy.automatic
    assert "stops every container" in verdict.remedy.disturbs
    assert str(verdict.remedy) == (
        "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"
    )


def test_the_toolkit_is_installed_first_where_it_is_missing() -> None:
    mends = remedy(runtimes.CHECK, orin(engine={"runtimes": ["runc"]}))
    assert mends.startswith("sudo apt-get install -y nvidia-container && ")
    (verdict,) = said(runtimes.CHECK, server(engine={"runtimes": ["runc"]}))
    assert verdict.remedy is not None and not verdict.remedy.automatic
    assert str(verdict.remedy) == "sudo apt-get install nvidia-container-toolkit"


def test_on_jetson_the_nvidia_runtime_has_to_be_the_default() -> None:
    host = orin(engine={"default_runtime": "runc"})
    assert severities(runtimes.CHECK, host) == ["warning"]
    assert "--set-as-default" in remedy(runtimes.CHECK, host)
    assert severities(runtimes.CHECK, server(engine={"default_runtime": "runc"})) == ["ok"]


def test_cdi_devices_stand_in_for_the_runtime_but_not_on_tegra() -> None:
    engine = {"runtimes": ["runc"], "cdi_devices": ["nvidia.com/gpu=all"]}
    assert severities(runtimes.CHECK, server(engine=engine)) == ["ok"]
    assert severities(runtimes.CHECK, orin(engine=engine)) == ["error"]


def test_a_machine_without_a_gpu_needs_none_of_it() -> None:
    host = server(gpu=False, engine={"runtimes": ["runc"]})
    assert severities(runtimes.CHECK, host) == ["ok"]
    assert said(toolkit.CHECK, host) == []
    assert said(cdi.CHECK, host) == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.11.0", ["warning", "warning"]),
        ("1.16.1", ["warning"]),
        ("1.16.2", ["warning"]),
        ("1.17.0", ["warning", "warning"]),
        ("1.17.8", ["ok"]),
        ("1.19.1", ["warning"]),
        ("1.20.0", ["ok"]),
        ("unknown", ["info"]),
    ],
)
def test_versions_of_the_toolkit(version: str, expected: list[str]) -> None:
    assert severities(toolkit.CHECK, server(commands=ctk(version))) == expected


def test_each_known_fault_has_a_source() -> None:
    assert all(item.fault and item.source for item in toolkit.KNOWN_FAULTS)


def test_on_jetson_a_fault_of_the_toolkit_is_told_and_not_mended() -> None:
    (verdict,) = said(toolkit.CHECK, orin(commands=ctk("1.16.2")))
    assert (verdict.severity, verdict.remedy) == ("info", None)


@pytest.mark.parametrize("path", cdi.SPECIFICATIONS)
@pytest.mark.parametrize(
    ("library", "expected"),
    [
        ("libcuda.so.570.124.06", "ok"),
        ("libcuda.so.570.124", "warning"),
        ("libnvidia-ml.so.550.120", "warning"),
        ("libcuda.so.1", "info"),
    ],
)
def test_a_specification_is_of_the_driver_that_runs(
    path: str, library: str, expected: str
) -> None:
    host = server(files={path: f"{library}\n"}, engine={"server_version": "24.0"})
    assert severities(cdi.CHECK, host) == [expected]


def test_an_outdated_specification_is_made_again_where_it_lies() -> None:
    host = server(files={RUN: "libcuda.so.1.2\nlibcuda.so.550.120\n"})
    assert remedy(cdi.CHECK, host) == f"sudo nvidia-ctk cdi generate --output={RUN}"


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ({"runtimes": ["runc"], "cdi_devices": []}, "warning"),
        ({"runtimes": ["nvidia", "runc"], "cdi_devices": []}, "info"),
        ({"cdi_devices": ["nvidia.com/gpu=all"]}, "ok"),
    ],
)
def test_without_a_specification(engine: dict[str, list[str]], expected: str) -> None:
    assert severities(cdi.CHECK, server(engine=engine)) == [expected]


@pytest.mark.parametrize(
    ("version", "directories", "expected"),
    [
        ("24.0.7", [], ["ok"]),
        ("27.5.1", [], ["ok", "info"]),
        ("27.5.1", ["/etc/cdi"], ["ok", "ok"]),
        ("28.2.0", ["/etc/cdi"], ["ok", "warning"]),
    ],
)
def test_an_engine_that_does_not_list_what_is_specified(
    version: str, directories: list[str], expected: list[str]
) -> None:
    host = server(
        files={ETC: "libcuda.so.570.124.06\n"},
        engine={"server_version": version, "cdi_directories": directories},
    )
    assert severities(cdi.CHECK, host) == expected


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        (("0", "1", "all"), ["ok"]),
        (("gpu0", "gpu1", "all"), ["ok"]),
        (("0", "all"), ["ok", "warning"]),
        (("0:0", "0:1", "all"), ["ok", "warning"]),
        # by UUID alone they cannot be counted: a GPU may have several names
        (("GPU-1", "all"), ["ok"]),
    ],
)
def test_gpus_that_the_cdi_specification_leaves_out(
    devices: tuple[str, ...], expected: list[str]
) -> None:
    rows = "570.124.06, NVIDIA L4, 8.9\n570.124.06, Tesla V100-SXM2-16GB, 7.0\n"
    listed = [f"nvidia.com/gpu={name}" for name in devices]
    host = server(commands={SMI: rows}, engine={"cdi_devices": listed})
    assert severities(cdi.CHECK, host) == expected
    if "warning" in expected:
        assert "1 of 2 GPUs" in said(cdi.CHECK, host)[-1].message


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        ("", None),
        ("No devices were found", ""),
        ("Unable to determine the device handle for GPU1: 0000:3B:00.0: GPU is lost.", "reboot"),
        (
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make "
            "sure that the latest NVIDIA driver is installed and running.",
            "modprobe nvidia",
        ),
    ],
)
@pytest.mark.parametrize("row", ["", "570.1, NVIDIA L4, 8.9\n"])
def test_what_nvidia_smi_reports_is_told(fault: str, remedy: str | None, row: str) -> None:
    (verdict,) = said(driver.CHECK, server(commands={SMI: f"{row}{fault}\n"}))
    if remedy is None:
        assert verdict.severity == "ok"
        return
    assert verdict.severity == ("error" if remedy or not row else "warning")
    assert fault in verdict.message
    assert remedy in str(verdict.remedy or "")


def test_a_driver_that_fails_is_no_machine_without_one() -> None:
    for fault in ("No devices were found\n", "Driver/library version mismatch\n"):
        host = server(commands={SMI: fault})
        (verdict,) = said(runtimes.CHECK, host)
        assert "no NVIDIA GPU" not in verdict.message
        (verdict,) = said(runtimes.CHECK, server(commands={SMI: fault}, engine={"runtimes": []}))
        assert verdict.severity == "error"


def test_a_tegra_does_without_what_nvidia_smi_asks() -> None:
    assert severities(driver.CHECK, orin(commands={SMI: "No devices were found\n"})) == ["warning"]


def test_a_fault_that_another_check_explains_and_an_old_tool_are_none() -> None:
    mismatch = "Failed to initialize NVML: Driver/library version mismatch\n"
    assert said(driver.CHECK, server(commands={SMI: mismatch})) == []
    old = 'Field "compute_cap" is not a valid field to query.\n'
    assert severities(driver.CHECK, server(commands={SMI: old})) == ["ok"]
    assert said(driver.CHECK, server(gpu=False)) == []


@pytest.mark.parametrize(
    ("other", "left"),
    [("Tesla V100-SXM2-16GB, 7.0", ""), ("Tesla K80, 3.7", "Tesla K80 (sm_37)")],
)
def test_a_gpu_that_no_image_for_this_machine_can_serve_is_told(other: str, left: str) -> None:
    host = server(commands={SMI: f"580.65.06, NVIDIA L4, 8.9\n580.65.06, {other}\n"})
    warned = [item.message for item in said(target.CHECK, host) if item.severity == "warning"]
    assert len(warned) == bool(left) and all(f"no code for {left}:" in text for text in warned)
    assert other.partition(",")[0] in said(target.CHECK, host)[-1].message


@pytest.mark.parametrize("release", ["", "# R41 (release), REVISION: x\n"])
def test_a_jetson_whose_l4t_is_not_told_is_judged_as_run_starts_it(release: str) -> None:
    """Through the runtime, never --gpus or CDI."""
    host = orin(
        files={"/etc/nv_tegra_release": release},
        engine={"default_runtime": "runc", "cdi_devices": ["nvidia.com/gpu=all"]},
    )
    assert said(cdi.CHECK, host) == []
    assert severities(runtimes.CHECK, host) == ["warning"]


def test_no_runtime_is_needed_where_the_engine_reads_cdi_and_lists_none() -> None:
    engine = {"runtimes": ["runc"], "cdi_directories": ["/etc/cdi"]}
    assert severities(runtimes.CHECK, server(files={ETC: ""}, engine=engine)) == ["ok"]
    assert severities(runtimes.CHECK, server(engine=engine)) == ["error"]
