"""Gathering evidence from a machine that is laid out in a directory."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from jetson_containers.platform import read
from jetson_containers.platform.host import derive_facts
from jetson_containers.platform.probe import COMMANDS, FILE_LIMIT, gather, native_libcuda


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
