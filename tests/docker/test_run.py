"""``run`` becomes the container's process: its terminal, streams, signals and exit code."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from jetson_containers.engine.address import EngineAddress
from jetson_containers.launch.display import LOCAL, WILD, Cookie, read_cookies, write_cookies

CLI = (sys.executable, "-I", "-m", "jetson_containers.cli.main", "run")
ODD = 'it\'s "odd"\n$(x) \\ é'


@pytest.fixture(autouse=True)
def session(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A user's session of its own, in which no temporary file is left."""
    folder = tmp_path_factory.mktemp("session")
    for name in ("data", "runtime", "temporary"):
        (folder / name).mkdir()
    monkeypatch.setenv("JETSON_CONTAINERS_DATA", str(folder / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "runtime"))
    monkeypatch.setenv("TMPDIR", str(folder / "temporary"))
    for name in ("DISPLAY", "HF_TOKEN", "HUGGINGFACE_TOKEN", "SYSTEM_ARCH"):
        monkeypatch.delenv(name, raising=False)
    yield folder
    assert list((folder / "temporary").iterdir()) == []


def run(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, "--no-gpu", *words], input=text, capture_output=True, text=True, timeout=90,
        check=False,
    )  # fmt: skip


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CLI, "--no-gpu", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def on_terminal(*words: str, answer: Callable[[bytes], bytes]) -> tuple[int, bytes]:
    """Exit code and output; ``answer`` is asked after each output what a person types."""
    ours, theirs = pty.openpty()
    argv = [*CLI, "--no-gpu", *words]
    output = b""
    with subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:
                break
            if not chunk:
                break
            output += chunk
            if typed := answer(output):
                os.write(ours, typed)
        code = process.wait(60)
    os.close(ours)
    return code, output


def test_dry_run_starts_nothing(tiny_base: str) -> None:
    dry = run("--dry-run", "-e", "A=1 2", tiny_base, "false")
    assert dry.returncode == 0 and dry.stderr == ""
    assert dry.stdout.startswith("docker run --rm ")
    assert dry.stdout.endswith(f" -e 'A=1 2' {tiny_base} false\n")


def test_a_gpu_that_cannot_be_had_is_said_before(tiny_base: str, client: DockerClient) -> None:
    if "nvidia" in client.info()["Runtimes"]:
        pytest.skip("this engine has an NVIDIA runtime")
    said = subprocess.run(
        [*CLI, tiny_base, "echo", "hi"], capture_output=True, text=True, check=False
    )
    assert said.returncode == 1 and said.stdout == ""
    assert "nvidia-ctk runtime configure" in said.stderr and "--no-gpu" in said.stderr


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 3"), 3),
        (("sh", "-c", "sh -c 'kill -9 $$'; exit $?"), 137),
        (("/etc",), 126),
        (("no-such-command",), 127),
    ],
)
def test_the_exit_code_is_the_containers(
    tiny_base: str, command: tuple[str, ...], code: int
) -> None:
    assert run(tiny_base, *command).returncode == code


def test_what_the_engine_refuses_is_125(tiny_base: str) -> None:
    assert run("--memory", "1", tiny_base, "true").returncode == 125


def test_on_a_terminal_the_container_has_one(tiny_base: str) -> None:
    code, output = on_terminal(tiny_base, "sh", "-c", "tty; exit 5", answer=lambda seen: b"")
    assert code == 5
    assert b" -it " in output and b"/dev/pts/" in output


