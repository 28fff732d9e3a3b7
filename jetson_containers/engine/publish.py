"""Images brought to a registry and back, so that nobody ever finds half of what was meant.

An image's layers are there before its tag is, and the images of an index before the index. What is
there already is not sent: a push that was interrupted goes on when it is repeated.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jetson_containers.engine.protocol import Engine, ImageInfo
from jetson_containers.errors import BuilderError, UsageError
from jetson_containers.image.reference import familiar, parse_reference
from jetson_containers.image.registry.client import RemoteImage
from jetson_containers.image.registry.faults import TooLarge, UntrustedAnswer
from jetson_containers.image.registry.index import (
    Entry,
    entries_of,
    image_entry,
    index_document,
    merged,
    platform_name,
)
from jetson_containers.image.registry.manifest import Index
from jetson_containers.image.registry.remote import remote_place
from jetson_containers.image.registry.writable import Document, WritableRegistry

#: how often an index is written again because somebody else wrote it at the same time
_TRIES = 6
#: what targets run on, as Docker names it
_ARCHITECTURES = ("amd64", "arm64")


@dataclass(frozen=True, slots=True)
class Published:
    """``image`` of this engine is in a registry as ``reference``; ``sent`` says that it was not
    there before."""

    image: str
    reference: str
    digest: str
    sent: bool

    @property
    def pinned(self) -> str:
        """The reference by digest."""
        return f"{parse_reference(self.reference).repository}@{self.digest}"


class Publisher:
    """Pushes and pulls; ``registry`` gives a client for a host, with its patience beginning."""

    def __init__(
        self,
        engine: Engine,
        registry: Callable[[str], WritableRegistry],
        on_line: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._registry = registry
        self._on_line = on_line

    def push(self, image: str, to: str) -> Published:
        """Bring an image to ``to``, ``REPOSITORY:TAG``, unless it is there.

        Raises :class:`BuilderError` when another image is there afterwards.
        """
        local = self._engine.inspect(image)
        if local is None:
            raise BuilderError(f"there is no image {image} here", hint="build or pull it first")
        there = self._there(to, local)
        if there is not None and _same(local, there):
            return Published(image, to, there.digest, sent=False)
        failure: BuilderError | None = None
        with self._named(local, to):
            try:
                self._engine.push(to, self._on_line)
            except BuilderError as error:
                failure = error
        there = self._there(to, local)
        if there is None or not _same(local, there):
            raise failure or BuilderError(
                f"{to} was pushed, and the registry has another image there",
                hint="somebody else may be pushing to this tag; push again",
            )
        return Published(image, to, there.digest, sent=True)

    def push_index(self, to: str, images: Sequence[str]) -> tuple[Published, ...]:
        """Let ``to`` stand for several platforms: each image first, as ``TAG-ARCH``, then it.

        What the engine does not hold is taken from the same repository. Platforms that none of
        ``images`` is for stay as the index has them, or come from their own ``TAG-ARCH``.
        """
        parsed = parse_reference(to)
        tag = parsed.tag or "latest"
        planned = self._members(images, parsed.repository, tag)
        pushed = [self.push(image, name) for image, name in planned.items() if name]
        members = [item.digest for item in pushed] + [
            parse_reference(image).digest or parse_reference(image).tag
            for image, name in planned.items()
            if not name
        ]
        new = [
            entry for member in members for entry in self._entries(parsed.repository, member)
        ]
        _one_a_platform(new)
        digest, sent = self._write_index(parsed.repository, tag, new)
        return (*pushed, Published(" ".join(images), f"{parsed.repository}:{tag}", digest, sent))

    def pull(self, reference: str, platform: str) -> Published:
        """Bring an image here, by the digest that its tag has now; ``sent`` says it was fetched."""
        parsed = parse_reference(reference)
        place = remote_place(parsed.repository)
        arch = platform.split("/")[1]
        remote = self._registry(place.host).image(
            place.namespace, parsed.digest or parsed.tag or "latest", arch
        )
        if remote is None:
            raise BuilderError(f"the registry has no {reference}", hint="correct the reference")
        if arch not in remote.architectures:
            raise BuilderError(
                f"{reference} is for {', '.join(remote.architectures)}, not for {arch}",
                hint="name another --platform",
            )
        held = self._engine.inspect(reference)
        if held is not None and _same(held, remote):
            return Published(reference, reference, remote.digest, sent=False)
        pinned = f"{parsed.repository}@{remote.digest}"
        held = self._engine.pull(pinned, platform, self._on_line)
        if not parsed.digest:
            self._rename(held.digest, pinned, f"{parsed.repository}:{parsed.tag or 'latest'}")
        return Published(reference, reference, remote.digest, sent=True)

    def _rename(self, image: str, pinned: str, reference: str) -> None:
        """Give an image that was pulled by digest its tag in place of that digest.

        Engines with containerd's store take all names of the repository away with the digest, so
        a name of another repository holds the image meanwhile.
        """
        between = f"jetson-pull/{image.rpartition(':')[2][:12]}:1"
        self._engine.tag(image, between)
        with contextlib.suppress(BuilderError):
            self._engine.remove(pinned)
        self._engine.tag(between, reference)
        with contextlib.suppress(BuilderError):
            self._engine.remove(between)

    @contextlib.contextmanager
    def _named(self, local: ImageInfo, to: str) -> Iterator[None]:
        """The engine pushes by name only: give the image that name for as long as it takes."""
        if familiar(to) in {familiar(name) for name in local.references}:
            yield
            return
        self._engine.tag(local.digest, to)
        try:
            yield
        finally:
            with contextlib.suppress(BuilderError):
                self._engine.remove(to)

    def _there(self, to: str, local: ImageInfo) -> RemoteImage | None:
        """What is at ``to``; something that cannot be believed is to be replaced."""
        parsed = parse_reference(to)
        place = remote_place(parsed.repository)
        try:
            return self._registry(place.host).image(
                place.namespace, parsed.tag or "latest", local.arch
            )
        except (UntrustedAnswer, TooLarge):
            return None

    def _members(self, images: Sequence[str], repository: str, tag: str) -> dict[str, str]:
        """What each image is pushed as; empty for one that is in the repository already."""
        found: dict[str, str] = {}
        for image in images:
            held = self._engine.inspect(image)
            if held is not None:
                name = f"{repository}:{tag}-{held.arch}"
                if name in found.values():
                    raise UsageError(
                        f"{image} and {next(k for k, v in found.items() if v == name)} "
                        f"are both for {held.arch}",
                        hint="an index has one image for each platform",
                    )
                found[image] = name
            elif familiar(parse_reference(image).repository) == familiar(repository):
                found[image] = ""
            else:
                raise BuilderError(
                    f"{image} is not here, and not in {repository}",
                    hint="an index and its images lie in one repository: push it there first",
                )
        return found

    def _entries(self, repository: str, member: str) -> tuple[Entry, ...]:
        place = remote_place(repository)
        document = self._registry(place.host).document(place.namespace, member or "latest")
        if document is None:
            raise BuilderError(
                f"{repository} has no {member}", hint="push that image first, then the index"
            )
        return self._entries_in(repository, document)

    def _entries_in(self, repository: str, document: Document) -> tuple[Entry, ...]:
        """The images of a document: of an index all, else the one that it is."""
        place = remote_place(repository)
        what = f"{repository}@{document.digest[:19]}…"
        read = document.read(what)
        if isinstance(read, Index):
            return entries_of(read)
        registry = self._registry(place.host)
        return (image_entry(document, registry.configuration(place.namespace, read, what)),)

    def _write_index(self, repository: str, tag: str, new: Sequence[Entry]) -> tuple[str, bool]:
        """The digest of the index, and whether it had to be written.

        A registry cannot be asked to write only if nobody else has: so it is read again after
        each writing. Whoever writes last finds the others' ``TAG-ARCH``, which were there before
        they wrote.
        """
        place = remote_place(repository)
        trouble: UntrustedAnswer | None = None
        written = False
        for _ in range(_TRIES):
            registry = self._registry(place.host)
            before = registry.document(place.namespace, tag)
            kept = self._entries_in(repository, before) if before is not None else ()
            held = merged(self._present(repository, kept, new), self._beside(repository, tag))
            entries = merged(held, new)
            body, kind = index_document(entries)
            if before is not None and before.body == body:
                return before.digest, written
            names = ", ".join(platform_name(item) for item in entries if _runs(item))
            self._on_line(f"{repository}:{tag}: {names}")
            try:
                registry.put(place.namespace, tag, body, kind)
            except UntrustedAnswer as error:  # another machine adds its platform now
                trouble = error
            written = True
        raise trouble or BuilderError(
            f"{repository}:{tag} changes as often as it is written", hint="push the index again"
        )

    def _beside(self, repository: str, tag: str) -> tuple[Entry, ...]:
        """What has been pushed for single platforms, by anybody."""
        place = remote_place(repository)
        found: tuple[Entry, ...] = ()
        for arch in _ARCHITECTURES:
            document = self._registry(place.host).document(place.namespace, f"{tag}-{arch}")
            if document is not None:
                found = merged(found, self._entries_in(repository, document))
        return found

    def _present(
        self, repository: str, kept: Sequence[Entry], new: Sequence[Entry]
    ) -> list[Entry]:
        """Entries that will stay, and whose images the registry still has."""
        place = remote_place(repository)
        registry = self._registry(place.host)
        found = []
        stay = merged(kept, new)
        for entry in kept:
            if entry not in stay or registry.document(place.namespace, entry["digest"]):
                found.append(entry)
            else:
                self._on_line(f"{platform_name(entry)} is left out: its image is gone")
        return found


def push_name(repository: str, image: str) -> str:
    """Where ``--push REPOSITORY`` brings an image: its own name and tag, without its namespace."""
    return f"{repository.rstrip('/')}/{image.rpartition('/')[2]}"


def _one_a_platform(entries: Sequence[Entry]) -> None:
    names = [platform_name(entry) for entry in entries if _runs(entry)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            f"several images are for {name}", hint="an index has one image for each platform"
        )


def _runs(entry: Entry) -> bool:
    """Whether an entry is an image; attestations are for no platform."""
    return not platform_name(entry).startswith("unknown/")


def _same(local: ImageInfo, remote: RemoteImage) -> bool:
    """Whether the engine's image is the registry's.

    An engine calls an image by its manifest's digest, by its configuration's, or knows under
    which digest it was pushed or pulled before.
    """
    return bool({remote.digest, remote.config} & {local.digest, *local.manifests})
