"""What the engine tests stand on: an engine, a local registry, a tiny image to begin with.

``python -m tests.services start DIR`` and ``stop DIR`` are what ``test.sh`` runs around the suite;
``DIR`` remembers what was started, so that nothing else is stopped.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from jetson_containers.engine import private
from jetson_containers.engine.address import EngineAddress
from jetson_containers.engine.apt import AptWorkspace, unpack
from jetson_containers.engine.layout import SYSTEM_PATH
from jetson_containers.engine.locate import default_cache_dir, locate
from jetson_containers.engine.processes import ProcessId, end
from jetson_containers.engine.provision import Machine, distribution_sources, provision
from jetson_containers.errors import BuilderError

TINY_BASE = "jetson-test/tiny:1"


def say(line: str) -> None:
    """A line of progress, where it does not mix with results."""
    print(f"  {line}", file=sys.stderr, flush=True)


def find_engine(env: Mapping[str, str]) -> tuple[EngineAddress, bool]:
    """The engine that answers, or a private one; the flag tells that it was started here."""
    found = locate(env)
    if found is not None:
        return found, False
    return provision(default_cache_dir(env), say, env=env), True


def program(name: str, package: str, cache_dir: Path) -> Path:
    """A program of a distribution package, unpacked without what it recommends or starts."""
    root = cache_dir / "tests" / package
    for folder in ("/usr/bin", "/bin", f"{root}/usr/bin", f"{root}/bin"):
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    root.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".new-", dir=root.parent))
    try:
        env = {**os.environ, "PATH": SYSTEM_PATH}
        workspace = AptWorkspace(work, distribution_sources(Machine.read()), env, say)
        workspace.update()
        unpack(workspace.download([package]), work / "root", env=env)
        (work / "root").rename(root)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return program(name, package, cache_dir)


def start_registry(
    folder: Path, cache_dir: Path, more: Mapping[str, object] | None = None
) -> tuple[str, ProcessId]:
    """A registry on a free port of 127.0.0.1 with its store in ``folder``; ``host:port``.

    ``more`` is added to its configuration.
    """
    folder.mkdir(parents=True, exist_ok=True)
    binary = program("docker-registry", "docker-registry", cache_dir)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    settings = {
        "version": 0.1,
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "store")},
            "delete": {"enabled": True},
        },
        "http": {"addr": address},
        "log": {"accesslog": {"disabled": True}},
        **(more or {}),
    }
    config = folder / "config.yml"
    config.write_text(json.dumps(settings), encoding="utf-8")
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            [str(binary), "serve", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={"PATH": SYSTEM_PATH, "OTEL_TRACES_EXPORTER": "none"},
        )
    deadline = time.monotonic() + 20
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and process.poll() is None:
        try:
            opener.open(f"http://{address}/v2/", timeout=2).close()
        except urllib.error.HTTPError:
            pass  # it asks for a login
        except OSError:
            time.sleep(0.02)
            continue
        identity = ProcessId.of(process.pid)
        assert identity is not None
        process.returncode = 0  # stopped by its identity, perhaps from another process
        return address, identity
    process.kill()
    raise BuilderError(f"the registry did not start: {(folder / 'registry.log').read_text()}")


def load_tiny_base(address: EngineAddress, cache_dir: Path) -> str:
    """Busybox on nothing, in the engine; made in under a second and kept from test to test."""
    from docker import DockerClient
    from docker.errors import ImageNotFound

    client = DockerClient(base_url=address.host)
    try:
        try:
            client.images.get(TINY_BASE)
            return TINY_BASE
        except ImageNotFound:
            busybox = program("busybox", "busybox-static", cache_dir)
        listed = subprocess.run(
            [str(busybox), "--list"], capture_output=True, text=True, check=True
        )
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as tar:
            for folder in ("bin", "etc", "tmp"):
                info = tarfile.TarInfo(folder)
                info.type, info.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
                tar.addfile(info)
            info = tarfile.TarInfo("bin/busybox")
            info.size, info.mode = busybox.stat().st_size, 0o755
            with busybox.open("rb") as content:
                tar.addfile(info, content)
            for applet in listed.stdout.split():
                if applet != "busybox":
                    info = tarfile.TarInfo(f"bin/{applet}")
                    info.type, info.linkname = tarfile.SYMTYPE, "busybox"
                    tar.addfile(info)
        dockerfile = b'FROM scratch\nADD layer.tar /\nENV PATH=/bin\nCMD ["sh"]\n'
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as tar:
            for name, data in (("Dockerfile", dockerfile), ("layer.tar", layer.getvalue())):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        context.seek(0)
        client.images.build(fileobj=context, custom_context=True, tag=TINY_BASE, rm=True)
        return TINY_BASE
    finally:
        client.close()


def start(folder: Path) -> None:
    """Start what is missing and remember it in ``folder``."""
    env = dict(os.environ)
    memory: dict[str, object] = {}
    try:
        address, started = find_engine(env)
        memory["cache"] = str(default_cache_dir(env)) if started else None
        memory["environ"] = address.environ()
        (folder / "services.json").write_text(json.dumps(memory), encoding="utf-8")
        registry, identity = start_registry(folder / "registry", default_cache_dir(env))
        memory["registry"] = registry
        memory["process"] = [identity.pid, identity.started, identity.boot]
    finally:
        (folder / "services.json").write_text(json.dumps(memory), encoding="utf-8")


def stop(folder: Path) -> None:
    """Stop what :func:`start` started, and nothing else."""
    try:
        memory = json.loads((folder / "services.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if memory.get("process"):
        end([ProcessId(*memory["process"])], patience=5.0)
    if memory.get("cache"):
        private.down(Path(memory["cache"]))


def main(arguments: list[str]) -> int:
    """``start DIR`` or ``stop DIR``."""
    verb, folder = arguments
    try:
        {"start": start, "stop": stop}[verb](Path(folder))
    except BuilderError as error:
        print(f"error: {error}", file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
