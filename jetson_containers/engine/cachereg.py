"""Finished stages in OCI registries: found by fingerprint, believed only when verified.

A stage is ``HOST/NAMESPACE/<package>:<first 16 digits of the fingerprint>`` there, and says its
whole fingerprint in its label. Nothing that a registry says is taken on trust: manifest and
configuration are held against their digests here, layers by the engine that pulls them.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from jetson_containers.engine.cache import Found, Kept
from jetson_containers.engine.protocol import Engine, ImageInfo
from jetson_containers.errors import BuilderError, UnreachableError, UsageError
from jetson_containers.image import labels
from jetson_containers.image.registry.attach import put_empty
from jetson_containers.image.registry.client import Registry, RemoteImage
from jetson_containers.image.registry.credentials import Login
from jetson_containers.image.registry.faults import (
    LoginNeeded,
    TooLarge,
    Unserved,
    UntrustedAnswer,
)
from jetson_containers.image.registry.place import Place, parse_place
from jetson_containers.image.registry.web import Patience, Web
from jetson_containers.image.registry.writable import WritableRegistry
from jetson_containers.plan.model import Stage
from jetson_containers.questions import ask_all

#: a cache is worth less waiting than what it saves, and the build goes on without it
PATIENCE = Patience(connect=3.0, read=10.0, total=20.0, attempts=3, calls=1)
_WORKERS = 12
#: the tag of no stage: asked for to tell a registry that serves from one that does not
_NOBODYS_TAG = "0" * 16


@dataclass(frozen=True, slots=True)
class CachePlace:
    """A registry's namespace for stages; ``writable`` says whether built ones are kept there."""

    place: Place
    writable: bool = True

    def __str__(self) -> str:
        return f"{self.place},mode={'rw' if self.writable else 'ro'}"

    def repository(self, stage: Stage) -> str:
        """The repository of a stage's package, below the host."""
        return f"{self.place.namespace}/{_name(stage)}".lstrip("/")

    def reference(self, stage: Stage) -> str:
        """Where the stage is, with its tag."""
        return f"{self.place}/{_name(stage)}:{_tag(stage)}"


def parse_cache_place(text: str) -> CachePlace:
    """``HOST/NAMESPACE[,mode=ro|rw]``; raises :class:`UsageError` for anything else.

    Law: ``parse_cache_place(str(p)) == p``.
    """
    head, _, rest = text.partition(",")
    if rest not in ("", "mode=ro", "mode=rw"):
        raise UsageError(
            f"--cache-registry {text}: {rest!r} is not known",
            hint="write HOST/NAMESPACE, with ,mode=ro behind it where nothing is to be kept",
        )
    return CachePlace(parse_place(head, f"--cache-registry {text!r}"), rest != "mode=ro")


