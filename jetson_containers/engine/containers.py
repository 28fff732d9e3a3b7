"""Containers that are run for a test, with a time limit, and taken away whatever happens."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jetson_containers.engine.progress import LONGEST_LINE
from jetson_containers.engine.protocol import Interrupted, RunRequest

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

#: the label of a container: the directory of the run that started it
OWNER = "io.jetson-containers.run"
#: exit status of a container that ran too long, as of ``timeout`` (coreutils)
LATE = 124


class Containers:
    """The containers that run now; once ``stopping`` is set no other one starts."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._running: set[str] = set()

    def run(
        self,
        client: DockerClient,
        request: RunRequest,
        on_line: Callable[[str], None],
        *,
        nvidia: bool,
    ) -> int:
        """The exit status of the command, whose output goes to ``on_line`` line by line.

        ``nvidia`` says that the engine has NVIDIA's runtime. Raises what the SDK raises.
        """
        from docker import errors

        container = client.containers.create(**_options(request, nvidia=nvidia))
        name = str(container.id)
        self._running.add(name)
        late = threading.Event()

        def stop() -> None:
            late.set()
            _kill(client, name)

        timer = threading.Timer(request.timeout, stop)
        timer.daemon = True
        try:
            if self._stopping.is_set():
                raise Interrupted("a container was not started")
            container.start()
            timer.start()
            _listen(container, on_line)
            status = int(container.wait()["StatusCode"])
        finally:
            timer.cancel()
            self._running.discard(name)
            with contextlib.suppress(errors.DockerException, OSError):
                container.remove(force=True, v=True)
        if late.is_set():
            on_line(f"stopped: it ran longer than {request.timeout:.0f} s")
            return LATE
        return status

    def kill(self, client: DockerClient) -> None:
        """Kill those that run."""
        for container in tuple(self._running):
            _kill(client, container)


def sweep(client: DockerClient, is_over: Callable[[str], bool]) -> None:
    """Remove the containers of runs that are over, which their directory tells."""
    from docker import errors

    for container in client.containers.list(all=True, filters={"label": OWNER}):
        if is_over(str(container.labels.get(OWNER, ""))):
            with contextlib.suppress(errors.APIError):  # another run has removed it
                container.remove(force=True, v=True)


def _options(request: RunRequest, *, nvidia: bool) -> dict[str, Any]:
    from docker.types import DeviceRequest, Mount

    mounts = [
        Mount(target=place, source=str(path), type="bind", read_only=True)
        for path, place in request.mounts.items()
    ]
    if request.data is not None:
        mounts.append(Mount(target="/data", source=str(request.data), type="bind"))
    gpu: dict[str, Any] = {}
    if nvidia:
        gpu["runtime"] = "nvidia"
    elif request.gpu:
        gpu["device_requests"] = [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    return {
        "image": request.image,
        "command": list(request.argv),
        "mounts": mounts,
        "environment": dict(request.environment),
        "entrypoint": [],
        "labels": {OWNER: request.owner} if request.owner else {},
        "working_dir": "/test" if "/test" in request.mounts.values() else None,
        **gpu,
    }


def _listen(container: Container, on_line: Callable[[str], None]) -> None:
    pending = ""
    for chunk in container.logs(stream=True, follow=True):
        pending += chunk.decode("utf-8", errors="replace")
        *lines, pending = pending.split("\n")
        if len(pending) > LONGEST_LINE:
            lines.append(pending)
            pending = ""
        for line in lines:
            on_line(line.rstrip("\r"))
    if pending:
        on_line(pending)


def _kill(client: DockerClient, container: str) -> None:
    from docker import errors

    try:
        client.api.kill(container)
    except (errors.DockerException, OSError):
        return
