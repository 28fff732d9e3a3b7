"""The argv of ``docker run`` from facts and wishes."""

import shlex
from pathlib import PurePosixPath

import pytest

from jetson_containers.launch.command import LaunchError, run_argv
from jetson_containers.launch.options import read_words
from jetson_containers.platform.target import System

CDI = ("nvidia.com/gpu=0", "nvidia.com/gpu=all")
BOTH = ("runc", "nvidia")


def line(
    words: str,
    system: System | None = "x86_64",
    *,
    runtimes: tuple[str, ...] = BOTH,
    cdi: tuple[str, ...] = (),
    terminal: bool = False,
    gpu: bool = True,
    data: str | None = None,
) -> str:
    read = read_words(shlex.split(words))
    argv = run_argv(
        read.image,
        system=system,
        runtimes=runtimes,
        cdi_devices=cdi,
        options=read.options,
        command=read.command,
        terminal=terminal,
        gpu=gpu,
        data=PurePosixPath(data) if data else None,
    )
    return shlex.join(argv)


REST = "--rm --network host --shm-size 8g"


@pytest.mark.parametrize(
    ("system", "cdi", "gpu"),
    [
        ("tegra", (), "--runtime nvidia"),
        ("tegra", CDI, "--runtime nvidia"),
        ("sbsa", (), "--gpus all"),
        ("sbsa", CDI, "--device nvidia.com/gpu=all"),
        ("x86_64", (), "--gpus all"),
        ("x86_64", CDI, "--device nvidia.com/gpu=all"),
        ("x86_64", ("nvidia.com/gpu=0",), "--gpus all"),
        (None, (), "--gpus all"),
    ],
)
def test_gpus(system: System | None, cdi: tuple[str, ...], gpu: str) -> None:
    assert line("img ls", system, cdi=cdi) == f"docker run {gpu} {REST} img ls"


@pytest.mark.parametrize("system", ["tegra", "sbsa", "x86_64"])
def test_without_a_runtime_it_is_said_with_the_remedy(system: System) -> None:
    with pytest.raises(LaunchError) as caught:
        line("img", system, runtimes=("runc",))
    assert "nvidia-ctk runtime configure" in caught.value.hint
    assert "--no-gpu" in caught.value.hint
    assert line("img", system, runtimes=("runc",), gpu=False) == f"docker run {REST} img"


def test_cdi_needs_no_runtime() -> None:
    assert "--device nvidia.com/gpu=all" in line("img", runtimes=("runc",), cdi=CDI)


@pytest.mark.parametrize(
    "own", ["--gpus 1", "--gpus=all", "--runtime runc", "--device nvidia.com/gpu=0"]
)
def test_the_users_choice_of_gpus_wins(own: str) -> None:
    expected = f"docker run {REST} {own} img"
    assert line(f"{own} img", "tegra") == expected
    assert line(f"{own} img", runtimes=("runc",)) == expected


@pytest.mark.parametrize(
    ("own", "gone"),
    [
        ("--rm=false", "--rm"),
        ("--restart always", "--rm"),
        ("-i", "-it"),
        ("-d", "-it"),
        ("--network bridge", "--network host"),
        ("--net=none", "--network host"),
        ("--shm-size=1g", "--shm-size 8g"),
        ("--ipc host", "--shm-size 8g"),
        ("-v /mine:/data", "--volume /d:/data"),
        ("--volume=/mine:/data/:ro", "--volume /d:/data"),
        ("--mount type=bind,src=/mine,dst=/data", "--volume /d:/data"),
        ("--tmpfs /data:size=1g", "--volume /d:/data"),
    ],
)
def test_a_users_option_replaces_the_default_of_its_kind(own: str, gone: str) -> None:
    defaults = "--gpus all --rm -it --network host --shm-size 8g --volume /d:/data"
    assert line("img", terminal=True, data="/d") == f"docker run {defaults} img"
    left = defaults.replace(f"{gone} ", "").removesuffix(f" {gone}")
    assert line(f"{own} img", terminal=True, data="/d") == f"docker run {left} {own} img"


def test_other_devices_and_mounts_replace_nothing() -> None:
    own = "--device /dev/video0 -v /data:/other -e A=1 -p 80:80"
    assert line(f"{own} img", data="/d") == (
        f"docker run --gpus all {REST} --volume /d:/data {own} img"
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a b/'c'\n", ("--volume", "/a b/'c'\n:/data")),
        ("/a:b", ("--mount", 'type=bind,"source=/a:b",target=/data')),
        ('/a:"b",c', ("--mount", 'type=bind,"source=/a:""b"",c",target=/data')),
    ],
)
def test_odd_data_directories(path: str, expected: tuple[str, str]) -> None:
    argv = run_argv("img", system="x86_64", gpu=False, data=PurePosixPath(path))
    assert argv[-3:-1] == expected
