"""The ``bake`` engine: every stage that is missing in one run of ``docker buildx bake``.

BuildKit sees the whole graph and decides what runs at the same time; a builder of several nodes
shares it between them. What one stage at a time would tell is read out of the run's progress.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jetson_containers.engine.buildkit import RAWJSON, BuildKitEngine
from jetson_containers.engine.context import whole_context
from jetson_containers.engine.events import (
    Event,
    Sink,
    StageFailed,
    StageFinished,
    StageStarted,
)
from jetson_containers.engine.held_folder import HeldFolder
from jetson_containers.engine.progress import ProgressReader, failing_lines
from jetson_containers.engine.protocol import (
    BuildRequest,
    Capabilities,
    EngineGone,
    ImageInfo,
    StepFailed,
)
from jetson_containers.engine.secretguard import SecretGuard, handed, unproven_name
from jetson_containers.errors import BuilderError, Location, UsageError
from jetson_containers.image import labels
from jetson_containers.plan.bake import BakeOptions, bake_text, target_name
from jetson_containers.plan.model import Plan, Stage

#: what BuildKit calls the last step of a target
_EXPORTING = "exporting to "
#: a step of bake's own, for all targets
_DEFINITIONS = "[internal] load local bake definitions"
#: what buildx says at the end of a bake that failed; of one target it does not name it
_ERROR = re.compile(r"ERROR: (?:target (?P<target>\S+): )?(?P<what>.+)")


@dataclass(frozen=True, slots=True)
class Failure:
    """What a stage failed of in a bake, and after how many seconds of its own."""

    error: BuilderError
    seconds: float


class BakeEngine(BuildKitEngine):
    """Builds stages together; a stage that failed there is not tried again alone."""

    name = "bake"

    def __init__(
        self,
        host: str,
        docker: Path,
        environ: Mapping[str, str],
        tls_dir: str | None = None,
    ) -> None:
        super().__init__(host, docker, environ, tls_dir)
        self._failed: dict[str, Failure] = {}

    def capabilities(self) -> Capabilities:
        found = super().capabilities()
        if self.unpacks_at_will:
            return found
        return replace(found, features=found.features - {"reproducible"})

    def failure(self, stage: Stage) -> Failure | None:
        """What the stage failed of when all were built together, if it did."""
        return self._failed.get(stage.id)

    def build_together(
        self,
        plans: Sequence[Plan],
        requests: Sequence[BuildRequest],
        sink: Sink,
        why: Callable[[Stage], str],
    ) -> dict[str, tuple[ImageInfo, float]]:
        """Build the stages of ``requests`` in one run; those that came out of it, with seconds.

        A failed step ends the run: what had not finished is not in the answer, and
        :meth:`failure` has the failure of the stage that had it.
        """
        if self._buildx_version() < RAWJSON:
            raise UsageError(
                "--engine bake needs buildx 0.13 or later", hint="use --engine buildkit"
            )
        todo = {request.stage.id: request for request in requests}
        secrets = {item: handed(request) for item, request in todo.items()}
        names = _names(tuple(todo.values()), secrets)
        first = requests[0]
        with ExitStack() as stack:
            folders = {
                item: stack.enter_context(whole_context(request.stage)).context
                for item, request in todo.items()
                if request.stage.generated
            }
            options = BakeOptions(
                secrets={name: f"src={path}" for name, path in first.secrets.items()},
                budget=first.budget,
                proxies=tuple(first.proxies),
                cache_from=first.cache_from,
                cache_to=first.cache_to,
                compression=first.compression,
                output="" if self.containerd_store else "type=docker",
                epochs={
                    item: request.epoch
                    for item, request in todo.items()
                    if request.epoch is not None
                },
                folders=folders,
                only=frozenset(todo),
                names=names,
                fresh={item for item, request in todo.items() if request.fresh},
            )
            folder = stack.enter_context(HeldFolder("jetson-bake-"))
            file = folder / "docker-bake.json"
            file.write_text(bake_text(plans, options), encoding="utf-8")
            stages = {item: request.stage for item, request in todo.items()}
            seconds, errors = self._bake(file, stages, names, first, sink, why)
        proven, leaks = self._proven(stages, names, secrets, sink)
        for item, error in {**errors, **leaks}.items():
            if isinstance(error, StepFailed) and not stages[item].generated:
                error.command = self.command(todo[item])
            self._failed[item] = Failure(error, seconds.get(item, 0.0))
            sink(StageFailed(item, self._failed[item].seconds, str(error)))
        return {item: (image, seconds.get(item, 0.0)) for item, image in proven.items()}

    def _bake(
        self,
        file: Path,
        stages: Mapping[str, Stage],
        names: Mapping[str, str],
        request: BuildRequest,
        sink: Sink,
        why: Callable[[Stage], str],
    ) -> tuple[dict[str, float], dict[str, BuilderError]]:
        """Run the bake; the seconds of each stage that began, and what failed."""

        def size(stage: Stage) -> int:
            held = self.inspect(names[stage.id])
            return held.size if held else 0

        targets = [target_name(stage) for stage in stages.values()]
        argv = ("docker", "buildx", "bake", "--file", str(file))
        reader = BakeReader(tuple(stages.values()), argv, size, why)
        progress = (*argv, "--progress=rawjson", *targets)
        # buildx 0.20 and later ask before a bake reads files elsewhere
        environ = {"BUILDX_BAKE_ENTITLEMENTS_FS": "0"}
        status = self.follow(progress, request, reader.feed, sink, environ)
        if not status:
            return reader.seconds, {}
        if not self.alive():
            raise EngineGone(
                "the engine stopped answering during the bake",
                hint="run the same command again: finished stages are kept",
            )
        failures = reader.failures()
        if not failures:
            raise BuilderError(f"the bake failed: {'; '.join(reader.words[-3:])}")
        return {**reader.running(), **reader.seconds}, failures

    def _proven(
        self,
        stages: Mapping[str, Stage],
        names: Mapping[str, str],
        secrets: Mapping[str, Mapping[str, bytes]],
        sink: Sink,
    ) -> tuple[dict[str, ImageInfo], dict[str, BuilderError]]:
        """Give each image its name, parents first, if no secret is in it or in what it is on.

        Those that have one, and what is wrong with the others.
        """
        guard = SecretGuard()
        found: dict[str, ImageInfo] = {}
        errors: dict[str, BuilderError] = {}
        for item, stage in stages.items():
            built = self.inspect(names[item])
            if built is None or built.labels.get(labels.FINGERPRINT) != stage.fingerprint:
                continue
            if names[item] == stage.reference:
                found[item] = built
            elif stage.parent in stages and stage.parent not in found:
                self.remove(names[item])
            else:
                try:
                    found[item] = guard.prove(self, stage, built, secrets[item], sink)
                except BuilderError as error:
                    errors[item] = error
        return found, errors


def _names(
    requests: Sequence[BuildRequest], secrets: Mapping[str, Mapping[str, bytes]]
) -> dict[str, str]:
    """Under which name each stage leaves the run: its own, unless a secret may be in it."""
    names: dict[str, str] = {}
    for request in requests:
        stage = request.stage
        parent = names.get(stage.parent or "", "")
        open_question = bool(secrets[stage.id]) or parent.endswith("-unproven")
        names[stage.id] = unproven_name(stage) if open_question else stage.reference
    return names


@dataclass
class BakeReader:
    """Tells the steps of many targets apart; ``size`` asks how large a finished image is.

    Of one target buildx names the steps as a single build does, and all are its own.
    """

    stages: Sequence[Stage]
    command: tuple[str, ...]
    size: Callable[[Stage], int]
    why: Callable[[Stage], str]
    clock: Callable[[], float] = time.monotonic
    words: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    _readers: dict[str, ProgressReader] = field(default_factory=dict)
    _owner: dict[str, Stage] = field(default_factory=dict)
    _begun: dict[str, float] = field(default_factory=dict)
    _lanes: dict[str, int] = field(default_factory=dict)
    _document: list[str] = field(default_factory=list)
    _targets: dict[str, Stage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._targets = {target_name(stage): stage for stage in self.stages}

    def feed(self, line: str) -> Iterator[Event]:
        """The events of one line of ``--progress=rawjson``."""
        if line.rstrip() == "{" or self._document:
            self._document.append(line)
            if line.rstrip() != "}":
                return
            line = "".join(self._document)
            self._document.clear()
        try:
            status = json.loads(line)
        except ValueError:
            status = None
        if not isinstance(status, dict):
            if line.strip():
                self.words.append(line.strip())
            return
        for vertex in status.get("vertexes") or ():
            yield from self._vertex(vertex)
        for log in status.get("logs") or ():
            stage = self._owner.get(str(log.get("vertex", "")))
            if stage is not None:
                yield from self._reader(stage).feed(json.dumps({"logs": [log]}))

    def _vertex(self, vertex: dict[str, Any]) -> Iterator[Event]:
        digest = str(vertex.get("digest", ""))
        target, name = self._split(str(vertex.get("name", "")))
        stage = self._owner.get(digest) or self._targets.get(target)
        if stage is None:
            return
        target = target_name(stage)
        self._owner[digest] = stage
        if vertex.get("started") and stage.id not in self._begun:
            self._begun[stage.id] = self.clock()
            lane = next(n for n in range(1, len(self._lanes) + 2) if n not in self._lanes.values())
            self._lanes[stage.id] = lane
            yield StageStarted(stage.id, (*self.command, target), self.why(stage), lane)
        yield from self._reader(stage).feed(
            json.dumps({"vertexes": [{**vertex, "name": name}]})
        )
        done = vertex.get("completed") and not vertex.get("error")
        if done and name.startswith(_EXPORTING) and stage.id in self._lanes:
            del self._lanes[stage.id]
            seconds = self.clock() - self._begun[stage.id]
            self.seconds[stage.id] = seconds
            yield StageFinished(stage.id, seconds, self.size(stage))

    def _split(self, name: str) -> tuple[str, str]:
        target, step = _split(name)
        if len(self._targets) > 1 or target in self._targets or name == _DEFINITIONS:
            return target, step
        return next(iter(self._targets)), name

    def running(self) -> dict[str, float]:
        """The seconds so far of each stage that began and has not finished."""
        now = self.clock()
        return {item: now - self._begun[item] for item in self._lanes}

    def _reader(self, stage: Stage) -> ProgressReader:
        return self._readers.setdefault(stage.id, ProgressReader(stage.id))

    def failures(self) -> dict[str, BuilderError]:
        """What failed, by stage id; not what was stopped because of it."""
        found: dict[str, BuilderError] = {}
        for stage in self.stages:
            reader = self._readers.get(stage.id)
            if reader is None or not reader.failed_step:
                continue
            lines = reader.failure_lines() or tuple(reader.errors)
            found[stage.id] = StepFailed(
                f"building {stage.title} failed at {reader.failed_step}",
                where=Location(f"{stage.context}/{stage.dockerfile}"),
                lines=failing_lines(lines),
            )
        return found or self._unstepped()

    def _unstepped(self) -> dict[str, BuilderError]:
        """The stage that failed without a step, as of a Dockerfile that nobody can read."""
        for word in reversed(self.words):
            match = _ERROR.match(word)
            if match is None:
                continue
            alone = self.stages[0] if len(self.stages) == 1 else None
            stage = self._targets.get(match["target"] or "") or alone
            if stage is not None:
                return {
                    stage.id: StepFailed(
                        f"building {stage.title} failed at {match['what']}",
                        where=Location(f"{stage.context}/{stage.dockerfile}"),
                        lines=failing_lines(tuple(self.words)),
                    )
                }
        return {}


def _split(name: str) -> tuple[str, str]:
    """The target of a step and the step as a single build words it.

    Source: docker/buildx, ``util/progress/multiwriter.go``, which prefixes names of steps.
    """
    head, bracket, rest = name.removeprefix("[").partition("]")
    if not name.startswith("[") or not bracket:
        return "", name
    target, _, inner = head.partition(" ")
    return target, f"[{inner}]{rest}" if inner else rest.strip()
