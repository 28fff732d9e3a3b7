"""Checks of the engine: does it answer, where does it keep images, who may use it."""

from __future__ import annotations

import pytest

from jetson_containers.doctor import (
    access,
    cgroup,
    disk,
    engine,
    free_space,
    storage_driver,
    user_namespaces,
)
from jetson_containers.doctor.model import Host
from tests.unit.doctor.hosts import orin, remedy, said, server, severities

SOCKET = {engine.DOCKER_SOCKET: "srw-rw----:root:docker\n"}


@pytest.mark.parametrize(
    ("version", "expected"),
    [("18.03.1", "error"), ("20.10.21", "warning"), ("26.1.5+dfsg1", "ok"), ("odd", "info")],
)
def test_an_engine_that_answers_is_judged_by_its_version(version: str, expected: str) -> None:
    assert severities(engine.CHECK, server(engine={"server_version": version})) == [expected]


@pytest.mark.parametrize(
    ("commands", "expected", "mends"),
    [
        ({"id -u": "0\n"}, "warning", "jetson-containers engine up"),
        ({"id -u": "1000\n"}, "error", "sudo apt-get install docker.io docker-buildx"),
        (
            {"id -u": "1000\n", "id -nG": "docker\n", **SOCKET},
            "error",
            "sudo systemctl start docker",
        ),
        ({"id -u": "0\n", **SOCKET}, "error", "systemctl start docker"),
        (
            {"id -u": "1000\n", "id -nG": "video\n", **SOCKET},
            "error",
            'sudo usermod --append --groups docker "$USER"',
        ),
    ],
)
def test_why_no_engine_answers(commands: dict[str, str], expected: str, mends: str) -> None:
    host = server(commands=commands, engine={})
    assert severities(engine.CHECK, host) == [expected]
    assert remedy(engine.CHECK, host) == mends


def test_what_the_search_for_an_engine_said_is_passed_on() -> None:
    host = server(commands={engine.ENGINE_PROBLEM: "chosen, and silent\n"}, engine={})
    assert said(engine.CHECK, host)[0].message == "chosen, and silent"


@pytest.mark.parametrize(
    ("driver", "expected"),
    [
        ("overlay2", ["ok"]),
        ("overlayfs", ["ok"]),
        ("vfs", ["warning"]),
        ("devicemapper", ["warning"]),
        ("novel", ["info"]),
        ("", []),
    ],
)
def test_storage_drivers(driver: str, expected: list[str]) -> None:
    host = server(engine={"storage_driver": driver})
    assert severities(storage_driver.CHECK, host) == expected


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (free_space.TOO_LITTLE - 1, "error"),
        (free_space.TOO_LITTLE, "warning"),
        (free_space.ENOUGH - 1, "warning"),
        (free_space.ENOUGH, "ok"),
    ],
)
def test_free_space_under_the_data_root(free: int, expected: str) -> None:
    host = server(engine={"data_root": "/big", "data_root_free": free})
    (verdict,) = said(free_space.CHECK, host)
    assert verdict.severity == expected
    assert " GB are free at /big" in verdict.message


def test_without_a_data_root_of_this_machine_the_root_counts() -> None:
    host = server(commands={"df -Pk /": "Filesystem\n/dev/vda 9 9 100000000 26% /\n"}, engine={})
    assert said(free_space.CHECK, host)[0].message == "102.4 GB are free at /"
    assert severities(free_space.CHECK, server(engine={})) == ["info"]


@pytest.mark.parametrize(
    ("device", "disks", "expected"),
    [
        ("/dev/mmcblk0p1 ext4", "mmcblk0 1\nnvme0n1 2\n", ["warning"]),
        ("/dev/mmcblk0p1 ext4", "mmcblk0 1\n", ["info"]),
        ("/dev/nvme0n1p1 ext4", "nvme0n1 2\n", ["ok"]),
        ("files:/x nfs4", "", ["warning", "ok"]),
        ("", "", []),
    ],
)
def test_the_disk_that_holds_images(device: str, disks: str, expected: list[str]) -> None:
    host = orin(commands={disk.DATA_DEVICE: device, disk.DISKS: disks})
    assert severities(disk.CHECK, host) == expected


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"cgroup_version": "2", "cgroup_driver": "systemd"}, "ok"),
        ({"cgroup_version": "1"}, "info"),
        ({"cgroup_version": "2", "cgroup_driver": "none"}, "info"),
        ({}, "info"),
    ],
)
def test_control_groups(about: dict[str, str], expected: str) -> None:
    assert severities(cgroup.CHECK, server(engine=about)) == [expected]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (server(engine={"rootless": False, "userns": False}), ["ok"]),
        (server(engine={"rootless": True}), ["info"]),
        (orin(engine={"rootless": True}), ["warning"]),
        (server(engine={"rootless": False, "userns": True}), ["info"]),
        (server(), []),
    ],
)
def test_an_engine_without_root_or_with_mapped_users(host: Host, expected: list[str]) -> None:
    assert severities(user_namespaces.CHECK, host) == expected


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ({"id -u": "0\n"}, ["ok"]),
        ({"id -u": "1000\n", "id -nG": "docker\n", "sudo --version": "1\n"}, ["ok"]),
        ({"id -u": "1000\n", "id -nG": "video\n", "sudo --version": "1\n", **SOCKET}, ["warning"]),
        ({"id -u": "1000\n", "id -nG": "video\n", **SOCKET}, ["warning", "info"]),
        ({}, []),
    ],
)
def test_who_may_use_the_engine(commands: dict[str, str], expected: list[str]) -> None:
    assert severities(access.CHECK, server(commands=commands)) == expected


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [("", ["ok"]), ("6.8.0-45-generic", ["ok"]), ("5.15.148-tegra", ["ok", "warning"])],
)
def test_an_engine_on_another_machine_is_told(kernel: str, expected: list[str]) -> None:
    host = server(engine={"kernel": kernel, "architecture": "aarch64"})
    assert severities(engine.CHECK, host) == expected
    if "warning" in expected:
        assert "(aarch64, 5.15.148-tegra)" in said(engine.CHECK, host)[-1].message
