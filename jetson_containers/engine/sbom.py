"""Read from an image what is installed in it: the distribution's packages, and Python's.

The files of a container that never ran are read as one stream, so an image for any architecture
tells, and nothing of it is executed.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from jetson_containers.engine.chunks import file_of
from jetson_containers.errors import BuilderError
from jetson_containers.image.sbom import Software, os_release, read_metadata, read_status

#: the longest file that is read whole
_LONGEST = 64 << 20
_CHUNK = 1 << 20


class Files(Protocol):
    """What of an engine is asked."""

    def files(self, reference: str) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Installed:
    """What is installed, and what ``/etc/os-release`` says of the system."""

    software: tuple[Software, ...]
    system: dict[str, str]


def installed(engine: Files, image: str) -> Installed:
    """What is installed in an image; raises :class:`BuilderError` where it cannot be read."""
    return read_files(engine.files(image))


def read_files(archive: Iterable[bytes]) -> Installed:
    """What is installed, from an archive of an image's files."""
    software: list[Software] = []
    system: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=file_of(archive), mode="r|", bufsize=_CHUNK) as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if not member.isfile() or member.size > _LONGEST or not _telling(name):
                    continue
                content = tar.extractfile(member)
                assert content is not None
                text = content.read().decode("utf-8", errors="replace")
                if name.endswith("os-release"):
                    system = system or os_release(text)
                elif name.startswith("var/lib/dpkg/"):
                    software += read_status(text)
                elif (found := read_metadata(text)) is not None:
                    software.append(found)
    except tarfile.TarError as error:
        raise BuilderError(f"the files of the image cannot be read: {error}") from None
    return Installed(tuple(sorted(set(software))), system)


def _telling(name: str) -> bool:
    """Whether a file tells what is installed. Distroless images have a file for each package."""
    if name in ("etc/os-release", "usr/lib/os-release", "var/lib/dpkg/status"):
        return True
    if name.startswith("var/lib/dpkg/status.d/"):
        return not name.endswith(".md5sums")
    return name.endswith((".dist-info/METADATA", ".egg-info/PKG-INFO"))
