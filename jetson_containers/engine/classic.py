"""The ``docker`` engine: the SDK's classic builder, for daemons without buildx."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jetson_containers.engine.command import build_args, classic_argv
from jetson_containers.engine.dockerapi import DockerApi
from jetson_containers.engine.events import LogLine, Sink, StepStarted
from jetson_containers.engine.progress import Kept, failing_lines, plain
from jetson_containers.engine.protocol import (
    BuildRequest,
    Capabilities,
    EngineGone,
    ImageInfo,
    Interrupted,
    StepFailed,
)
from jetson_containers.errors import BuilderError, Location

_STEP = re.compile(r"^Step (\d+)/(\d+) : (.*)$")


class ClassicEngine(DockerApi):
    """Builds by the engine's own API: no mounts, no here-documents, no named contexts."""

    name = "docker"

    def __init__(self, host: str, tls_dir: str | None = None) -> None:
        super().__init__(host, tls_dir)
        self._cancelled = threading.Event()

    def capabilities(self) -> Capabilities:
        return self.facts(frozenset())

    def command(self, request: BuildRequest) -> tuple[str, ...]:
        return classic_argv(request)

    def build(self, request: BuildRequest, sink: Sink) -> ImageInfo:
        stage = request.stage
        if stage.build_flags:
            raise BuilderError(
                f"{stage.title} needs build flags ({' '.join(stage.build_flags)}), which the "
                "classic builder's API does not take",
                hint="install docker-buildx, or use --engine buildkit",
            )
        output = Kept()
        step = ""
        try:
            stream = self.client.api.build(
                path=stage.context,
                dockerfile=stage.dockerfile,
                tag=stage.reference,
                buildargs={**dict(build_args(request)), **request.proxies},
                labels=dict(stage.labels),
                platform=stage.platform,
                nocache=request.fresh,
                rm=True,
                forcerm=True,
                decode=True,
            )
            for item in self._followed(stream, stage.title):
                if "error" in item:
                    output.add(plain(str(item["error"])))
                    raise StepFailed(
                        f"building {stage.title} failed at {step or 'the build'}",
                        where=Location(f"{stage.context}/{stage.dockerfile}"),
                        lines=failing_lines(output.lines()),
                        command=self.command(request),
                    )
                for raw in str(item.get("stream", "")).splitlines():
                    text = plain(raw)
                    if not text:
                        continue
                    found = _STEP.match(text)
                    if found:
                        step = f"[{found.group(1)}/{found.group(2)}] {found.group(3)}"
                        output = Kept()
                        sink(StepStarted(stage.id, step))
                    else:
                        output.add(text)
                        sink(LogLine(stage.id, text))
        except BuilderError:
            raise
        except Exception as error:
            if self._cancelled.is_set():
                raise Interrupted(f"{stage.title} was stopped") from None
            if not self.alive():
                raise EngineGone(
                    f"the engine stopped answering while it built {stage.title}",
                    hint="run the same command again: finished stages are kept",
                ) from None
            raise StepFailed(
                f"building {stage.title} failed: {error}",
                where=Location(f"{stage.context}/{stage.dockerfile}"),
                lines=failing_lines(output.lines()),
            ) from error
        found_image = self.inspect(stage.reference)
        if found_image is None:
            raise EngineGone(f"{stage.title} was built and {stage.reference} is not there")
        return found_image

    def _followed(
        self, stream: Iterator[Mapping[str, Any]], title: str
    ) -> Iterator[Mapping[str, Any]]:
        """``stream`` as it comes, left at once when the build is cancelled.

        Reading blocks in the SDK, so another thread reads; the engine ends the step when the
        connection closes.
        """
        arrived: queue.Queue[Mapping[str, Any] | BaseException | None] = queue.Queue()

        def read() -> None:
            try:
                for item in stream:
                    arrived.put(item)
                arrived.put(None)
            except BaseException as error:
                arrived.put(error)

        threading.Thread(target=read, name="classic-build", daemon=True).start()
        while True:
            if self._cancelled.is_set():
                raise Interrupted(f"{title} was stopped")
            try:
                item = arrived.get(timeout=0.1)
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def export(self, request: BuildRequest, target: str, dest: Path, sink: Sink) -> None:
        raise BuilderError(
            f"the classic builder cannot write the stage {target} of {request.stage.title} out",
            hint="use --engine buildkit",
        )

    def cancel(self) -> None:
        self._cancelled.set()
        self.kill_running()
