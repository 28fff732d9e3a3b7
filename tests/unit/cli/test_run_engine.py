"""The way to the engine: as this user, or as root."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jetson_containers.cli.run_engine import DEFAULT, Reached, paste
from jetson_containers.engine.address import EngineAddress

ASK = """
import os
import jetson_containers.engine.locate
from jetson_containers.cli.run_engine import reach
from jetson_containers.errors import UnreachableError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    print(reach(dict(os.environ)))
except UnreachableError as error:
    print(error)
"""


@pytest.fixture
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a socket that only root may open."""
    folder = tmp_path_factory.mktemp("closed")
    for above in (folder, *folder.parents):
        mode = above.stat().st_mode
        if mode & 0o011 != 0o011:
            above.chmod(mode | 0o011)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "s"))
        server.listen()
        (folder / "s").chmod(0)
        yield f"unix://{folder}/s"


def ask_as_a_user(host: str, path: str) -> str:
    environ = {"DOCKER_HOST": host, "PATH": path, "HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_socket_for_root_alone_is_reached_with_sudo(closed: str, tmp_path: Path) -> None:
    tools = Path(closed.removeprefix("unix://")).parent / "bin"
    tools.mkdir(mode=0o755)
    (tools / "sudo").write_text("#!/bin/sh\n")
    (tools / "sudo").chmod(0o755)
    assert "sudo=True" in ask_as_a_user(closed, str(tools))
    without = ask_as_a_user(closed, "/nonexistent")
    assert "there is no sudo" in without and "usermod -aG docker" in without


def test_a_socket_that_nobody_serves_is_not(closed: str) -> None:
    assert "does not answer" in ask_as_a_user(f"{closed}-gone", "/nonexistent")


def test_the_printed_command_finds_the_same_engine() -> None:
    default = Reached(EngineAddress(DEFAULT))
    chosen = Reached(EngineAddress("unix:///r/a b", config_dir="/c"))
    remote = Reached(EngineAddress("tcp://pc:1", source="docker context pc"))
    assert default.settings({}) == {} == remote.settings({})
    assert chosen.settings({"DOCKER_CONFIG": "/c"}) == {"DOCKER_HOST": "unix:///r/a b"}
    assert paste(chosen.settings({}), ("docker", "a'b\n")) == (
        "DOCKER_HOST='unix:///r/a b' DOCKER_CONFIG=/c docker 'a'\"'\"'b\n'"
    )
    assert default.here and chosen.here and not remote.here


def test_the_client_is_named_as_a_person_would(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.touch()
    docker.chmod(0o755)
    on_path = Reached(EngineAddress(DEFAULT, docker=str(docker)))
    assert on_path.client({"PATH": str(tmp_path)}) == "docker"
    assert on_path.client({"PATH": "/nonexistent"}) == str(docker)
    assert Reached(EngineAddress(DEFAULT)).client({"PATH": "/nonexistent"}) == "docker"