def test_control_c_reaches_the_container(tiny_base: str) -> None:
    script = "trap 'echo caught; exit 9' INT; echo rea''dy; while :; do sleep 0.1; done"
    typed: list[bytes] = []

    def answer(seen: bytes) -> bytes:
        if b"ready" not in seen or typed:
            return b""
        typed.append(b"\x03")
        return b"\x03"

    code, output = on_terminal(tiny_base, "sh", "-c", script, answer=answer)
    assert code == 9 and b"caught" in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_container(tiny_base: str, number: signal.Signals) -> None:
    script = "trap 'echo caught; exit 9' TERM INT HUP; echo ready; while :; do sleep 0.1; done"
    with start(tiny_base, "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.read() == "caught\n"
        assert process.wait(30) == 9


def test_the_container_of_a_killed_client_has_the_printed_name(
    tiny_base: str, client: DockerClient
) -> None:
    with start(tiny_base, "sh", "-c", "echo ready; sleep 600") as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        process.kill()
        assert process.wait(30) == -signal.SIGKILL
        found = re.search(r" --name (\S+) ", process.stderr.read())
    assert found is not None
    container = client.containers.get(found[1])
    assert container.status == "running"
    container.remove(force=True)


@pytest.mark.parametrize("name", [ODD, "a:b", "a,b"])
def test_odd_words_reach_the_container(tiny_base: str, session: Path, name: str) -> None:
    folder = session / name
    folder.mkdir()
    (folder / "file").write_text("kept")
    words = ("--data", str(folder), "-e", f"A={ODD}", tiny_base)
    said = run(*words, "sh", "-c", 'cat /data/file; printf %s "$A" "$1"', "sh", ODD)
    assert (said.returncode, said.stdout) == (0, f"kept{ODD}{ODD}"), said.stderr
    pasted = subprocess.run(
        ["sh", "-c", said.stderr], capture_output=True, text=True, timeout=60, check=False
    )
    assert (pasted.returncode, pasted.stdout) == (0, said.stdout), pasted.stderr


def test_an_odd_path_of_the_users_as_volume(tiny_base: str, session: Path) -> None:
    folder = session / ODD
    folder.mkdir()
    said = run("-v", f"{folder}:/mine dir", tiny_base, "touch", "/mine dir/made")
    assert said.returncode == 0, said.stderr
    assert (folder / "made").exists()


def test_standard_input_is_piped_through(tiny_base: str) -> None:
    text = "line\n" * 100_000
    assert run(tiny_base, "cat", text=text).stdout == text


def test_without_standard_input_nothing_waits(tiny_base: str) -> None:
    with start(tiny_base, "cat") as process:
        assert process.communicate(timeout=60)[0] == ""
        assert process.returncode == 0
    closed = ["sh", "-c", f"exec {shlex.join([*CLI, '--no-gpu', tiny_base, 'echo', 'hi'])} <&-"]
    done = subprocess.run(closed, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "hi\n"), done.stderr


def test_a_large_output_is_complete(tiny_base: str) -> None:
    size = 64 << 20
    with subprocess.Popen(
        [*CLI, "--no-gpu", tiny_base, "head", "-c", str(size), "/dev/zero"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert sum(map(len, iter(lambda: process.stdout.read(1 << 20), b""))) == size
        assert process.wait(60) == 0


def test_a_reader_that_goes_away_ends_it(tiny_base: str, client: DockerClient) -> None:
    with start("--name", "jetson-test-reader", tiny_base, "yes") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "y\n"
        process.stdout.close()
        assert process.wait(60) != 0
    for container in client.containers.list(filters={"name": "jetson-test-reader"}):
        container.remove(force=True)


def test_a_token_goes_by_name(tiny_base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    argv = [*CLI, "--no-gpu", tiny_base, "sh", "-c", "echo $HF_TOKEN; read x"]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hf_secret\n"
        line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        _, said = process.communicate("\n", timeout=60)
    assert b"HF_TOKEN" in line and b"hf_secret" not in line and "hf_secret" not in said


def test_the_cookie_of_the_display_is_there_for_any_host_name(
    tiny_base: str, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = session / "Xauthority"
    own.write_bytes(write_cookies([Cookie(LOCAL, b"me", b"7", b"MIT-MAGIC-COOKIE-1", b"0" * 16)]))
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setenv("XAUTHORITY", str(own))
    words = ("--network", "none", "-u", "1234", tiny_base, "sh", "-c")
    for _ in range(2):
        said = run(*words, 'echo $DISPLAY; od -An -v -tx1 "$XAUTHORITY"')
        assert said.returncode == 0, said.stderr
        display, _, cookie = said.stdout.partition("\n")
        assert display == ":7"
        assert [found.family for found in read_cookies(bytes.fromhex(cookie))] == [WILD]
    made = [path for path in (session / "runtime").rglob("*") if path.is_file()]
    assert made == [session / "runtime/jetson-containers/display/7"]


def test_what_the_kernel_tells_can_be_mounted_under_tmp(tiny_base: str) -> None:
    """As the name of a Jetson's board is, without a copy of it on the host."""
    for path in ("/sys/kernel/uevent_seqnum", "/proc/sys/kernel/ostype"):
        said = run(
            "-v", f"{path}:/tmp/nv_jetson_model:ro", tiny_base, "cat", "/tmp/nv_jetson_model"
        )
        assert (said.returncode, said.stdout) == (0, Path(path).read_text()), said.stderr


def test_a_directory_of_devices_is_handed_over(tiny_base: str) -> None:
    """As /dev/snd and /dev/bus/usb are."""
    said = run("--device", "/dev/net", tiny_base, "ls", "/dev/net")
    assert (said.returncode, said.stdout) == (0, "tun\n"), said.stderr


def test_an_image_for_another_machine_is_warned_of(
    tiny_base: str, image_name: Callable[[str], str], client: DockerClient
) -> None:
    other = "arm64" if os.uname().machine == "x86_64" else "amd64"
    container = client.containers.create(tiny_base)
    rootfs = b"".join(container.export())
    container.remove()
    name = image_name("other")
    docker = ["docker", "import", "--platform", f"linux/{other}", "-", name]
    subprocess.run(docker, input=rootfs, check=True, capture_output=True)
    said = run(name, "echo", "hi")
    assert f"warning: {name} may not run here: the image is for {other}" in said.stderr
    assert said.stderr.index("warning") < said.stderr.index("docker run")
    assert said.stdout == "hi\n"


def test_csi_cameras_say_what_they_need(tiny_base: str) -> None:
    if Path("/sys/module/v4l2loopback").exists():
        pytest.skip("this machine has v4l2loopback")
    said = run("--csi2webcam", tiny_base, "true")
    assert said.returncode == 1 and "v4l2loopback-dkms" in said.stderr
    assert "docker run" not in said.stderr


@pytest.fixture
def elsewhere(engine: EngineAddress, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The engine by way of TCP, as one on another machine is reached; the session's engine."""

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 16):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(engine.host.removeprefix("unix://"))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=copy, args=pair, daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, daemon=True).start()
    address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv("DOCKER_HOST", address)
    yield address
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_an_engine_elsewhere_runs_containers_without_what_is_here(
    tiny_base: str, elsewhere: str
) -> None:
    done = run("-i", tiny_base, "cat", text="typed")
    assert (done.returncode, done.stdout) == (0, "typed"), done.stderr
    assert done.stderr.startswith(f"note: the engine at {elsewhere} runs on another machine")
    assert os.uname().machine in done.stderr
    command = done.stderr.splitlines()[-1]
    assert "--volume" not in command and "--device" not in command
