"""Listings kept on disk: for the next question, and for when the registry does not answer."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jetson_containers.files import write_whole
from jetson_containers.image.listed import ListedImage

#: seconds for which a listing is taken without asking again
FRESH = 3600.0
_FORM = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A listing, and the time of day (seconds since 1970) when it was asked for."""

    asked: float
    images: tuple[ListedImage, ...]

    def is_fresh(self, now: float) -> bool:
        """Younger than :data:`FRESH`; a time that is still to come proves nothing."""
        return 0 <= now - self.asked < FRESH


@dataclass(frozen=True, slots=True)
class ListingCache:
    """One file for each repository and architecture, below ``folder``.

    Law: what :meth:`keep` wrote, :meth:`find` gives; a file that is torn, foreign or of another
    form is as good as none. Nothing raises: a cache that cannot be written is no fault.
    """

    folder: Path

    def find(self, repository: str, architecture: str) -> Kept | None:
        """The listing of ``HOST/NAMESPACE/NAME``, however old."""
        key = _key(repository, architecture)
        try:
            document = json.loads(self._file(key).read_text(encoding="utf-8"))
            if document["format"] != _FORM or document["key"] != key:
                return None
            # no text is taken for a number
            return Kept(document["asked"] + 0.0, tuple(map(_image, document["images"])))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def keep(
        self, repository: str, architecture: str, images: Sequence[ListedImage], asked: float
    ) -> None:
        """Write a listing; readers see the old file or the new one."""
        key = _key(repository, architecture)
        document = {
            "format": _FORM,
            "key": key,
            "asked": asked,
            "images": [asdict(image) for image in images],
        }
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._file(key), json.dumps(document).encode())

    def _file(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _key(repository: str, architecture: str) -> str:
    return f"{repository} {architecture}"


def _image(item: Any) -> ListedImage:
    return ListedImage(
        reference=_text(item["reference"]),
        source="registry",
        architectures=tuple(_text(name) for name in item["architectures"]),
        created=_text(item["created"]),
        labels={_text(k): _text(v) for k, v in dict(item["labels"]).items()},
        digest=_text(item["digest"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
