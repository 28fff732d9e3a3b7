"""``run`` with an engine that is on another machine, or seems to be."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jetson_containers.cli.main import main
from jetson_containers.cli.run_machine import shares_kernel
from jetson_containers.engine.ask import engine_evidence
from jetson_containers.platform.read import engine_of

Capture = pytest.CaptureFixture[str]
Serve = Callable[[Mapping[str, Any]], str]
BOTH = {"runc": {}, "nvidia": {}}
CDI = [{"Source": "cdi", "ID": "nvidia.com/gpu=all"}]
ORIN = {"Architecture": "aarch64", "KernelVersion": "5.15.148-tegra", "Runtimes": BOTH}
THOR = {**ORIN, "KernelVersion": "6.8.12-tegra"}
PC = {"Architecture": "x86_64", "KernelVersion": "0.1-other", "Runtimes": BOTH}


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Serve]:
    """Answers in place of an engine on another machine, and makes it the session's."""
    servers: list[ThreadingHTTPServer] = []

    def start(info: Mapping[str, Any]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pages = {"/info": info, "/_ping": "OK"}
                self.send_response(200 if self.path in pages else 404)
                self.end_headers()
                self.wfile.write(json.dumps(pages.get(self.path)).encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"tcp://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("DOCKER_HOST", address)
        return address

    (tmp_path / "pulse").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.delenv("SYSTEM_ARCH", raising=False)
    yield start
    for server in servers:
        server.shutdown()


@pytest.mark.parametrize(
    ("info", "gpu"),
    [
        (ORIN, "--runtime nvidia"),
        ({**ORIN, "DiscoveredDevices": CDI}, "--runtime nvidia"),
        (THOR, "--gpus all"),
        (PC, "--gpus all"),
        ({**PC, "DiscoveredDevices": CDI}, "--device nvidia.com/gpu=all"),
    ],
)
def test_the_engines_machine_decides_and_nothing_of_this_one_is_handed_over(
    info: Mapping[str, Any], gpu: str, serve: Serve, capsys: Capture
) -> None:
    address = serve(info)
    assert main(["run", "--dry-run", "img", "serve"]) == 0
    told = capsys.readouterr()
    _, _, command = told.out.partition("docker run ")
    assert command.startswith(f"{gpu} ") and command.endswith(" --env HF_TOKEN img serve\n")
    for word in ("--volume", "--mount", "/dev/", "DISPLAY", "PULSE", "hf_secret"):
        assert word not in command
    assert told.err.startswith(f"note: the engine at {address} runs on another machine (")
    assert str(info["KernelVersion"]) in told.err and told.err.count("note:") == 1


def test_limits_are_not_raised_where_the_engine_has_no_roots_rights(
    serve: Serve, capsys: Capture
) -> None:
    serve({**PC, "SecurityOptions": ["name=rootless"]})
    assert main(["run", "--dry-run", "img"]) == 0
    assert "--ulimit" not in capsys.readouterr().out


def test_an_image_is_judged_for_the_engines_machine(serve: Serve, capsys: Capture) -> None:
    serve(ORIN)
    assert main(["run", "--dry-run", "acme/app:1.0-amd64-cu130-24.04"]) == 0
    assert "may not run there: the image is for amd64" in capsys.readouterr().err


def test_its_missing_runtime_is_said(serve: Serve, capsys: Capture) -> None:
    serve({**PC, "Runtimes": {"runc": {}}})
    assert main(["run", "--dry-run", "img"]) == 1
    assert "no NVIDIA runtime" in capsys.readouterr().err


def test_cameras_of_this_machine_are_for_its_own_engine(serve: Serve, capsys: Capture) -> None:
    serve(ORIN)
    assert main(["run", "--dry-run", "--csi2webcam", "img"]) == 2
    assert "the engine is on another" in capsys.readouterr().err


def test_the_users_word_for_the_kind_of_machine_counts_more(
    serve: Serve, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(THOR)
    monkeypatch.setenv("SYSTEM_ARCH", "tegra-aarch64")
    assert main(["run", "--dry-run", "img"]) == 0
    assert " --runtime nvidia " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kernel", "same"), [("", True), (os.uname().release, True), ("0.1-other", False)]
)
def test_an_engine_with_another_kernel_is_on_another_machine(kernel: str, same: bool) -> None:
    assert shares_kernel(engine_of(engine_evidence({"KernelVersion": kernel}))) is same
