"""Gathering evidence from a machine that is laid out in a directory."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from jetson_containers.platform import read
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.host import derive_facts
from jetson_containers.platform.probe import (
    COMMANDS,
    FILE_LIMIT,
    gather,
    native_libcuda,
    run_command,
)


def library(root: Path, folder: str, name: str = "libcuda.so.1") -> Path:
    path = root / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize(
    "folder",
    ["usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib/wsl/lib", "usr/lib/x86_64-linux-gnu/nvidia"],
)
def test_the_native_driver_library_is_found(tmp_path: Path, folder: str) -> None:
    path = library(tmp_path, folder)
    assert native_libcuda(tmp_path, "x86_64") == path


@pytest.mark.parametrize("kind", ["compat", "lib64/stubs"])
def test_a_library_of_a_toolkit_is_never_asked(tmp_path: Path, kind: str) -> None:
    foreign = library(tmp_path, f"usr/local/cuda-13.0/{kind}", "libcuda.so.580.65.06")
    link = tmp_path / "usr/lib/x86_64-linux-gnu/libcuda.so.1"
    link.parent.mkdir(parents=True)
    link.symlink_to(foreign)
    assert native_libcuda(tmp_path, "x86_64") is None


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
@pytest.mark.parametrize(("status", "says"), [(0, "12080\n"), (100, None)])
def test_the_driver_library_is_asked_for_its_version(
    tmp_path: Path, status: int, says: str | None
) -> None:
    path = library(tmp_path, "usr/lib/x86_64-linux-gnu")
    code = f"int cuDriverGetVersion(int *v) {{ *v = 12080; return {status}; }}"
    (tmp_path / "cuda.c").write_text(code)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", path, tmp_path / "cuda.c"], check=True)
    evidence = gather(root=tmp_path, machine="x86_64", kernel="6.8")
    assert evidence.commands.get(read.CU_DRIVER) == says


def test_on_wsl_the_tools_of_its_driver_are_run(tmp_path: Path) -> None:
    smi = library(tmp_path, "usr/lib/wsl/lib", "nvidia-smi")
    asked: list[str] = []

    def run(argv: Sequence[str]) -> str | None:
        asked.append(argv[0])
        return "576.02, NVIDIA GeForce RTX 4080, 8.9\n" if argv[1:] else None

    evidence = gather(root=tmp_path, run=run, machine="x86_64", kernel="6.8")
    assert asked.count(str(smi)) == 2 and "nvidia-smi" not in asked
    assert derive_facts(evidence).driver.value == "576.02"


def test_names_of_the_cuda_runtime_are_listed(tmp_path: Path) -> None:
    library(tmp_path, "usr/local/cuda/lib64", "libcudart.so.12.6.77")
    library(tmp_path, "usr/local/cuda/lib64", "libcublas.so.12")
    evidence = gather(root=tmp_path, run=lambda argv: None, machine="x86_64", kernel="6.8")
    assert list(evidence.files) == ["/usr/local/cuda/lib64/libcudart.so.12.6.77"]


def test_commands_run_at_the_same_time(tmp_path: Path) -> None:
    met = threading.Barrier(len(COMMANDS), timeout=10)

    def run(argv: Sequence[str]) -> str | None:
        if argv[1:]:
            met.wait()  # none goes on before all have begun
        return "done"

    evidence = gather(root=tmp_path, run=run, machine="x86_64", kernel="6.8")
    assert set(evidence.commands.values()) == {"done"}


def test_a_command_that_cannot_be_killed_is_left_behind(tmp_path: Path) -> None:
    released = threading.Event()

    def run(argv: Sequence[str]) -> str | None:
        if argv[0] == "nvidia-smi":
            released.wait()
        return "done"

    evidence = gather(root=tmp_path, run=run, machine="x86_64", kernel="6.8", limit=0.5)
    released.set()
    assert read.PYTHON_COMMAND in evidence.commands
    assert read.SMI not in evidence.commands


def test_a_file_without_end_is_cut(tmp_path: Path) -> None:
    path = tmp_path / read.L4T_RELEASE_FILE.lstrip("/")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"# R36 (release), REVISION: 4.3\n" + b"\xff" * (FILE_LIMIT + 10))
    evidence = gather(root=tmp_path, run=lambda argv: None, machine="aarch64", kernel="5.15")
    assert len(evidence.files[read.L4T_RELEASE_FILE]) == FILE_LIMIT
    assert str(derive_facts(evidence).l4t.value) == "36.4.3"


ROW = "580.65.06, NVIDIA L4, 8.9\n"
MISMATCH = "Failed to initialize NVML: Driver/library version mismatch\n"
OLD = 'Field "compute_cap" is not a valid field to query.\n'


@pytest.mark.parametrize(
    ("query", "libcuda", "times"),
    [
        (ROW, "13000\n", 1),
        (ROW, None, 2),
        (OLD, "13000\n", 2),
        (None, "13000\n", 1),
        (MISMATCH, None, 1),
    ],
)
def test_nvidia_smi_is_asked_again_only_where_that_tells_more(
    tmp_path: Path, query: str | None, libcuda: str | None, times: int
) -> None:
    library(tmp_path, "usr/lib64")
    asked: list[str] = []

    def run(argv: Sequence[str]) -> str | None:
        asked.append(argv[0])
        if argv[0] == "nvidia-smi":
            return query if argv[1:] else "a table"
        return libcuda if "libcuda.so.1" in argv[-1] else None

    evidence = gather(root=tmp_path, run=run, machine="x86_64", kernel="6.8")
    assert asked.count("nvidia-smi") == times
    assert (evidence.commands.get(read.SMI) == "a table") is (times == 2)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (f"printf '{MISMATCH}'; exit 18", MISMATCH),
        ("echo lost >&2; exit 15", "lost\n"),
        ("echo fine", "fine\n"),
    ],
)
def test_what_a_failing_nvidia_smi_says_is_kept(tmp_path: Path, script: str, says: str) -> None:
    for name in ("nvidia-smi", "other"):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    assert run_command([str(tmp_path / "nvidia-smi")]) == says
    assert (run_command([str(tmp_path / "other")]) is None) is ("exit" in script)


def test_no_gpu_is_left_out_of_the_facts() -> None:
    """The driver of one does not answer, one has no known capability, two kinds have a number."""
    rows = (
        "[N/A], NVIDIA L4, 8.9\n"
        "580.65.06, NVIDIA L4, 8.9\n"
        "580.65.06, Tesla V100-SXM2-16GB, 7.0\n"
        "580.65.06, Some Prototype, [N/A]\n"
        "Unable to determine the device handle for GPU2: 0000:3B:00.0: GPU is lost.\n"
    )
    evidence = Evidence("x86_64", commands={read.SMI_QUERY: rows})
    facts = derive_facts(evidence)
    assert [str(gpu) for gpu in facts.gpus.value or ()] == [
        "2 x NVIDIA L4 (sm_89)",
        "Tesla V100-SXM2-16GB (sm_70)",
        "Some Prototype (unknown kind)",
    ]
    assert facts.driver.value == "580.65.06"
    (fault,) = read.smi_faults(evidence)
    assert fault.endswith("GPU is lost.")