@dataclass
class RegistryCache:
    """A :class:`~jetson_containers.engine.cache.StageCache` over registries, the first one first.

    ``plain`` are hosts that are spoken to without TLS. What keeps a place from being used is told
    to ``warn``, once a place; an entry that cannot be believed is told with its name.
    """

    places: Sequence[CachePlace]
    login: Callable[[str], Login | None]
    warn: Callable[[str], None]
    plain: frozenset[str] = frozenset()
    patience: Patience = PATIENCE
    _down: set[CachePlace] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, stages: Sequence[Stage]) -> Mapping[str, Found]:
        """What of ``stages`` is there, by fingerprint; all are asked about at once."""
        places = [place for place in self.places if place not in self._down]
        questions = [partial(self._find_in, place, stages) for place in places]
        found: dict[str, Found] = {}
        for answer in ask_all(questions, seconds=self.patience.total * 1.2):
            if isinstance(answer, BaseException):
                raise answer
            for fingerprint, one in (answer or {}).items():
                found.setdefault(fingerprint, one)
        return found

    def _find_in(self, place: CachePlace, stages: Sequence[Stage]) -> Mapping[str, Found]:
        """What of ``stages`` is in one place, which has patience and threads of its own."""
        web = self._web()
        questions = [partial(self._ask, place, web, stage) for stage in stages]
        answers = ask_all(questions, seconds=self.patience.total * 1.1, workers=_WORKERS)
        found: dict[str, Found] = {}
        for stage, answer in zip(stages, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            if answer is None:
                self._give_up(place, UnreachableError("it is too slow"))
            for one in answer or ():
                found[stage.fingerprint] = one
        return found

    def fetch(
        self, stage: Stage, found: Found, engine: Engine, on_line: Callable[[str], None]
    ) -> ImageInfo:
        """Pull by digest, look at what came, and tag ``stage.reference``."""
        held = engine.pull(found.reference, stage.platform, on_line)
        try:
            told = held.labels.get(labels.FINGERPRINT)
            if told != stage.fingerprint or held.arch not in ("", _arch(stage)):
                raise UntrustedAnswer(
                    f"{found.reference} is not the stage that it was found as",
                    hint="remove it from the registry; it is built here instead",
                )
            engine.tag(held.digest, stage.reference)
        finally:
            with contextlib.suppress(BuilderError):
                engine.remove(found.reference)
        return engine.inspect(stage.reference) or held

    def store(
        self,
        stage: Stage,
        image: ImageInfo,
        engine: Engine,
        on_line: Callable[[str], None],
        *,
        replace: bool = False,
    ) -> Kept:
        """Keep a stage in every writable place that lacks it, and look at what is there then.

        ``replace`` pushes over what is there: the stage was built again on purpose. An entry that
        cannot be believed is pushed over in any case.
        """
        kept: list[str] = []
        missed: list[str] = []
        for place in (place for place in self.places if place.writable):
            if place in self._down:
                missed.append(f"{place.place} is not asked any further")
                continue
            try:
                self._store(place, stage, image, engine, on_line, replace)
            except BuilderError as error:
                missed.append(str(error))
            else:
                kept.append(str(place.place))
        return Kept(tuple(kept), tuple(missed))

    def _web(self) -> Web:
        return Web(self.patience, self.plain, "the build goes on without it")

    def _ask(self, place: CachePlace, web: Web, stage: Stage) -> tuple[Found, ...]:
        """The stage, or nothing where the place does not have it."""
        if place in self._down:
            return ()
        try:
            image = self._image(place, web, stage)
        except (UntrustedAnswer, TooLarge) as error:
            self._refuse(place, stage, error.what)
            return ()
        except BuilderError as error:
            if isinstance(error, Unserved) and self._serves(place, web, stage):
                self._refuse(place, stage, error.what)
            else:
                self._give_up(place, error)
            return ()
        if image is None:
            return ()
        wrong = _unfit(stage, image)
        if wrong:
            self._refuse(place, stage, wrong)
            return ()
        name = f"{place.place}/{_name(stage)}"
        source = f"registry {name}:{_tag(stage)}"
        return (Found(stage.fingerprint, f"{name}@{image.digest}", image.digest, source),)

    def _image(
        self, place: CachePlace, web: Web, stage: Stage, tag: str = ""
    ) -> RemoteImage | None:
        registry = Registry(place.place.host, web, self.login)
        return registry.image(place.repository(stage), tag or _tag(stage), _arch(stage))

    def _serves(self, place: CachePlace, web: Web, stage: Stage) -> bool:
        """Whether the place answers for what it does not hold: then one entry of it is bad."""
        try:
            return self._image(place, web, stage, _NOBODYS_TAG) is None
        except BuilderError:
            return False

    def _refuse(self, place: CachePlace, stage: Stage, why: str) -> None:
        self.warn(f"{place.reference(stage)} is refused: {why}")

    def _give_up(self, place: CachePlace, error: BuilderError) -> None:
        """Nobody waits twice for a place that does not answer."""
        with self._lock:
            known = place in self._down
            self._down.add(place)
        if not known:
            more = f"; {error.hint}" if isinstance(error, LoginNeeded) else ""
            left = ", and nothing is kept there" if place.writable else ""
            self.warn(f"{place.place} is not asked any further{left}: {error.what}{more}")

    def _store(
        self,
        place: CachePlace,
        stage: Stage,
        image: ImageInfo,
        engine: Engine,
        on_line: Callable[[str], None],
        replace: bool,
    ) -> None:
        reference = place.reference(stage)
        failure: BuilderError | None = None
        try:
            if self._kept_or_cleared(place, stage) and not replace:
                return
            engine.tag(image.digest, reference)
            engine.push(reference, on_line)
        except BuilderError as error:
            failure = error
        finally:  # a run that was killed may have left the name as well
            with contextlib.suppress(BuilderError):
                engine.remove(reference)
        # another run may have stored it meanwhile, and taken the name away under this one
        if not self._kept(place, stage):
            raise failure or UntrustedAnswer(f"{reference} was pushed, and is not there")

    def _kept(self, place: CachePlace, stage: Stage) -> bool:
        """Whether a fit entry is there; one that cannot be believed is as good as none."""
        try:
            image = self._image(place, self._web(), stage)
        except (UntrustedAnswer, TooLarge):
            return False
        return image is not None and not _unfit(stage, image)

    def _kept_or_cleared(self, place: CachePlace, stage: Stage) -> bool:
        """As :meth:`_kept`. What the registry has and cannot give is replaced by an empty entry.

        Engines look at a name before they push over it, and push nothing where that fails.
        """
        try:
            return self._kept(place, stage)
        except Unserved:
            registry = WritableRegistry(place.place.host, self._web(), self.login)
            with contextlib.suppress(BuilderError):  # the push will tell
                put_empty(registry, place.repository(stage), _tag(stage))
            return False


def _unfit(stage: Stage, image: RemoteImage) -> str:
    """Why an entry is not the stage; empty for the stage itself."""
    told = image.labels.get(labels.FINGERPRINT, "")
    if _arch(stage) not in image.architectures:
        return f"it is for {', '.join(image.architectures) or 'no architecture'}"
    if told != stage.fingerprint:
        return f"its label says {told[:16] or 'nothing'}, not {stage.fingerprint[:16]}"
    return ""


def _name(stage: Stage) -> str:
    return stage.package.lower()


def _tag(stage: Stage) -> str:
    return stage.fingerprint[:16]


def _arch(stage: Stage) -> str:
    """Docker's name of the architecture, from the OCI platform."""
    return stage.platform.split("/")[1]
