"""Gathering: what is read and run, how it is cut, and machines that do not answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jetson_containers.doctor import answers, cdi, engine, gather, packet_filter
from jetson_containers.doctor.wanted import wanted
from jetson_containers.engine.ask import engine_evidence

INFO: Mapping[str, Any] = {
    "Name": "secret-host",
    "ID": "aaaa-bbbb",
    "ServerVersion": "28.3.2",
    "Architecture": "aarch64",
    "KernelVersion": "5.15.148-tegra",
    "OperatingSystem": "Ubuntu 22.04.5 LTS",
    "CDISpecDirs": ["/etc/cdi"],
    "Driver": "overlay2",
    "DockerRootDir": "/nonexistent/docker",
    "CgroupVersion": "2",
    "CgroupDriver": "systemd",
    "Runtimes": {"runc": {}, "nvidia": {}},
    "DefaultRuntime": "nvidia",
    "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"],
    "DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=all"}],
    "HttpProxy": "http://me:word@proxy",
    "RegistryConfig": {"Mirrors": ["https://mirror.example"]},
}
PAGES: dict[str, Any] = {
    "/info": INFO, "/version": {"ApiVersion": "1.51"}, "/_ping": "OK"
}  # fmt: skip


@pytest.fixture
def docker() -> Iterator[str]:
    """The address of something that answers as Docker does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in PAGES else 404)
            self.end_headers()
            self.wfile.write(json.dumps(PAGES.get(self.path)).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"tcp://127.0.0.1:{server.server_port}"
    server.shutdown()


def nothing(argv: Sequence[str]) -> str | None:
    return None


def nowhere(tmp_path: Path) -> dict[str, str]:
    return {"DOCKER_HOST": f"unix://{tmp_path}/nobody.sock", "HOME": str(tmp_path), "PATH": ""}


def test_of_an_engine_is_recorded_what_is_judged_and_nothing_else(docker: str) -> None:
    found = gather.gather_evidence({"DOCKER_HOST": docker, "PATH": "", "HOME": "/"}, run=nothing)
    assert found.engine == {
        "server_version": "28.3.2",
        "api_version": "1.51",
        "architecture": "aarch64",
        "kernel": "5.15.148-tegra",
        "os": "Ubuntu 22.04.5 LTS",
        "cdi_directories": ["/etc/cdi"],
        "runtimes": ["nvidia", "runc"],
        "default_runtime": "nvidia",
        "cdi_devices": ["nvidia.com/gpu=all"],
        "storage_driver": "overlay2",
        "data_root": "/nonexistent/docker",
        "cgroup_version": "2",
        "cgroup_driver": "systemd",
        "rootless": True,
        "userns": False,
    }


def test_the_free_space_is_recorded_where_it_is_known() -> None:
    assert engine_evidence({}, "1.51", 17)["data_root_free"] == 17
    assert "data_root_free" not in engine_evidence({})


def test_an_engine_that_was_chosen_and_is_silent_is_told(tmp_path: Path) -> None:
    found = gather.gather_evidence(nowhere(tmp_path), run=nothing)
    assert found.engine == {}
    assert "does not answer" in found.commands[engine.ENGINE_PROBLEM]


def test_an_answer_that_is_no_engines_is_told(docker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PAGES, "/info", {})
    found = gather.gather_evidence({"DOCKER_HOST": docker, "PATH": ""}, run=nothing)
    assert "no container engine" in found.commands[engine.ENGINE_PROBLEM]


def test_texts_are_cut_before_anything_sees_them(tmp_path: Path) -> None:
    specification = tmp_path / cdi.SPECIFICATIONS[0].lstrip("/")
    specification.parent.mkdir(parents=True)
    specification.write_text(
        "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\n"
        "- name: GPU-d17572cc-10a2-4a90-04a1-4ea64aac04b2\n"
        "  hostPath: /usr/lib/libcuda.so.570.124.06\n"
    )

    def run(argv: Sequence[str]) -> str | None:
        said = {
            packet_filter.DAEMON_SETTINGS: "Environment=HTTP_PROXY=http://me:word@proxy "
            "DOCKER_INSECURE_NO_IPTABLES_RAW=1\n",
            "id -nG": "alice sudo docker secret-project\n",
            "stat -c %A:%U:%G /var/run/docker.sock": "srw-rw----:root:staff-of-alice\n",
        }
        return said.get(" ".join(argv))

    found = gather.gather_evidence(nowhere(tmp_path), root=tmp_path, run=run)
    assert found.files[cdi.SPECIFICATIONS[0]] == "cdiVersion: 0.5.0\nlibcuda.so.570.124.06\n"
    assert found.commands[packet_filter.DAEMON_SETTINGS] == f"{packet_filter.WITHOUT_RAW}\n"
    assert found.commands["id -nG"] == "sudo docker\n"
    assert found.commands[engine.DOCKER_SOCKET] == "srw-rw----:other\n"


def test_of_the_lists_of_modules_those_are_kept_that_a_check_asks_for() -> None:
    asked = wanted("1.2-x").files
    text = "kernel/a/overlay.ko: kernel/b.ko\nkernel/a/other.ko:\nkernel/a/iptable_raw.ko.zst:\n"
    assert asked["/lib/modules/1.2-x/modules.dep"](text) == (
        "kernel/a/overlay.ko\nkernel/a/iptable_raw.ko.zst\n"
    )
    assert asked["/proc/modules"]("nvgpu 1 0 - Live 0xffff\n\n") == "nvgpu\n"


@pytest.mark.parametrize("cut", [*wanted("k").files.values(), *wanted("k").commands.values()])
def test_every_cut_takes_an_empty_text_and_is_content_with_its_own(cut: Any) -> None:
    for text in ("", "\n", "a b\nc-d:e\n\n"):
        assert cut(cut(text)) == cut(text)


def test_a_command_that_hangs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "COMMAND_LIMIT", 0.6)
    pause = threading.Event()

    def run(argv: Sequence[str]) -> str | None:
        if argv[0] == "nvpmodel":
            pause.wait(0.3)
        return None

    found = gather.gather_evidence(nowhere(tmp_path), root=tmp_path, run=run)
    assert found.commands[answers.SILENT] == "nvpmodel\n"


def test_a_machine_that_has_nothing_is_still_described(tmp_path: Path) -> None:
    found = gather.gather_evidence(nowhere(tmp_path), root=tmp_path, run=nothing)
    assert found.machine
    assert found.files == {} and set(found.commands) == {engine.ENGINE_PROBLEM}
