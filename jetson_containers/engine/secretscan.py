"""Prove that no secret stands in a built image: not in a layer, its configuration or its history.

What a later layer deletes is still in the layer that had it, so layers are read, not the merged
files: where the engine keeps them, if that is on this machine, else from the engine's archive of
the image, as a stream. Not seen is what a step encrypted, or compressed itself.
"""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Protocol

from jetson_containers.engine import zstd
from jetson_containers.engine.chunks import file_of
from jetson_containers.engine.contentstore import Blob
from jetson_containers.engine.needles import Needle, needles
from jetson_containers.errors import BuilderError

#: bytes that are read at a time
_CHUNK = 1 << 20
#: the longest document that is read whole to name the field of a finding
_DOCUMENT = 8 << 20
_BLOBS = "blobs/sha256/"


class Saves(Protocol):
    """What of an engine the scan asks."""

    def blobs(self, reference: str) -> tuple[Blob, ...] | None: ...

    def save(self, reference: str) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret in an image: its id, the layer or document, and the path or field there."""

    secret: str
    place: str
    path: str

    def __str__(self) -> str:
        return f"secret {self.secret} in {self.place}: {self.path}"


class SecretScanner:
    """Scans the images of one run; a layer that was found clean is not read twice."""

    def __init__(self) -> None:
        self._clean: dict[str, frozenset[Needle]] = {}

    def scan(
        self, engine: Saves, image: str, secrets: Mapping[str, bytes], below: str = ""
    ) -> tuple[Finding, ...]:
        """Where values of ``secrets`` (id to content) stand in ``image``; empty when nowhere.

        Layers of the image ``below``, which was there before, are left out, as far as they can be
        told. An image with findings is read a second time, to name the paths.
        """
        wanted = needles(secrets)
        if not wanted:
            return ()
        older = {_name(digest) for digest, _ in (below and engine.blobs(below)) or ()}
        hits: dict[str, tuple[Needle, ...]] = {}
        for name, chunks in _blobs(engine, image):
            if name in older:
                continue
            known = self._clean.get(name, frozenset())
            left = tuple(needle for needle in wanted if needle not in known)
            if not left:
                continue
            found = _search(_opened(chunks), left)
            if found:
                hits[name] = found
            elif name.startswith(_BLOBS):  # named by their content: the same in every image
                self._clean[name] = known.union(left)
        if not hits:
            return ()
        return tuple(dict.fromkeys(_places(_blobs(engine, image), hits, wanted)))


def scan(engine: Saves, image: str, secrets: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """One scan on its own; see :class:`SecretScanner`."""
    return SecretScanner().scan(engine, image, secrets)


def _blobs(engine: Saves, image: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """What an image is made of: from where it lies, else from its archive; read each in turn."""
    here = engine.blobs(image)
    if here is None:
        yield from _members(engine.save(image))
    else:
        for digest, read in here:
            yield _name(digest), read()


def _name(digest: str) -> str:
    """What a blob is called in archives."""
    return _BLOBS + digest.removeprefix("sha256:")


def _members(archive: Iterable[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files of an image's archive with their bytes; read each before the next."""
    try:
        with tarfile.open(fileobj=file_of(archive), mode="r|", bufsize=_CHUNK) as outer:
            for member in outer:
                content = outer.extractfile(member) if member.isfile() else None
                if content is not None:
                    yield member.name, _read(content)
    except tarfile.TarError as error:
        raise _unreadable(error) from None


def _read(content: IO[bytes]) -> Iterator[bytes]:
    try:
        yield from iter(lambda: content.read(_CHUNK), b"")
    except tarfile.TarError as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> BuilderError:
    return BuilderError(f"the engine's archive of an image cannot be read: {error}")


def _opened(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of a blob without its compression."""
    first = next(chunks, b"")

    def whole() -> Iterator[bytes]:
        yield first
        yield from chunks

    if first.startswith(zstd.MAGIC):
        return zstd.decompress(whole())
    if first.startswith(b"\x1f\x8b"):
        return _gunzip(whole())
    return whole()


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Every member of a gzip stream."""
    reader = zlib.decompressobj(31)
    whole = False
    for chunk in chunks:
        while chunk:
            whole = False
            try:
                yield reader.decompress(chunk, _CHUNK)
            except zlib.error as error:
                raise BuilderError(f"a layer cannot be unpacked: {error}") from None
            chunk = reader.unconsumed_tail
            if reader.eof:
                chunk = reader.unused_data
                reader, whole = zlib.decompressobj(31), True
    if not whole:
        raise BuilderError("a layer's stream of gzip ends too early")


def _search(chunks: Iterable[bytes], wanted: Sequence[Needle]) -> tuple[Needle, ...]:
    """The needles that are in a stream, wherever it was cut."""
    left = list(wanted)
    found: list[Needle] = []
    longest = max(len(needle.form) for needle in left)
    tail = b""
    for chunk in chunks:
        window = tail + chunk
        hit = [needle for needle in left if needle.form in window]
        if hit:
            found += hit
            left = [needle for needle in left if needle not in hit]
            if not left:
                break
        tail = window[-(longest - 1) :]
    return tuple(found)


def _places(
    blobs: Iterable[tuple[str, Iterator[bytes]]],
    hits: Mapping[str, tuple[Needle, ...]],
    wanted: Sequence[Needle],
) -> Iterator[Finding]:
    """Name the files and fields of what a first reading found."""
    for name, chunks in blobs:
        if name not in hits:
            continue
        plain = file_of(_opened(chunks))
        start = plain.read(_DOCUMENT)

        def rest(start: bytes = start, plain: IO[bytes] = plain) -> Iterator[bytes]:
            yield start
            yield from iter(lambda: plain.read(_CHUNK), b"")

        ids = {needle.id for needle in hits[name]}
        every = [needle for needle in wanted if needle.id in ids]
        found = _in_document(start, every) or list(_in_layer(name, rest, hits[name]))
        yield from found or (Finding(needle.id, name, "?") for needle in hits[name])


def _in_document(text: bytes, wanted: Sequence[Needle]) -> list[Finding]:
    """Fields of a JSON document; none if it is no such document."""
    try:
        document = json.loads(text)
    except ValueError:
        return []
    found = []
    for path, value in _strings(document, ""):
        place = "history" if path.startswith("history") else "configuration"
        form = value.encode(errors="surrogatepass")
        found += [Finding(item.id, place, path) for item in wanted if item.form in form]
    return found


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text of a document with the path to it; keys are texts too."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = f"{path}.{key}".lstrip(".")
            yield inner, key
            yield from _strings(item, inner)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(item, f"{path}[{number}]")


def _in_layer(
    name: str, chunks: Callable[[], Iterator[bytes]], wanted: Sequence[Needle]
) -> Iterator[Finding]:
    """Files of a layer, by what is in them and by what they are called."""
    place = f"layer {name.removeprefix(_BLOBS).removesuffix('/layer.tar')[:12]}"
    try:
        with tarfile.open(fileobj=file_of(chunks()), mode="r|", bufsize=_CHUNK) as layer:
            for member in layer:
                words = "\n".join((member.name, member.linkname, *member.pax_headers.values()))
                found = _search([words.encode(errors="surrogateescape")], wanted)
                content = layer.extractfile(member) if member.isfile() else None
                if content is not None:
                    found += _search(_read(content), wanted)
                for needle in found:
                    yield Finding(needle.id, place, f"/{member.name.lstrip('./')}")
    except tarfile.TarError:
        return
