"""The lock file: JSON with one fact a line, in one order, so that a diff shows what moved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jetson_containers.errors import BuilderError, Location, UsageError
from jetson_containers.files import write_whole
from jetson_containers.lock.model import FORMAT, Lock, LockedBase, LockedImage, LockedPackage
from jetson_containers.lock.reader import Reader, broken
from jetson_containers.lock.sound import faults
from jetson_containers.package.grammar import is_reference, parse_requirement

#: from a format to the next one: how files of older programs are read
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
#: what names an image to an engine: REGISTRY/PATH:TAG@DIGEST, all but the path optional, or its id
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
#: bytes above which a file is no lock: that of a chain with 200 distributions has 40 thousand
_LARGEST = 64_000_000


def to_text(lock: Lock) -> str:
    """The file's text. Law: equal locks are equal byte for byte; ``from_text`` reads it back."""
    data = {"format": FORMAT, "images": [_image(image) for image in lock.images]}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _image(image: LockedImage) -> dict[str, Any]:
    return {
        "target": image.target,
        "request": list(image.request),
        "skip": list(image.skip),
        "python": image.python,
        "platform": image.platform,
        "settings": _sorted(image.settings),
        "base": {
            "reference": image.base.reference,
            "image": image.base.image,
            "digest": image.base.digest,
        },
        "answers": _sorted(image.answers),
        "unknown": _sorted(image.unknown),
        "packages": [_package(package) for package in image.packages],
    }


def _package(package: LockedPackage) -> dict[str, Any]:
    facts = {
        "arguments": _sorted(package.arguments),
        "wheels": list(package.wheels),
        "files": _sorted(package.files),
        "git": _sorted(package.git),
        "urls": _sorted(package.urls),
    }
    return {"package": package.reference} | {key: value for key, value in facts.items() if value}


def _sorted(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: values[key] for key in sorted(values)}


def read_lock(path: Path) -> Lock:
    """The lock in ``path``. Raises :class:`UsageError` when it is not there or not readable."""
    try:
        size = path.stat().st_size
        if not path.is_file() or size > _LARGEST:
            fault = "it is no file" if size <= _LARGEST else f"it has more than {_LARGEST} bytes"
            raise UsageError(
                f"the lock file cannot be read: {fault}",
                where=Location(str(path)),
                hint="name the file that `jetson-containers lock` wrote",
            )
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(
            "there is no lock file",
            where=Location(str(path)),
            hint="`jetson-containers lock PKG` writes one; --lock names another place",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(
            f"the lock file cannot be read: {why}",
            where=Location(str(path)),
            hint="mend it, or write it anew with `jetson-containers lock`",
        ) from None
    return from_text(text, str(path))


def from_text(text: str, path: str) -> Lock:
    """Read a lock file's text; older formats are brought to this one, unknown keys left aside.

    Raises one :class:`UsageError` with file and line: for no JSON, a wrong type or a wrong
    value, and for a format that is newer than this program.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        raise broken(f"the lock file is no JSON: {error}", path, line) from None
    except RecursionError:
        raise broken("the lock file is no JSON: it nests too deeply", path, 0) from None
    reader = Reader(path, text)
    number = reader.of(data, ("format",), int)
    if number > FORMAT:
        raise UsageError(
            f"the lock file has format {number}, this program reads up to {FORMAT}",
            where=Location(path, reader.line(("format",))),
            hint="update this program, or write the file anew with `jetson-containers lock`",
        )
    while number in UPGRADES:
        data = UPGRADES[number](data)
        number += 1
    if number != FORMAT:
        raise reader.wrong(("format",), f"{number} is no format of a lock file")
    count = len(reader.of(data, ("images",), list))
    lock = Lock().updated(_read_image(reader, data, ("images", item)) for item in range(count))
    if len(lock.images) != count:
        raise reader.wrong(("images",), "a request is locked twice for one target")
    return lock


def _read_image(reader: Reader, data: Any, at: tuple[str | int, ...]) -> LockedImage:
    base = (*at, "base")
    count = len(reader.of(data, (*at, "packages"), list))
    request = reader.texts(data, (*at, "request"))
    if not request:
        raise reader.wrong((*at, "request"), "a request names at least one package")
    for number, word in enumerate(request):
        try:
            parse_requirement(word)
        except BuilderError as error:
            raise reader.wrong((*at, "request", number), error.what) from None
    image = LockedImage(
        target=reader.of(data, (*at, "target"), str),
        request=request,
        skip=reader.texts(data, (*at, "skip"), missing=True),
        python=reader.of(data, (*at, "python"), str),
        platform=reader.of(data, (*at, "platform"), str),
        base=LockedBase(
            reference=reader.name(
                data, (*base, "reference"), lambda text: _IMAGE.fullmatch(text), "an image"
            ),
            image=reader.digest(data, (*base, "image")),
            digest=reader.digest(data, (*base, "digest")),
        ),
        settings=reader.mapping(data, (*at, "settings"), None, False),
        answers=reader.mapping(data, (*at, "answers"), None, True),
        unknown=reader.mapping(data, (*at, "unknown"), None, False),
        packages=tuple(
            LockedPackage(
                reference=reader.name(
                    data, (*at, "packages", item, "package"), is_reference, "a package"
                ),
                wheels=reader.texts(data, (*at, "packages", item, "wheels"), missing=True),
                files=reader.mapping(data, (*at, "packages", item, "files"), _SHA256, False),
                git=reader.mapping(data, (*at, "packages", item, "git"), _COMMIT, True),
                urls=reader.mapping(data, (*at, "packages", item, "urls"), _SHA256, True),
                arguments=reader.mapping(
                    data, (*at, "packages", item, "arguments"), None, False
                ),
            )
            for item in range(count)
        ),
    )
    for place, what in faults(image):
        raise reader.wrong((*at, *place), what)
    return image


def write_lock(path: Path, lock: Lock) -> bool:
    """Write the file whole or not at all; ``False`` when it said the same already.

    Law: whoever reads or stops at any moment finds the old file or the new one, and what is
    written is read back: a lock that this program would refuse is never put in place.
    """
    shown = to_text(lock)
    try:
        from_text(shown, str(path))
    except BuilderError as error:
        raise BuilderError(
            f"what was found makes no lock file: {error.what}",
            where=Location(str(path)),
            hint="nothing was written; correct what the definitions say of it",
        ) from None
    text = shown.encode()
    try:
        if path.is_file() and path.read_bytes() == text:
            return False
        write_whole(path, text, mode=0o644, durable=True)
    except OSError as error:
        raise BuilderError(
            f"the lock file cannot be written: {error.strerror}",
            where=Location(str(path)),
            hint="name another place with --output",
        ) from None
    return True
