"""``run --dry-run`` on recorded hosts: the command on stdout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jetson_containers.cli.main import main
from jetson_containers.platform.read import SMI_QUERY

Capture = pytest.CaptureFixture[str]
RELEASE = "# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic, EABI: aarch64, DATE: x\n"


def host(
    folder: Path,
    machine: str,
    runtimes: list[str],
    l4t: str = "",
    cdi: tuple[str, ...] = (),
    smi: str = "",
) -> str:
    """A file with the evidence of a machine."""
    path = folder / "facts.json"
    document = {
        "format": 1,
        "machine": machine,
        "files": {"/etc/nv_tegra_release": l4t} if l4t else {},
        "commands": {SMI_QUERY: smi} if smi else {},
        "engine": {"server_version": "28", "runtimes": runtimes, "cdi_devices": cdi},
    }
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.parametrize(
    ("machine", "l4t", "cdi", "gpu"),
    [
        ("aarch64", RELEASE, (), "--runtime nvidia"),
        ("aarch64", RELEASE, ("nvidia.com/gpu=all",), "--runtime nvidia"),
        ("aarch64", RELEASE.replace("R36", "R38"), (), "--gpus all"),
        ("aarch64", "", ("nvidia.com/gpu=all",), "--device nvidia.com/gpu=all"),
        ("x86_64", "", (), "--gpus all"),
    ],
)
def test_each_kind_of_machine(
    machine: str, l4t: str, cdi: tuple[str, ...], gpu: str, tmp_path: Path, capsys: Capture
) -> None:
    facts = host(tmp_path, machine, ["runc", "nvidia"], l4t, cdi)
    words = ["--facts", facts, "--data", str(tmp_path), "-e", "A=1", "img", "serve", "--no-gpu"]
    assert main(["run", "--dry-run", *words]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"docker run {gpu} ")
    assert " --network host --shm-size 8g " in out and f" --volume {tmp_path}:/data " in out
    assert out.endswith(" -e A=1 img serve --no-gpu\n")
    assert "/etc/nv_tegra_release:" in out if l4t else "nv_tegra" not in out


@pytest.mark.parametrize(
    ("machine", "l4t", "why"),
    [
        ("aarch64", "# Jetson Linux 41", "whose L4T is not known"),
        ("riscv64", "", "machine 'riscv64' is neither"),
    ],
)
def test_a_machine_of_unknown_kind_is_never_given_gpus(
    machine: str,
    l4t: str,
    why: str,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    facts = host(tmp_path, machine, ["runc", "nvidia"], l4t, ("nvidia.com/gpu=all",))
    words = ["--dry-run", "--facts", facts, "--data", str(tmp_path), "img"]
    assert main(["run", *words]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("docker run --runtime nvidia ") and "--gpus" not in told.out
    assert ("/etc/nv_tegra_release:" in told.out) is bool(l4t)
    assert told.err.startswith("warning: what kind of machine") and why in told.err
    assert ("as on a Jetson" in told.err) is bool(l4t)
    for quiet in (["--no-gpu"], ["--gpus", "all"]):
        assert main(["run", *quiet, *words]) == 0
        assert "what kind of machine" not in capsys.readouterr().err
    monkeypatch.setenv("SYSTEM_ARCH", "aarch64")
    assert main(["run", *words]) == 0
    assert "what kind of machine" not in capsys.readouterr().err


def test_without_an_nvidia_runtime(tmp_path: Path, capsys: Capture) -> None:
    facts = host(tmp_path, "x86_64", ["runc"])
    words = ["--dry-run", "--facts", facts, "--data", str(tmp_path), "img"]
    assert main(["run", *words]) == 1
    assert "nvidia-ctk runtime configure" in capsys.readouterr().err
    assert main(["run", "--no-gpu", *words]) == 0
    assert " --gpus" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--no-gpu"],
        ["--name"],
        ["--no-gpu=yes", "img"],
        ["BAD NAME"],
        ["--data", "/nonexistent", "img"],
        ["--csi-capture-res=1x1@1", "img"],
        ["--csi2webcam", "--csi-output-res=big", "img"],
        ["--csi2webcam", "-d", "img"],
        ["--csi2webcam", "img"],
    ],
)
def test_wrong_usage(words: list[str], tmp_path: Path, capsys: Capture) -> None:
    facts = host(tmp_path, "x86_64", ["runc", "nvidia"])
    assert main(["run", "--dry-run", "--facts", facts, *words]) == 2
    told = capsys.readouterr()
    assert told.out == "" and "hint:" in told.err


def test_an_option_that_took_the_image_for_its_value_is_named(capsys: Capture) -> None:
    assert main(["run", "--name", "img"]) == 2
    assert "--name took 'img' for its value" in capsys.readouterr().err


def test_an_unknown_option_is_named_and_the_nearest_one(capsys: Capture) -> None:
    assert main(["run", "--no-gpus", "img"]) == 2
    told = capsys.readouterr().err
    assert "--no-gpus is no option" in told and "did you mean --no-gpu" in told


def test_an_image_for_another_machine_is_warned_of(tmp_path: Path, capsys: Capture) -> None:
    facts = host(tmp_path, "x86_64", ["runc", "nvidia"])
    assert main(["run", "--dry-run", "--facts", facts, "dustynv/pytorch:2.1-r35.4.1"]) == 0
    told = capsys.readouterr()
    assert told.out.endswith(" dustynv/pytorch:2.1-r35.4.1\n")
    assert told.err.startswith("warning: ") and "(wrong-arch)" in told.err


@pytest.mark.parametrize(("words", "warned"), [([], True), (["--no-gpu"], False)])
def test_a_driver_that_fails_is_warned_of(
    words: list[str], warned: bool, tmp_path: Path, capsys: Capture
) -> None:
    facts = host(tmp_path, "x86_64", ["runc", "nvidia"], smi="No devices were found\n")
    assert main(["run", "--dry-run", "--facts", facts, *words, "img"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("docker run ")
    assert ("nvidia-smi says: No devices were found" in told.err) == warned


def test_a_secret_is_in_no_printed_command(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    facts = host(tmp_path, "x86_64", ["runc", "nvidia"])
    assert main(["run", "--dry-run", "--facts", facts, "img"]) == 0
    assert "hf_secret" not in "".join(capsys.readouterr())
