"""The argv of ``docker run`` from a machine and wishes."""

import shlex
from pathlib import PurePosixPath

import pytest

from jetson_containers.launch.command import (
    Input,
    LaunchError,
    Machine,
    machine_of,
    run_argv,
    with_sudo,
)
from jetson_containers.launch.options import read_words
from jetson_containers.platform.evidence import Evidence
from jetson_containers.platform.host import derive_facts
from jetson_containers.platform.target import System

CDI = ("nvidia.com/gpu=0", "nvidia.com/gpu=all")
BOTH = ("runc", "nvidia")


def line(
    words: str,
    system: System | None = "x86_64",
    *,
    runtimes: tuple[str, ...] = BOTH,
    cdi: tuple[str, ...] = (),
    stdin: Input = "none",
    gpu: bool = True,
    name: str = "",
    data: str | None = None,
) -> str:
    argv = run_argv(
        read_words(shlex.split(words)),
        Machine(system, runtimes=runtimes, cdi_devices=cdi),
        stdin=stdin,
        gpu=gpu,
        name=name,
        data=PurePosixPath(data) if data else None,
    )
    return shlex.join(argv)


TEGRA = "--rm --network host --shm-size 8g"
REST = f"{TEGRA} --ulimit memlock=-1 --ulimit stack=67108864"
LENT = "--env NVIDIA_DRIVER_CAPABILITIES=all"


@pytest.mark.parametrize(
    ("system", "cdi", "gpu"),
    [
        ("sbsa", (), f"--gpus all {LENT}"),
        ("sbsa", CDI, "--device nvidia.com/gpu=all"),
        ("x86_64", (), f"--gpus all {LENT}"),
        ("x86_64", CDI, "--device nvidia.com/gpu=all"),
        ("x86_64", ("nvidia.com/gpu=0",), f"--gpus all {LENT}"),
    ],
)
def test_gpus(system: System | None, cdi: tuple[str, ...], gpu: str) -> None:
    assert line("img ls", system, cdi=cdi) == f"docker run {gpu} {REST} img ls"


@pytest.mark.parametrize("cdi", [(), CDI])
@pytest.mark.parametrize("system", ["tegra", None])
def test_tegra_and_what_may_be_one_takes_the_runtime_never_gpus(
    system: System | None, cdi: tuple[str, ...]
) -> None:
    lent = "--env NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics"
    assert line("img ls", system, cdi=cdi) == f"docker run --runtime nvidia {lent} {TEGRA} img ls"


@pytest.mark.parametrize("system", ["tegra", "sbsa", "x86_64"])
def test_without_a_runtime_it_is_said_with_the_remedy(system: System) -> None:
    with pytest.raises(LaunchError) as caught:
        line("img", system, runtimes=("runc",))
    assert "nvidia-ctk runtime configure" in caught.value.hint
    assert "--no-gpu" in caught.value.hint
    assert line("img", system, runtimes=("runc",), gpu=False).startswith("docker run --rm ")


def test_cdi_needs_no_runtime() -> None:
    assert "--device nvidia.com/gpu=all" in line("img", runtimes=("runc",), cdi=CDI)


@pytest.mark.parametrize(
    ("runtimes", "gpu"), [(("runc",), "--device nvidia.com/gpu=all"), (BOTH, f"--gpus all {LENT}")]
)
def test_cdi_that_the_engine_reads_and_does_not_list_serves_without_a_runtime(
    runtimes: tuple[str, ...], gpu: str
) -> None:
    engine = {"server_version": "27.5.1", "runtimes": runtimes, "cdi_directories": ["/etc/cdi"]}
    facts = derive_facts(Evidence("x86_64", engine=engine))
    machine = machine_of(facts, present=["/etc/cdi/nvidia.yaml"])
    argv = run_argv(read_words(["img"]), machine)
    assert shlex.join(argv) == f"docker run {gpu} {REST} img"
    tegra = Machine("tegra", runtimes=("runc",), cdi_unlisted=True)
    with pytest.raises(LaunchError):
        run_argv(read_words(["img"]), tegra)


@pytest.mark.parametrize(
    "own", ["--gpus 1", "--gpus=all", "--runtime runc", "--device nvidia.com/gpu=0"]
)
def test_the_users_choice_of_gpus_wins(own: str) -> None:
    assert line(f"{own} img", "tegra") == f"docker run {TEGRA} {own} img"
    assert line(f"{own} img", runtimes=("runc",)) == f"docker run {REST} {own} img"


@pytest.mark.parametrize(
    ("own", "gone"),
    [
        ("-e NVIDIA_DRIVER_CAPABILITIES=video", LENT),
        ("--ulimit memlock=1", "--ulimit memlock=-1"),
        ("--name mine", "--name c"),
        ("--name=mine", "--name c"),
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
    limits = "--ulimit memlock=-1 --ulimit stack=67108864"
    defaults = (
        f"--gpus all {LENT} --rm -it --name c --network host --shm-size 8g {limits} "
        "--volume /d:/data"
    )
    assert line("img", stdin="terminal", name="c", data="/d") == f"docker run {defaults} img"
    left = defaults.replace(f"{gone} ", "").removesuffix(f" {gone}")
    said = line(f"{own} img", stdin="terminal", name="c", data="/d")
    assert said == f"docker run {left} {own} img"


@pytest.mark.parametrize(
    ("stdin", "words"), [("terminal", " -it "), ("stream", " -i "), ("none", " ")]
)
def test_a_terminal_only_where_there_is_one(stdin: Input, words: str) -> None:
    assert line("img", "tegra", stdin=stdin, gpu=False) == (
        f"docker run --rm{words}--network host --shm-size 8g img"
    )


def test_limits_are_raised_for_gpus_and_only_by_root() -> None:
    raised = ("--ulimit", "memlock=-1", "--ulimit", "stack=67108864")
    words = read_words(["img"])
    for machine, gpu in (
        (Machine("x86_64", runtimes=BOTH, rootless=True), True),
        (Machine("x86_64", runtimes=BOTH), False),
    ):
        assert not set(raised) & set(run_argv(words, machine, gpu=gpu))
    assert set(raised) <= set(run_argv(words, Machine("sbsa", runtimes=BOTH)))


def test_other_devices_and_mounts_replace_nothing() -> None:
    own = "--device /dev/video0 -v /data:/other -e A=1 -p 80:80"
    assert line(f"{own} img", data="/d") == (
        f"docker run --gpus all {LENT} {REST} --volume /d:/data {own} img"
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
    argv = run_argv(read_words(["img"]), Machine("tegra"), gpu=False, data=PurePosixPath(path))
    assert argv[-3:-1] == expected


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("-e HF_TOKEN -e A=1 --env B img -e C", ["--preserve-env=B,HF_TOKEN"]),
        ("-e A=1 img", []),
    ],
)
def test_sudo_keeps_what_goes_by_name(words: str, kept: list[str]) -> None:
    argv = run_argv(read_words(words.split()), Machine("tegra"), gpu=False)
    assert with_sudo(argv) == ("sudo", *kept, *argv)
    assert with_sudo(argv, ["Z"])[1].endswith("Z")
