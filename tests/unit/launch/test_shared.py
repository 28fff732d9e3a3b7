"""Devices, sockets, files and secrets that a container gets."""

import pytest

from jetson_containers.launch.command import Machine, run_argv
from jetson_containers.launch.options import read_words
from jetson_containers.launch.shared import bind

PLAIN = ("docker", "run", "--rm", "--network", "host", "--shm-size", "8g")


def offered(
    *present: str, own: str = "", jetson: bool = False, environ: dict[str, str] | None = None
) -> str:
    """The defaults beyond those of every machine."""
    machine = Machine("tegra", jetson=jetson, present=present, environ=environ or {})
    words = own.split()
    argv = run_argv(read_words([*words, "img"]), machine, gpu=False)
    assert argv[: len(PLAIN)] == PLAIN and argv[len(argv) - len(words) - 1 : -1] == tuple(words)
    return " ".join(argv[len(PLAIN) : len(argv) - len(words) - 1])


def test_devices_in_order() -> None:
    assert offered("/dev/video10", "/dev/snd", "/dev/video2") == (
        "--device /dev/snd --device /dev/video2 --device /dev/video10"
    )


@pytest.mark.parametrize(
    "own",
    [
        "--device /dev/video0",
        "--device=/dev/video0:/dev/video5:rw",
        "--device /dev/video7:/dev/video0",
    ],
)
def test_a_device_that_the_user_hands_over_is_not_handed_over_again(own: str) -> None:
    assert offered("/dev/video0", "/dev/video1", own=own) == "--device /dev/video1"


def test_usb_and_the_system_bus_of_a_jetson_only() -> None:
    assert offered("/dev/bus/usb", "/var/run/dbus") == ""
    assert offered("/dev/bus/usb", "/var/run/dbus", jetson=True) == (
        "--volume /var/run/dbus:/var/run/dbus --device /dev/bus/usb"
    )


def test_a_mount_of_the_users_takes_the_place() -> None:
    assert offered("/run/jtop.sock", own="-v /x:/run/jtop.sock") == ""
    assert offered("/etc/localtime") == "--volume /etc/localtime:/etc/localtime:ro"


def test_the_board_is_told_where_programs_look() -> None:
    assert offered("/proc/device-tree/model", jetson=True) == (
        "--volume /proc/device-tree/model:/tmp/nv_jetson_model:ro"
    )


def test_sound_of_the_session() -> None:
    environ = {"XDG_RUNTIME_DIR": "/run/user/7"}
    assert offered(environ=environ) == ""
    assert offered("/run/user/7/pulse", environ=environ) == (
        "--env PULSE_SERVER=unix:/run/user/7/pulse/native "
        "--volume /run/user/7/pulse:/run/user/7/pulse"
    )
    assert offered("/run/user/7/pulse", environ=environ, own="-e PULSE_SERVER=x") == ""


@pytest.mark.parametrize("name", ["HF_TOKEN", "HUGGINGFACE_TOKEN"])
def test_a_token_goes_by_name(name: str) -> None:
    assert offered(environ={name: "secret"}) == f"--env {name}"
    assert offered(environ={name: ""}) == ""
    assert offered(environ={name: "secret"}, own=f"-e {name}=other") == ""


def test_the_ecosystems_own_variables() -> None:
    assert offered("/k", environ={"SCP_UPLOAD_KEY": "/k"}) == (
        "--volume /k:/root/.ssh/scp_upload_key:ro --env SCP_UPLOAD_KEY=/root/.ssh/scp_upload_key"
    )
    assert "--cap-add SYS_ADMIN" in offered(environ={"USE_OPTIONAL_PERMISSION_ARGS": "true"})
    assert offered(environ={"USE_OPTIONAL_PERMISSION_ARGS": "false"}) == ""


@pytest.mark.parametrize(
    ("source", "read_only", "expected"),
    [
        ("/a b,c", True, "--volume /a b,c:/t:ro"),
        ("/a:b", False, '--mount type=bind,"source=/a:b",target=/t'),
        ("/a:b", True, '--mount type=bind,"source=/a:b",target=/t,readonly'),
    ],
)
def test_odd_paths(source: str, read_only: bool, expected: str) -> None:
    assert " ".join(bind(source, "/t", read_only=read_only)) == expected
