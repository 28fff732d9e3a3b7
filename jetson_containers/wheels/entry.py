"""An entry of the wheel store: the files that one package compiled for one target."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from jetson_containers.errors import BuilderError
from jetson_containers.platform.gpu_code import GpuCode, parse_gpu_code
from jetson_containers.platform.target import Target

ENTRY_FORMAT = 1
_HASH = re.compile(r"[0-9a-f]{64}")


class BadEntry(BuilderError):
    """An entry that is not used: what it says cannot be read, or is not so."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file; ``name`` is its path in the entry, ``size`` is in bytes.

    ``code`` is the GPU code in it: none for ``()``, and ``None`` where nobody could look.
    """

    name: str
    sha256: str
    size: int
    code: tuple[GpuCode, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        code = None if self.code is None else [str(item) for item in self.code]
        return {"name": self.name, "sha256": self.sha256, "size": self.size, "gpu": code}


@dataclass(frozen=True, slots=True)
class Entry:
    """``key`` is the artifact key of the package (``name:version``) for the target.

    Law: ``read_entry(entry.to_json()) == entry``.
    """

    key: str
    package: str
    target: Target
    platform: str
    files: tuple[KeptFile, ...]

    @property
    def size(self) -> int:
        """Of all files together, in bytes."""
        return sum(file.size for file in self.files)

    def to_json(self) -> bytes:
        """``index.json``: equal entries are equal byte for byte. A signature is over these."""
        document = {
            "format": ENTRY_FORMAT,
            "key": self.key,
            "package": self.package,
            "target": self.target.to_dict(),
            "platform": self.platform,
            "files": [file.to_dict() for file in self.files],
        }
        return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def read_entry(content: bytes, what: str) -> Entry:
    """Read ``index.json``; ``what`` names it in errors.

    Raises :class:`BadEntry` for what is no index, is of a newer form, or has names that lead out
    of the entry.
    """
    try:
        document = json.loads(content)
        found = document["format"]
        if found != ENTRY_FORMAT:
            raise BadEntry(f"{what} is of form {found!r}", hint="use a newer jetson-containers")
        return Entry(
            key=_hash(document["key"]),
            package=str(document["package"]),
            target=Target.from_dict(document["target"]),
            platform=str(document["platform"]),
            files=tuple(_file(item) for item in document["files"]),
        )
    except (LookupError, TypeError, ValueError, RecursionError):
        raise BadEntry(f"{what} is no index of a wheel store") from None
    except BadEntry:
        raise
    except BuilderError as error:
        raise BadEntry(f"{what} is no index of a wheel store: {error.what}") from None


def _file(item: Mapping[str, Any]) -> KeptFile:
    gpu = item["gpu"]
    code = None if gpu is None else tuple(c for text in gpu for c in parse_gpu_code(str(text)))
    size = item["size"]
    if not isinstance(size, int) or size < 0:
        raise ValueError(size)
    return KeptFile(inner_path(str(item["name"])), _hash(item["sha256"]), size, code)


def inner_path(name: str) -> str:
    """``name``, if it is a path that stays below where it is read. Raises ``ValueError``."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise ValueError(name)
    if str(PurePosixPath(name)) != name:
        raise ValueError(name)
    return name


def _hash(value: Any) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise ValueError(value)
    return value
