"""Installs what was compiled before, and keeps what is compiled now."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jetson_containers.engine.events import LogLine, Sink, StageWaiting, Warned
from jetson_containers.engine.protocol import BuildRequest, Engine
from jetson_containers.errors import BuilderError, Location
from jetson_containers.image.labels import read_labels
from jetson_containers.plan.dockerfile import ARTIFACT_STAGE
from jetson_containers.plan.model import Stage
from jetson_containers.platform.target import Target
from jetson_containers.wheels.code import CodeNotRead, Dump, gpu_code
from jetson_containers.wheels.entry import BadEntry, Entry, KeptFile
from jetson_containers.wheels.fit import fit
from jetson_containers.wheels.places import Place
from jetson_containers.wheels.signature import sign, trusted
from jetson_containers.wheels.store import Kept, WheelDirectory, digest, walk


@dataclass(frozen=True, slots=True)
class Keys:
    """``signing`` is a private key, ``trusted`` are public ones of which one must have signed.

    Without ``trusted`` an entry needs no signature.
    """

    signing: Path | None = None
    trusted: tuple[Path, ...] = ()


class WheelKeeper:
    """The wheel store of a run, as the builder sees it (``engine.artifacts.Artifacts``).

    Law: a stage is handed an entry only if it is whole, signed where that is wanted, and fits the
    stage's target.
    """

    def __init__(
        self,
        store: WheelDirectory,
        dump: Dump,
        *,
        places: Sequence[Place] = (),
        keys: Keys | None = None,
    ) -> None:
        self._store = store
        self._dump = dump
        self._places = tuple(places)
        self._keys = keys or Keys()
        self._told: set[str] = set()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Wait for no other build any longer."""
        self._stopped.set()

    @contextlib.contextmanager
    def prepare(
        self, stage: Stage, request: BuildRequest, engine: Engine, sink: Sink
    ) -> Iterator[BuildRequest]:
        """The request with what the stage compiles as a named context.

        An engine that cannot replace a stage of a Dockerfile compiles it; that is said once. What
        is to be built afresh is compiled, and takes the place of what was kept.
        """
        if stage.artifact is None:
            yield request
        elif "contexts" not in engine.capabilities().features:
            self._once(
                f"{engine.name} cannot install what was compiled before: it is compiled each time",
                stage,
                sink,
            )
            yield request
        else:
            kept = self._kept(stage, stage.artifact, request, engine, sink)
            contexts = dict(request.contexts)
            if kept is not None:
                contexts[ARTIFACT_STAGE] = str(kept.files)
            yield replace(request, contexts=contexts)

    def _kept(
        self, stage: Stage, key: str, request: BuildRequest, engine: Engine, sink: Sink
    ) -> Kept | None:
        target = _target(stage)

        def waits(pid: int) -> None:
            sink(StageWaiting(stage.id, pid))

        with self._store.lock(key, waits, self._stopped.is_set):
            found = None if request.fresh else self._found(stage, key, target, sink)
            if found is not None:
                return found
            try:
                self._store.make()
            except BuilderError as error:
                self._once(str(error), stage, sink)
                return None
            fetched = None if request.fresh else self._fetched(stage, key, target, sink)
            return fetched or self._compiled(stage, key, target, request, engine, sink)

    def _found(self, stage: Stage, key: str, target: Target, sink: Sink) -> Kept | None:
        try:
            kept = self._store.find(key)
            if kept is not None:
                self._judge(kept.entry, kept.index, kept.signature, stage, target, sink)
                sink(LogLine(stage.id, f"installed from {kept.files.parent}"))
        except BadEntry as error:
            sink(Warned(stage.id, f"not used from the wheel store: {error}"))
            return None
        return kept

    def _fetched(self, stage: Stage, key: str, target: Target, sink: Sink) -> Kept | None:
        """From the first other place that has it; what cannot be reached or used is said."""
        for place in self._places:
            try:
                with self._store.scratch() as files:
                    answer = place.fetch(stage, files)
                    if answer is None:
                        continue
                    entry, index, signature = answer
                    if entry.key != key:
                        raise BadEntry(f"it is the entry of another key, {entry.key}")
                    self._judge(entry, index, signature, stage, target, sink)
                    kept = self._store.add(entry, files, signature)
            except BuilderError as error:
                sink(Warned(stage.id, f"not used from {place.name}: {error}"))
                continue
            sink(LogLine(stage.id, f"installed from {place.name}"))
            return kept
        return None

    def _judge(
        self,
        entry: Entry,
        index: bytes,
        signature: bytes | None,
        stage: Stage,
        target: Target,
        sink: Sink,
    ) -> None:
        """Raises :class:`BadEntry` for what may not be used."""
        if self._keys.trusted and not trusted(index, signature, self._keys.trusted):
            how = "is signed by nobody" if signature is None else "is not signed by a trusted key"
            raise BadEntry(f"{entry.package} {how}")
        self._fits(entry, stage, target, sink)

    def _fits(self, entry: Entry, stage: Stage, target: Target, sink: Sink) -> None:
        found = fit(entry, target)
        for note in found.notes:
            sink(Warned(stage.id, f"{entry.package}: {note}"))
        if found.refusals:
            raise BadEntry(
                f"{entry.package} does not fit {target.name}: {'; '.join(found.refusals)}"
            )

    def _compiled(
        self,
        stage: Stage,
        key: str,
        target: Target,
        request: BuildRequest,
        engine: Engine,
        sink: Sink,
    ) -> Kept:
        """Compile, look at what came out, keep it here and in every place that takes it."""
        with self._store.scratch() as files:
            engine.export(request, ARTIFACT_STAGE, files, sink)
            entry = self._entry(stage, key, target, files, sink)
            try:
                self._fits(entry, stage, target, sink)
            except BadEntry as error:
                raise BuilderError(
                    f"what was compiled is not kept: {error.what}",
                    where=Location(f"{stage.context}/{stage.dockerfile}"),
                    hint="look at the flags for GPU architectures that its compiler gets",
                ) from None
            signature = None
            if self._keys.signing is not None:
                signature = sign(entry.to_json(), self._keys.signing)
            kept = self._store.add(entry, files, signature)
        for place in self._places:
            if not place.writable:
                continue
            try:
                place.keep(stage, entry, kept.files, signature)
            except BuilderError as error:
                sink(Warned(stage.id, f"not kept in {place.name}: {error}"))
        return kept

    def _entry(self, stage: Stage, key: str, target: Target, files: Path, sink: Sink) -> Entry:
        found = walk(files)
        if not found:
            raise BuilderError(
                f"the stage {ARTIFACT_STAGE} of {stage.title} holds nothing",
                where=Location(f"{stage.context}/{stage.dockerfile}"),
                hint="COPY what is compiled into its root",
            )
        return Entry(
            key=key,
            package=stage.title,
            target=target,
            platform=stage.platform,
            files=tuple(_looked_at(name, path, self._dump, stage, sink) for name, path in found),
        )

    def _once(self, message: str, stage: Stage, sink: Sink) -> None:
        if message not in self._told:
            self._told.add(message)
            sink(Warned(stage.id, message))


def _looked_at(name: str, path: Path, dump: Dump, stage: Stage, sink: Sink) -> KeptFile:
    sha256, size = digest(path)
    try:
        return KeptFile(name, sha256, size, gpu_code(path, dump))
    except CodeNotRead as error:
        sink(Warned(stage.id, f"not known which GPUs {name} holds code for: {error.what}"))
        return KeptFile(name, sha256, size)


def _target(stage: Stage) -> Target:
    told = read_labels(dict(stage.labels))
    assert told is not None  # a stage of a plan carries all labels
    return told.target
