"""What is found on a machine, in a directory that stands for its root."""

import socket
from pathlib import Path

from jetson_containers.launch.present import in_order, present


def touch(root: Path, *paths: str) -> None:
    for path in paths:
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_nothing_is_found_on_nothing(tmp_path: Path) -> None:
    assert present(root=tmp_path) == frozenset()
    assert present(root=tmp_path / "gone") == frozenset()


def test_devices_are_found_by_number(tmp_path: Path) -> None:
    devices = {
        "/dev/video0", "/dev/video10", "/dev/i2c-12", "/dev/ttyACM1", "/dev/ttyUSB0",
        "/dev/snd", "/dev/bus/usb",
    }  # fmt: skip
    touch(tmp_path, *devices, "/dev/video", "/dev/i2c-x", "/dev/tty0", "/dev/sda")
    assert present(root=tmp_path) == devices


def test_sockets_and_further_paths(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "run/jtop.sock"))
        touch(tmp_path, "/home/key")
        assert present(["/home/key", "/home/other"], root=tmp_path) == {
            "/run/jtop.sock", "/home/key",
        }  # fmt: skip


def test_a_link_that_leads_nowhere_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/localtime").symlink_to(tmp_path / "gone")
    (tmp_path / "etc/timezone").symlink_to(tmp_path / "etc/timezone")
    assert present(root=tmp_path) == frozenset()


def test_numbers_are_sorted_as_numbers() -> None:
    paths = ["/dev/video10", "/dev/video2", "/dev/i2c-1", "/dev/video"]
    assert in_order(paths) == ["/dev/i2c-1", "/dev/video", "/dev/video2", "/dev/video10"]
