"""A machine to break: a small disk with an engine of its own, a registry behind a proxy.

Only in a network and mount namespace that nobody else is in (see ``benchmarks.faults``): the
machine's own engine is never touched, and all mounts end with the namespace.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from docker import DockerClient

from benchmarks.faulty.proxy import Proxy
from jetson_containers.engine import private
from jetson_containers.engine.address import EngineAddress
from jetson_containers.engine.layout import SYSTEM_PATH, EnginePaths
from jetson_containers.engine.processes import of_engine
from tests import services

#: bytes of the disk that holds the engine, the program's cache and temporary files
DISK = 1_500_000_000
#: bytes a second through the proxy
SPEED = 8_000_000


def quiet(line: str) -> None:
    """Progress that nobody reads."""


class Machine:
    """``work`` is an empty directory, ``shared`` a cache directory with an unpacked engine."""

    def __init__(self, work: Path, shared: Path) -> None:
        self.disk = work / "disk"
        self.cache = self.disk / "cache"
        self._work = work
        self._shared = shared
        self._store = work / "registry"
        self._registry: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.registry = f"127.0.0.1:{probe.getsockname()[1]}"
        host, port = self.registry.split(":")
        self.proxy = Proxy((host, int(port)), SPEED)
        self.address: EngineAddress

    def start(self) -> None:
        """Disk, engine, registry."""
        image = self._work / "disk.img"
        with image.open("wb") as file:
            file.truncate(DISK)
        self.disk.mkdir()
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(self.disk)], check=True)
        (self.disk / "tmp").mkdir()
        paths, shared = EnginePaths(self.disk), EnginePaths(self._shared)
        paths.folder.mkdir()
        paths.current.symlink_to(shared.current.resolve())
        paths.buildx.parent.mkdir(parents=True)
        paths.buildx.symlink_to(shared.buildx.resolve())
        self.start_engine()
        self.start_registry()

    def stop(self) -> None:
        """The engine, the registry and the disk are gone afterwards."""
        self.kill_registry()
        private.down(self.disk)
        subprocess.run(["umount", "--lazy", str(self.disk)], check=False)

    def client(self) -> DockerClient:
        """The SDK's client on this engine."""
        return DockerClient(base_url=self.address.host, timeout=60)

    # the engine

    def start_engine(self) -> None:
        """Start it, or find it running."""
        self.address = private.start(self.disk, quiet)

    def kill_engine(self, *, whole: bool) -> None:
        """``kill -9`` of the daemon; ``whole`` takes everything that belongs to it."""
        found = private.status(self.disk).pid
        pids = [item.pid for item in of_engine(self.disk / "engine")] if whole else [found or 0]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL) if pid else None
        deadline = time.monotonic() + 10
        while private.status(self.disk).running and time.monotonic() < deadline:
            time.sleep(0.02)

    # the registry

    def start_registry(self) -> None:
        """Start it on its own port, with what it held."""
        if self._registry is not None and self._registry.poll() is None:
            return
        self._store.mkdir(exist_ok=True)
        binary = services.program("docker-registry", "docker-registry", self._shared)
        config = self._work / "registry.yml"
        settings = {
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": str(self._store)}},
            "http": {"addr": self.registry},
            "log": {"accesslog": {"disabled": True}},
        }
        config.write_text(json.dumps(settings), encoding="utf-8")
        with (self._work / "registry.log").open("ab") as log:
            self._registry = subprocess.Popen(
                [str(binary), "serve", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": SYSTEM_PATH, "OTEL_TRACES_EXPORTER": "none"},
            )
        host, port = self.registry.split(":")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection((host, int(port)), timeout=2).close()
                return
            time.sleep(0.02)
        raise SystemExit("the registry does not come up again")

    def kill_registry(self) -> None:
        """``kill -9``."""
        if self._registry is not None:
            self._registry.kill()
            self._registry.wait()

    def empty_registry(self) -> None:
        """A registry that holds nothing."""
        self.kill_registry()
        shutil.rmtree(self._store, ignore_errors=True)
        self.start_registry()

    # the disk

    def fill(self, left: int) -> None:
        """Take all of the disk but ``left`` bytes."""
        usage = os.statvfs(self.disk)
        size = usage.f_bavail * usage.f_frsize - left
        with (self.disk / "fill").open("wb") as file:
            while size > 4096:
                try:
                    os.posix_fallocate(file.fileno(), 0, size)
                    return
                except OSError:  # somebody else was faster
                    size -= 1 << 20

    def free(self) -> None:
        """Give back what :meth:`fill` took."""
        (self.disk / "fill").unlink(missing_ok=True)

    def mend(self) -> None:
        """Whatever was broken works again."""
        self.free()
        self.proxy.mend()
        self.start_registry()
        self.start_engine()
