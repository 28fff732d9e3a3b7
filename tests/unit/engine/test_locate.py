"""Which engine is found: asked in order, chosen ones never passed over."""

from __future__ import annotations

import hashlib
import http.server
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jetson_containers.engine.address import EngineAddress, server_version
from jetson_containers.engine.layout import EnginePaths
from jetson_containers.engine.locate import default_cache_dir, locate
from jetson_containers.errors import UnreachableError

Serve = Callable[[Path], str]


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"OK" if self.path == "/_ping" else json.dumps({"Version": "26.1.5"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts something that answers like an engine on a unix socket; gives its host URL."""
    servers = []

    def start(path: Path) -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        server = socketserver.ThreadingUnixStreamServer(str(path), _Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"unix://{path}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def unpacked(cache: Path) -> EnginePaths:
    paths = EnginePaths(cache)
    executable(paths.folder / "26.1" / "usr" / "sbin" / "dockerd")
    executable(paths.config_dir / "cli-plugins" / "docker-buildx")
    paths.current.symlink_to("26.1")
    return paths


def test_nothing_answers(tmp_path: Path) -> None:
    assert locate({"HOME": str(tmp_path)}, sockets=()) is None


def test_docker_host_wins(tmp_path: Path, serve: Serve) -> None:
    chosen, other = serve(tmp_path / "a.sock"), serve(tmp_path / "b.sock")
    env = {"HOME": str(tmp_path), "DOCKER_HOST": chosen, "PATH": ""}
    found = locate(env, sockets=(EngineAddress(other),))
    assert found is not None
    assert (found.host, found.source, found.private) == (chosen, "DOCKER_HOST", False)
    assert found.environ() == {"DOCKER_HOST": chosen}


def test_chosen_engine_is_not_passed_over(tmp_path: Path, serve: Serve) -> None:
    other = serve(tmp_path / "b.sock")
    env = {"HOME": str(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/gone.sock"}
    with pytest.raises(UnreachableError, match="chosen by DOCKER_HOST") as caught:
        locate(env, sockets=(EngineAddress(other),))
    assert "DOCKER_HOST" in caught.value.hint


@pytest.mark.parametrize("by_variable", [True, False])
def test_context(tmp_path: Path, serve: Serve, by_variable: bool) -> None:
    host = serve(tmp_path / "c.sock")
    config = tmp_path / ".docker"
    digest = hashlib.sha256(b"lab").hexdigest()
    meta = config / "contexts" / "meta" / digest / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": "lab", "Endpoints": {"docker": {"Host": host}}}))
    env = {"HOME": str(tmp_path), "PATH": ""}
    if by_variable:
        env["DOCKER_CONTEXT"] = "lab"
    else:
        (config / "config.json").write_text(json.dumps({"currentContext": "lab"}))
    found = locate(env, sockets=())
    assert found is not None
    assert (found.host, found.source) == (host, "docker context lab")


def test_unknown_context(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="'lab' is chosen but not defined"):
        locate({"HOME": str(tmp_path), "DOCKER_CONTEXT": "lab"}, sockets=())


def test_running_engine_before_the_private_one(tmp_path: Path, serve: Serve) -> None:
    paths = unpacked(tmp_path / "cache")
    serve(paths.socket)
    system = serve(tmp_path / "system.sock")
    env = {"HOME": str(tmp_path), "PATH": ""}
    found = locate(env, tmp_path / "cache", sockets=(EngineAddress(system),))
    assert found is not None and found.host == system and not found.private


def test_private_engine_last(tmp_path: Path, serve: Serve) -> None:
    paths = unpacked(tmp_path / "cache")
    assert locate({"HOME": str(tmp_path)}, tmp_path / "cache", sockets=()) is None
    host = serve(paths.socket)
    found = locate({"HOME": str(tmp_path)}, tmp_path / "cache", sockets=())
    assert found is not None and found.private and found.buildx
    assert found.environ() == {"DOCKER_HOST": host, "DOCKER_CONFIG": str(paths.config_dir)}
    assert found.docker == str(paths.folder / "26.1" / "usr" / "bin" / "docker")


def test_a_socket_file_without_a_listener(tmp_path: Path, serve: Serve) -> None:
    dead = tmp_path / "dead.sock"
    dead.touch()
    assert locate({"HOME": str(tmp_path)}, sockets=(EngineAddress(f"unix://{dead}"),)) is None


@pytest.mark.parametrize(
    ("client", "plugin", "note"),
    [
        (False, False, "no docker client"),
        (True, False, "no buildx plugin"),
        (True, True, ""),
    ],
)
def test_client_and_buildx_are_data(
    tmp_path: Path,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    client: bool,
    plugin: bool,
    note: str,
) -> None:
    monkeypatch.setattr("jetson_containers.engine.locate.SYSTEM_PLUGIN_DIRS", ())
    host = serve(tmp_path / "e.sock")
    if client:
        executable(tmp_path / "bin" / "docker")
    if plugin:
        executable(tmp_path / ".docker" / "cli-plugins" / "docker-buildx")
    env = {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin"), "DOCKER_HOST": host}
    found = locate(env, sockets=())
    assert found is not None
    assert (found.docker is not None, found.buildx) == (client, client and plugin)
    assert note in found.note and bool(found.note) == bool(note)


@pytest.mark.parametrize("there", [False, True])
def test_a_client_without_buildx_is_replaced_by_the_private_one(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setattr("jetson_containers.engine.locate.SYSTEM_PLUGIN_DIRS", ())
    paths = unpacked(tmp_path / "cache")
    if not there:
        paths.buildx.unlink()
    executable(tmp_path / "bin" / "docker")
    host = serve(tmp_path / "e.sock")
    env = {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin"), "DOCKER_HOST": host}
    found = locate(env, tmp_path / "cache", sockets=())
    assert found is not None and found.host == host
    assert (found.buildx, found.docker == str(paths.client)) == (there, there)


def test_version_is_read(tmp_path: Path, serve: Serve) -> None:
    assert server_version(serve(tmp_path / "v.sock")) == {"Version": "26.1.5"}
    assert server_version(f"unix://{tmp_path}/none.sock") is None


def test_cache_directory() -> None:
    assert default_cache_dir({"HOME": "/h"}) == Path("/h/.cache/jetson-containers")
    assert default_cache_dir({"HOME": "/h", "XDG_CACHE_HOME": "/x"}) == Path("/x/jetson-containers")
    relative = {"HOME": "/h", "XDG_CACHE_HOME": "x"}  # ignored, as the XDG specification says
    assert default_cache_dir(relative) == Path("/h/.cache/jetson-containers")
