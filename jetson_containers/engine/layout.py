"""Where the private engine keeps its things, and how its programs find each other there."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jetson_containers.engine.address import EngineAddress

OnLine = Callable[[str], None]

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED_ON = ("PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class EnginePaths:
    """Where the private engine of a cache directory keeps its things."""

    cache_dir: Path

    @property
    def folder(self) -> Path:
        """The engine's own folder; no symbolic link is left in it."""
        return (self.cache_dir / "engine").resolve()

    @property
    def current(self) -> Path:
        """A link to the unpacked version in use."""
        return self.folder / "current"

    @property
    def config_dir(self) -> Path:
        """``DOCKER_CONFIG`` of the private client."""
        return self.folder / "cli"

    @property
    def socket(self) -> Path:
        """Where the daemon listens."""
        return self.folder / "docker.sock"

    @property
    def log(self) -> Path:
        """The daemon's log."""
        return self.folder / "dockerd.log"

    @property
    def state(self) -> Path:
        """Which process the daemon is, and what the machine was like before it."""
        return self.folder / "state.json"

    def unpacked(self) -> bool:
        """Whether a complete version lies there."""
        return (self.current / "usr" / "sbin" / "dockerd").is_file()

    def address(self) -> EngineAddress | None:
        """The address it has when it runs; ``None`` if it was never unpacked or has no socket."""
        if not self.unpacked() or not self.socket.is_socket():
            return None
        return EngineAddress(
            host=f"unix://{self.socket}",
            docker=str(self.client),
            config_dir=str(self.config_dir),
            private=True,
            buildx=self.buildx.is_file(),
            source="private engine",
        )

    @property
    def client(self) -> Path:
        """The unpacked docker client."""
        return self.current.resolve() / "usr" / "bin" / "docker"

    @property
    def buildx(self) -> Path:
        """The buildx plugin, as that client finds it."""
        return self.config_dir / "cli-plugins" / "docker-buildx"


@contextmanager
def exclusive(paths: EnginePaths, on_line: OnLine) -> Iterator[None]:
    """Hold the engine folder alone; a second process waits, and says so once."""
    paths.folder.mkdir(parents=True, exist_ok=True)
    with (paths.folder / "lock").open("a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_line("waiting for another process that prepares the private engine")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def program_env(paths: EnginePaths, env: Mapping[str, str]) -> dict[str, str]:
    """The environment in which the unpacked programs find each other and their libraries."""
    root = paths.current.resolve()
    libraries = [
        str(folder)
        for base in ("usr/lib", "lib")
        for folder in sorted((root / base).glob("*-linux-gnu*"))
    ]
    result = {name: value for name, value in env.items() if name.upper().endswith(_PASSED_ON)}
    result["PATH"] = f"{root}/usr/sbin:{root}/usr/bin:{root}/sbin:{SYSTEM_PATH}"
    result["LC_ALL"] = "C.UTF-8"
    if libraries:
        result["LD_LIBRARY_PATH"] = ":".join(libraries)
    for folder in (root / "usr" / "lib").glob("*-linux-gnu*/xtables"):
        result["XTABLES_LIBDIR"] = str(folder)
    return result
