"""Everything about a Docker engine that is not a build, through the SDK ``docker``.

The engines inherit it and add how they build.

Speaks to Docker and to Podman's compatible socket. The SDK is imported when it is first used.
"""

from __future__ import annotations

import http
import http.client
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from jetson_containers.engine.address import ask_engine
from jetson_containers.engine.containers import Containers, sweep
from jetson_containers.engine.contentstore import Blob, image_blobs, roots
from jetson_containers.engine.listening import Silence, listen
from jetson_containers.engine.protocol import (
    Capabilities,
    EngineGone,
    ImageInfo,
    Interrupted,
    RunRequest,
)
from jetson_containers.errors import BuilderError, UnreachableError, UsageError

if TYPE_CHECKING:
    from docker import APIClient, DockerClient

_Answer = TypeVar("_Answer")

#: how often a list of images is asked for again that another process's removal broke
_LISTINGS = 4
#: Storage drivers of the containerd image store are named like this by ``docker info``.
_CONTAINERD = "io.containerd.snapshotter"


class DockerApi:
    """One connection to the engine at ``host`` (``unix://…``, ``tcp://…``).

    ``tls_dir`` holds ``ca.pem``, ``cert.pem`` and ``key.pem`` where the engine asks for them.
    """

    #: seconds in which a push or a pull has to go on; a large layer is unpacked without a word
    patience = 600.0

    def __init__(self, host: str, tls_dir: str | None = None) -> None:
        if host.startswith("ssh://"):
            raise UsageError(
                f"{host}: engines over ssh are not supported yet",
                hint="forward its socket, `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock HOST`,"
                " and set DOCKER_HOST=unix:///tmp/engine.sock",
            )
        self._host = host
        self._tls_dir = Path(tls_dir) if tls_dir else None
        self._stopping = threading.Event()
        self._client: DockerClient | None = None
        self._info: Mapping[str, Any] | None = None
        self._containers = Containers(self._stopping)

    @property
    def client(self) -> DockerClient:
        """The SDK's client, connected when first asked for."""
        if self._client is None:
            from docker import DockerClient
            from docker.tls import TLSConfig

            folder = self._tls_dir
            with self._talking():
                tls = folder is not None and TLSConfig(
                    client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")),
                    ca_cert=str(folder / "ca.pem"),
                    verify=True,
                )
                self._client = DockerClient(base_url=self._host, timeout=600, tls=tls)
        return self._client

    @contextmanager
    def _talking(self) -> Iterator[None]:
        """Turn the SDK's and the transport's errors into ours."""
        import requests
        from docker import errors

        try:
            yield
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
            raise EngineGone(
                f"the engine at {self._host} does not answer: {error}",
                hint="`jetson-containers engine status` tells its state; then run this again",
            ) from None
        except errors.APIError as error:
            raise BuilderError(f"the engine refused: {error.explanation or error}") from None
        except errors.DockerException as error:
            raise EngineGone(
                f"the engine at {self._host} cannot be used: {error}",
                hint="`jetson-containers engine status` tells its state",
            ) from None

    def alive(self) -> bool:
        """Whether the engine answers now."""
        try:
            with self._talking():
                return bool(self.client.ping())
        except BuilderError:
            return False

    def info(self) -> Mapping[str, Any]:
        """``docker info``, asked once."""
        if self._info is None:
            self._info = self._asked("/info") or {}
        return self._info

    def _asked(self, path: str) -> Mapping[str, Any] | None:
        """The document at ``path`` of the engine's API, ``None`` if there is no such thing.

        Over a connection of its own: to begin with the SDK takes longer than all questions of a
        build that finds everything. Raises :class:`EngineGone` without an answer.
        """
        try:
            status, body = ask_engine(self._host, path, self._tls_dir)
            document = json.loads(body) if body else {}
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise EngineGone(
                f"the engine at {self._host} does not answer: {error}",
                hint="`jetson-containers engine status` tells its state; then run this again",
            ) from None
        if status == http.HTTPStatus.NOT_FOUND:
            return None
        if status != http.HTTPStatus.OK or not isinstance(document, dict):
            said = document.get("message") if isinstance(document, dict) else ""
            raise BuilderError(f"the engine refused: {said or f'status {status}'}")
        return document

    @property
    def containerd_store(self) -> bool:
        """Whether images lie in containerd's store, which keeps layers as they were compressed."""
        status = self.info().get("DriverStatus") or []
        return any(_CONTAINERD in str(value) for _, value in status)

    @property
    def server(self) -> tuple[int, ...]:
        """The engine's version in numbers, as far as it is numbers."""
        found = re.match(r"\d+(?:\.\d+)*", str(self.info().get("ServerVersion", "")))
        return tuple(map(int, found.group().split("."))) if found else ()

    def facts(self, features: frozenset[str]) -> Capabilities:
        """The engine's facts with the given build features."""
        info = self.info()
        machine = str(info.get("Architecture", ""))
        names = {"x86_64": "amd64", "aarch64": "arm64"}
        runtimes = tuple(sorted(info.get("Runtimes") or {}))
        devices = tuple(
            str(item.get("ID", "")) for item in info.get("DiscoveredDevices") or [] if item
        )
        root = Path(str(info.get("DockerRootDir", "")))
        return Capabilities(
            version=str(info.get("ServerVersion", "")),
            arch=names.get(machine, machine),
            features=features,
            runtimes=runtimes,
            cdi_devices=devices,
            root=root if self._host.startswith("unix://") and root.is_dir() else None,
            gpu="nvidia" in runtimes or any("nvidia.com/gpu" in item for item in devices),
            cores=int(info.get("NCPU") or 0),
            memory=int(info.get("MemTotal") or 0),
        )

    def inspect(self, reference: str) -> ImageInfo | None:
        raw = self._asked(f"/images/{quote(reference, safe=':/@')}/json")
        return image_info(raw) if raw else None

    def ask(self, question: Callable[[APIClient], _Answer]) -> _Answer:
        """What the SDK's low-level client answers, its errors turned into ours."""
        with self._talking():
            return question(self.client.api)

    def history(self, reference: str) -> tuple[tuple[str, int], ...]:
        """Instruction and bytes of each line of an image's history, oldest first.

        Empty where the engine does not hold the image.
        """
        from docker import errors

        with self._talking():
            try:
                lines = self.client.api.history(reference)  # type: ignore[no-untyped-call]
            except errors.ImageNotFound:
                return ()
        return tuple(
            (str(item.get("CreatedBy") or ""), int(item.get("Size") or 0))
            for item in reversed(lines)
        )

    def listing(self, filters: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        """The engine's own list of images.

        With containerd's store it fails whole if one image goes while it is made, as other
        processes' images do; so it is asked again.
        """
        from docker import errors

        def ask() -> Sequence[Mapping[str, Any]]:
            listed: Sequence[Mapping[str, Any]] = self.client.api.images(filters=dict(filters))
            return listed

        with self._talking():
            for _ in range(_LISTINGS):
                try:
                    return ask()
                except errors.APIError as error:
                    if "not found" not in str(error.explanation):
                        raise
            return ask()

    def tag(self, source: str, reference: str) -> None:
        name, _, tag = reference.rpartition(":")
        with self._talking():
            self.client.api.tag(source, name, tag)

    def remove(self, reference: str) -> None:
        from docker import errors

        with self._talking():
            try:
                self.client.api.remove_image(reference)
            except errors.ImageNotFound:
                return

    def pull(self, reference: str, platform: str, on_line: Callable[[str], None]) -> ImageInfo:
        def begin() -> Iterable[Any]:
            said: Iterable[Any] = self.client.api.pull(
                reference, platform=platform, stream=True, decode=True, tag=_tag_of(reference)
            )
            return said

        self._follow(begin, on_line, f"{reference} cannot be pulled")
        found = self.inspect(reference)
        if found is None:
            raise UnreachableError(f"{reference} was pulled and is not there")
        return found

    def push(self, reference: str, on_line: Callable[[str], None]) -> None:
        def begin() -> Iterable[Any]:
            said: Iterable[Any] = self.client.api.push(reference, stream=True, decode=True)
            return said

        self._follow(begin, on_line, f"{reference} cannot be pushed")

    def _follow(
        self, begin: Callable[[], Iterable[Any]], on_line: Callable[[str], None], failure: str
    ) -> None:
        """Tell what the engine says of a push or a pull, to its end.

        An engine that lives, and says nothing more, waits for a registry.
        """
        try:
            with self._talking():
                for item in listen(begin, self.patience, self._stopping.is_set):
                    if "error" in item:
                        raise UnreachableError(f"{failure}: {item['error']}")
                    if item.get("status") and not item.get("progressDetail"):
                        on_line(f"{item.get('id', '')} {item['status']}".strip())
        except (Silence, EngineGone):
            if self.alive():
                raise UnreachableError(f"{failure}: the registry does not go on") from None
            raise EngineGone(
                f"{failure}: the engine at {self._host} is gone",
                hint="`jetson-containers engine status` tells its state; then run this again",
            ) from None
        if self._stopping.is_set():
            raise Interrupted(failure.replace("cannot be", "was not"))

    def save(self, reference: str) -> Iterator[bytes]:
        with self._talking():
            yield from self.client.api.get_image(reference)

    def blobs(self, reference: str) -> tuple[Blob, ...] | None:
        """The blobs of an image, where this machine lets them be read; else ``None``."""
        held = self.inspect(reference)
        root = self.facts(frozenset()).root
        if held is None or root is None or not self.containerd_store:
            return None
        return image_blobs(roots(root), held.digest)

    def files(self, reference: str) -> Iterator[bytes]:
        """The files of an image as one archive, in pieces; nothing of it is run."""
        with self._talking():
            container = self.client.api.create_container(reference, command=["none"])["Id"]
            try:
                yield from self.client.api.export(container)
            finally:
                self.client.api.remove_container(container, force=True)

    def load(self, archive: IO[bytes]) -> None:
        """Take the images of an archive, as ``docker load`` does."""
        with self._talking():
            for item in self.client.api.load_image(archive):  # type: ignore[no-untyped-call]
                if "error" in item:
                    raise BuilderError(f"the engine cannot load an image: {item['error']}")

    def run(self, request: RunRequest, on_line: Callable[[str], None]) -> int:
        nvidia = request.gpu and "nvidia" in (self.info().get("Runtimes") or {})
        with self._talking():
            return self._containers.run(self.client, request, on_line, nvidia=nvidia)

    def sweep(self, is_over: Callable[[str], bool]) -> None:
        with self._talking():
            sweep(self.client, is_over)

    def kill_running(self) -> None:
        """Kill every container that this connection runs, and start no other."""
        self._stopping.set()
        if self._client is not None:
            self._containers.kill(self._client)


def image_info(raw: Mapping[str, Any]) -> ImageInfo:
    """The engine's ``inspect`` answer as a value."""
    config = raw.get("Config") or {}
    layers = (raw.get("RootFS") or {}).get("Layers") or ()
    return ImageInfo(
        digest=str(raw["Id"]),
        references=tuple(raw.get("RepoTags") or ()),
        labels=dict(config.get("Labels") or {}),
        arch=str(raw.get("Architecture", "")),
        size=int(raw.get("Size", 0)),
        layers=len(layers),
        manifests=tuple(str(item).partition("@")[2] for item in raw.get("RepoDigests") or ()),
    )


def _tag_of(reference: str) -> str | None:
    """Without a tag the SDK would pull them all."""
    last = reference.rpartition("/")[2]
    return None if ":" in last or "@" in last else "latest"
