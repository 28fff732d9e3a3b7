"""The ``dry-run`` engine: does nothing, and hands out the commands that would do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from jetson_containers.engine.buildkit import FEATURES
from jetson_containers.engine.command import (
    buildx_argv,
    classic_argv,
    export_argv,
    run_argv,
)
from jetson_containers.engine.contentstore import Blob
from jetson_containers.engine.events import Sink
from jetson_containers.engine.protocol import BuildRequest, Capabilities, ImageInfo, RunRequest


class DryRunEngine:
    """Every command goes to ``emit`` as an argv, in the order in which it would be run.

    With ``classic`` they are those of a client without buildx.
    """

    name = "dry-run"

    def __init__(
        self, emit: Callable[[tuple[str, ...]], None], *, classic: bool = False
    ) -> None:
        self._emit = emit
        self._classic = classic

    def capabilities(self) -> Capabilities:
        features = frozenset[str]() if self._classic else FEATURES
        return Capabilities(version="dry-run", arch="", features=features)

    def command(self, request: BuildRequest) -> tuple[str, ...]:
        return classic_argv(request) if self._classic else buildx_argv(request)

    def build(self, request: BuildRequest, sink: Sink) -> ImageInfo:
        self._emit(self.command(request))
        return _nothing(request.stage.reference)

    def export(self, request: BuildRequest, target: str, dest: Path, sink: Sink) -> None:
        self._emit(export_argv(request, target, dest))

    def cancel(self) -> None:
        return

    def tag(self, source: str, reference: str) -> None:
        self._emit(("docker", "tag", source, reference))

    def push(self, reference: str, on_line: Callable[[str], None]) -> None:
        self._emit(("docker", "push", reference))

    def pull(self, reference: str, platform: str, on_line: Callable[[str], None]) -> ImageInfo:
        self._emit(("docker", "pull", "--platform", platform, reference))
        return _nothing(reference)

    def inspect(self, reference: str) -> ImageInfo | None:
        return None

    def remove(self, reference: str) -> None:
        self._emit(("docker", "image", "rm", reference))

    def save(self, reference: str) -> Iterator[bytes]:
        return iter(())

    def blobs(self, reference: str) -> tuple[Blob, ...] | None:
        return None

    def files(self, reference: str) -> Iterator[bytes]:
        return iter(())

    def sweep(self, is_over: Callable[[str], bool]) -> None:
        return

    def run(self, request: RunRequest, on_line: Callable[[str], None]) -> int:
        self._emit(run_argv(request))
        return 0


def _nothing(reference: str) -> ImageInfo:
    """Stands for an image that was not made; its digest is the name to use in commands."""
    return ImageInfo(digest=reference, references=(), labels={}, arch="", size=0)
