"""The ``buildkit`` engine: ``docker buildx build`` for builds, the SDK for everything else."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jetson_containers.engine.command import buildx_argv, export_argv
from jetson_containers.engine.dockerapi import DockerApi
from jetson_containers.engine.events import Event, LogLine, Sink
from jetson_containers.engine.layout_images import LayoutPool, load_archive
from jetson_containers.engine.progress import ProgressReader, failing_lines
from jetson_containers.engine.protocol import (
    BuildRequest,
    Capabilities,
    EngineGone,
    ImageInfo,
    Interrupted,
    StepFailed,
)
from jetson_containers.errors import Location

#: what every BuildKit behind buildx 0.10 or later can do
FEATURES = frozenset({"mounts", "heredoc", "link", "contexts", "network"})
#: the first buildx with ``--progress=rawjson``
RAWJSON = (0, 13)
#: the first Docker whose BuildKit (0.13) rewrites the times of files
_REWRITES = (26,)
#: the first Docker that leaves an image packed if asked to
_UNPACKS_AT_WILL = (29,)
#: what BuildKit says of a layer that containerd collects while it is written: one that an image
#: had which was removed a moment ago, since equal layers of reproducible stages are one
_LOST = "failed to solve: not found"
#: how often that is tried again
_LOST_BLOBS = 2


class BuildKitEngine(DockerApi):
    """Builds with ``docker buildx``, several stages at a time.

    ``environ`` is what the client is started with.
    """

    name = "buildkit"

    def __init__(
        self,
        host: str,
        docker: Path,
        environ: Mapping[str, str],
        tls_dir: str | None = None,
    ) -> None:
        super().__init__(host, tls_dir)
        self._docker = docker
        self._environ = dict(environ)
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._cancelled = threading.Event()
        self._version: tuple[int, ...] | None = None
        self._layouts: LayoutPool | None = None
        self._lock = threading.Lock()

    def capabilities(self) -> Capabilities:
        rewrites = self.containerd_store and self.server >= _REWRITES
        return self.facts(FEATURES | {"reproducible"} if rewrites else FEATURES)

    def command(self, request: BuildRequest) -> tuple[str, ...]:
        # what the engine would refuse to unpack is shown as it is built, into a directory
        layout = Path("/tmp/image") if self._through_layout(request) else None
        return buildx_argv(self._fit(request), layout=layout)

    def _through_layout(self, request: BuildRequest) -> bool:
        return request.epoch is not None and not self.unpacks_at_will

    @property
    def unpacks_at_will(self) -> bool:
        """Whether the engine leaves an image packed if asked to."""
        return self.server >= _UNPACKS_AT_WILL

    def build(self, request: BuildRequest, sink: Sink) -> ImageInfo:
        stage = request.stage
        request = self._fit(request)
        if self._through_layout(request):
            self._build_layout(request, sink)
        else:
            self._run(buildx_argv(request, progress=self._progress()), request, sink)
        found = self.inspect(stage.reference)
        if found is None:
            raise EngineGone(
                f"{stage.title} was built and {stage.reference} is not in the engine's store",
                hint="a buildx builder of another driver is selected: `docker buildx use default`",
            )
        return found

    def _build_layout(self, request: BuildRequest, sink: Sink) -> None:
        """Build into a directory and load it from there; see ``layout_images``."""
        with self._lock:
            if self._layouts is None:
                self._layouts = LayoutPool()
        for left in range(_LOST_BLOBS, -1, -1):
            try:
                return self._load_layout(self._layouts, request, sink)
            except StepFailed as error:
                if not left or not error.what.endswith(_LOST):
                    raise
                sink(LogLine(request.stage.id, "the engine removed a layer meanwhile: again"))

    def _load_layout(self, layouts: LayoutPool, request: BuildRequest, sink: Sink) -> None:
        with layouts.layout() as folder:
            argv = buildx_argv(request, progress=self._progress(), layout=folder)
            self._run(argv, request, sink)
            parent = self.inspect(request.parent)
            layers = parent.layers if parent else 0
            with load_archive(folder, request.stage.reference, layers) as archive:
                self.load(archive)

    def export(self, request: BuildRequest, target: str, dest: Path, sink: Sink) -> None:
        argv = export_argv(request, target, dest, progress=self._progress())
        self._run(argv, request, sink, export_argv(request, target, dest))

    def _run(
        self,
        argv: Sequence[str],
        request: BuildRequest,
        sink: Sink,
        repeat: Sequence[str] | None = None,
    ) -> None:
        """Run a build to its end; ``repeat`` is the command a person may paste after a failure."""
        reader = ProgressReader(request.stage.id)
        if self.follow(argv, request, reader.feed, sink):
            raise self._failure(request, reader, repeat or self.command(request))

    def follow(
        self,
        argv: Sequence[str],
        request: BuildRequest,
        feed: Callable[[str], Iterable[Event]],
        sink: Sink,
        environ: Mapping[str, str] | None = None,
    ) -> int:
        """Run a client of the engine to its end and give its exit status.

        ``feed`` makes events of the lines of its progress. Raises :class:`Interrupted` where it
        was stopped.
        """
        if self._cancelled.is_set():
            raise Interrupted(f"{request.stage.title} was not begun")
        process = subprocess.Popen(
            [str(self._docker), *argv[1:]],
            env={**self._environ, **request.proxies, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._processes.add(process)
        if self._cancelled.is_set():
            self._stop(process)
        try:
            assert process.stderr is not None
            for line in process.stderr:
                for event in feed(line.decode("utf-8", errors="replace")):
                    sink(event)
            status = process.wait()
        finally:
            if process.poll() is None:
                self._stop(process)
            self._processes.discard(process)
        if self._cancelled.is_set():
            raise Interrupted(f"{request.stage.title} was stopped")
        return status

    def cancel(self) -> None:
        self._cancelled.set()
        self._stop(*self._processes)
        self.kill_running()

    @staticmethod
    def _stop(*processes: subprocess.Popen[bytes]) -> None:
        """Ask with SIGINT, which lets BuildKit end the step; insist after a second."""
        running = list(processes)
        for sign, patience in ((signal.SIGINT, 1.0), (signal.SIGKILL, 1.0)):
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, sign)
            deadline = time.monotonic() + patience
            while running and time.monotonic() < deadline:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running[0].wait(0.05)
                running = [process for process in running if process.poll() is None]

    def _failure(
        self, request: BuildRequest, reader: ProgressReader, repeat: Sequence[str]
    ) -> StepFailed | EngineGone:
        stage = request.stage
        if not self.alive():
            return EngineGone(
                f"the engine stopped answering while it built {stage.title}",
                hint="run the same command again: finished stages are kept "
                "(`jetson-containers engine status` tells the engine's state)",
            )
        lines = reader.failure_lines() or tuple(reader.errors)
        step = reader.failed_step or (reader.errors[-1] if reader.errors else "the build")
        return StepFailed(
            f"building {stage.title} failed at {step}",
            where=Location(f"{stage.context}/{stage.dockerfile}"),
            lines=failing_lines(lines),
            command=repeat,
        )

    def _fit(self, request: BuildRequest) -> BuildRequest:
        """An image store that recompresses on its own is not told how."""
        if not self.containerd_store:
            return replace(request, compression="default")
        return request

    def _progress(self) -> str:
        return "rawjson" if self._buildx_version() >= RAWJSON else "plain"

    def _buildx_version(self) -> tuple[int, ...]:
        if self._version is None:
            done = subprocess.run(
                [str(self._docker), "buildx", "version"],
                env=self._environ,
                capture_output=True,
                text=True,
                check=False,
            )
            match = re.search(r"v?(\d+)\.(\d+)", done.stdout)
            self._version = tuple(int(part) for part in match.groups()) if match else (0, 0)
        return self._version
