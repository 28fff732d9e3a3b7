"""The ``buildkit`` engine: ``docker buildx build`` for builds, the SDK for everything else."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from jetson_containers.engine.command import buildx_argv
from jetson_containers.engine.dockerapi import DockerApi
from jetson_containers.engine.events import Sink
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
_RAWJSON = (0, 13)


class BuildKitEngine(DockerApi):
    """Builds with ``docker buildx``; ``environ`` is what the client is started with."""

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
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = threading.Event()
        self._version: tuple[int, ...] | None = None

    def capabilities(self) -> Capabilities:
        return self.facts(FEATURES)

    def command(self, request: BuildRequest) -> tuple[str, ...]:
        return buildx_argv(self._fit(request))

    def build(self, request: BuildRequest, sink: Sink) -> ImageInfo:
        stage = request.stage
        raw = self._buildx_version() >= _RAWJSON
        argv = buildx_argv(self._fit(request), progress="rawjson" if raw else "plain")
        reader = ProgressReader(stage.id)
        if self._cancelled.is_set():
            raise Interrupted(f"{stage.title} was not begun")
        process = subprocess.Popen(
            [str(self._docker), *argv[1:]],
            env={**self._environ, **request.proxies},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._process = process
        if self._cancelled.is_set():
            self._stop(process)
        try:
            assert process.stderr is not None
            for line in process.stderr:
                for event in reader.feed(line.decode("utf-8", errors="replace")):
                    sink(event)
            status = process.wait()
        finally:
            if process.poll() is None:
                self._stop(process)
            self._process = None
        if self._cancelled.is_set():
            raise Interrupted(f"{stage.title} was stopped")
        if status:
            raise self._failure(request, reader)
        found = self.inspect(stage.reference)
        if found is None:
            raise EngineGone(
                f"{stage.title} was built and {stage.reference} is not in the engine's store",
                hint="a buildx builder of another driver is selected: `docker buildx use default`",
            )
        return found

    def cancel(self) -> None:
        self._cancelled.set()
        process = self._process
        if process is not None:
            self._stop(process)
        self.kill_running()

    @staticmethod
    def _stop(process: subprocess.Popen[bytes]) -> None:
        """Ask with SIGINT, which lets BuildKit end the step; insist after a second."""
        for sign, patience in ((signal.SIGINT, 1.0), (signal.SIGKILL, 1.0)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if process.poll() is not None:
                    return
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)

    def _failure(self, request: BuildRequest, reader: ProgressReader) -> StepFailed | EngineGone:
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
            command=self.command(request),
        )

    def _fit(self, request: BuildRequest) -> BuildRequest:
        """An image store that recompresses on its own is not told how."""
        if not self.containerd_store:
            return replace(request, compression="default")
        return request

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
