"""The port between a plan and whatever builds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from jetson_containers.engine.contentstore import Blob
from jetson_containers.engine.events import Sink
from jetson_containers.errors import BuilderError, ExitCode, Location, UnreachableError
from jetson_containers.plan.model import Stage


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do; a stage's ``needs`` are checked against ``features``.

    ``root`` is where the engine keeps its data (``None`` when it is on another machine),
    ``runtimes`` and ``cdi_devices`` decide about GPUs, ``arch`` is the machine's as Docker
    names it, ``cores`` and ``memory`` (bytes) what steps can use of it, 0 when unknown.
    """

    version: str
    arch: str
    features: frozenset[str]
    runtimes: tuple[str, ...] = ()
    cdi_devices: tuple[str, ...] = ()
    root: Path | None = None
    gpu: bool = False
    cores: int = 0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An image that an engine holds; ``size`` in bytes as the engine counts it.

    ``manifests`` are the digests under which registries have it, as far as the engine knows.
    """

    digest: str
    references: tuple[str, ...]
    labels: Mapping[str, str]
    arch: str
    size: int
    layers: int = 0
    manifests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """A stage with what only this run knows.

    ``parent`` is the reference that ``BASE_IMAGE`` gets, ``secrets`` maps secret ids to files,
    ``budget`` holds build arguments that may not change the result (job counts), ``proxies`` the
    proxy variables, which no Dockerfile has to declare. ``contexts`` are named contexts beside
    the stage's own: directories that stand in for stages of its Dockerfile. ``fresh``
    uses nothing that the engine remembers of earlier builds. ``epoch`` makes the image
    reproducible: no time in it is later (seconds since 1970).
    """

    stage: Stage
    parent: str
    secrets: Mapping[str, Path] = field(default_factory=dict)
    budget: Mapping[str, str] = field(default_factory=dict)
    proxies: Mapping[str, str] = field(default_factory=dict)
    cache_from: Sequence[str] = ()
    cache_to: Sequence[str] = ()
    compression: str = "zstd"
    contexts: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A container that runs to its end: ``mounts`` are read-only, host path to container path.

    ``owner`` is the directory of the run that it belongs to, empty for none.
    """

    image: str
    argv: tuple[str, ...]
    mounts: Mapping[Path, str]
    data: Path | None = None
    gpu: bool = False
    timeout: float = 900.0
    environment: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""


class StepFailed(BuilderError):
    """A step of a Dockerfile or a test failed.

    ``lines`` are those of its output that tell why, ``command`` repeats it alone.
    """

    def __init__(
        self,
        what: str,
        *,
        where: Location | None = None,
        lines: Sequence[str] = (),
        command: Sequence[str] = (),
        hint: str = "",
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.lines = tuple(lines)
        self.command = tuple(command)


class EngineGone(UnreachableError):
    """The engine stopped answering."""


class Interrupted(BuilderError):
    """The run was stopped from outside."""

    exit_code = ExitCode.INTERRUPTED


class Engine(Protocol):
    """What every engine does. Errors are :class:`~jetson_containers.errors.BuilderError`."""

    @property
    def name(self) -> str: ...

    def capabilities(self) -> Capabilities:
        """Asked once and kept."""

    def command(self, request: BuildRequest) -> tuple[str, ...]:
        """The argv that builds the stage alone, as a person may paste it."""

    def build(self, request: BuildRequest, sink: Sink) -> ImageInfo:
        """Build and tag one stage; called from several threads at the same time.

        Raises :class:`StepFailed` or :class:`EngineGone`.
        """

    def export(self, request: BuildRequest, target: str, dest: Path, sink: Sink) -> None:
        """Build the stage ``target`` of the Dockerfile and write what it holds into ``dest``.

        Raises as :meth:`build`; an engine without the feature ``contexts`` cannot.
        """

    def cancel(self) -> None:
        """Stop whatever runs, from any thread, within two seconds."""

    def tag(self, source: str, reference: str) -> None: ...

    def push(self, reference: str, on_line: Callable[[str], None]) -> None: ...

    def pull(self, reference: str, platform: str, on_line: Callable[[str], None]) -> ImageInfo: ...

    def inspect(self, reference: str) -> ImageInfo | None:
        """The image of that reference or digest, or ``None``."""

    def remove(self, reference: str) -> None: ...

    def save(self, reference: str) -> Iterator[bytes]:
        """The image as the archive of ``docker save``, in pieces."""

    def blobs(self, reference: str) -> tuple[Blob, ...] | None:
        """The blobs of an image, where they can be read without the engine; else ``None``."""

    def files(self, reference: str) -> Iterator[bytes]:
        """The files of an image as one archive, in pieces; nothing of it is run."""

    def run(self, request: RunRequest, on_line: Callable[[str], None]) -> int:
        """Run a container to its end, remove it, and give its exit status."""

    def sweep(self, is_over: Callable[[str], bool]) -> None:
        """Remove the containers whose owner :meth:`run` was given and ``is_over``."""
