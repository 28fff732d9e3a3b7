"""A root file system as an image: one layer, one configuration, the same bytes every time."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, cast

#: files that hold nothing of use in an image, or something of the machine that made it
DROPPED = (
    "etc/apt/auth.conf*",
    "etc/apt/sources.list",
    "etc/apt/sources.list.d/*",
    "etc/hostname",
    "etc/machine-id",
    "etc/resolv.conf",
    "run/*",
    "tmp/*",
    "var/cache/apt/*",
    "var/cache/debconf/*-old",
    "var/cache/ldconfig/*",
    "var/lib/apt/lists/*",
    "var/lib/dbus/machine-id",
    "var/lib/dpkg/*-old",
    "var/log/*",
    "usr/share/doc/*",
    "usr/share/info/*",
    "usr/share/lintian/*",
    "usr/share/locale/*",
    "usr/share/man/*",
)
KEPT = ("usr/share/doc/*/copyright", "usr/share/locale/locale.alias")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Layer:
    """A gzipped layer on disk; ``diff_id`` is the digest of its uncompressed bytes."""

    path: Path
    diff_id: str


class _Digesting:
    """A writer that hashes what passes."""

    def __init__(self, below: IO[bytes]) -> None:
        self._below = below
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._below.write(data)


def write_layer(source: IO[bytes], path: Path, *, extra: Mapping[str, bytes], epoch: int) -> Layer:
    """Copy the tar stream ``source`` to ``path``, without :data:`DROPPED`, plus ``extra`` files.

    No entry is younger than ``epoch`` (seconds since 1970). Directories stay, since packages
    expect some of them. Equal entries give equal bytes. ``tarfile.TarError`` if ``source`` is
    no tar.
    """
    with path.open("wb") as file:
        packed = gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=file, mtime=0)
        with packed:
            writer = _Digesting(cast("IO[bytes]", packed))
            with (
                tarfile.open(fileobj=source, mode="r|") as old,
                tarfile.open(
                    fileobj=cast("IO[bytes]", writer), mode="w|", format=tarfile.PAX_FORMAT
                ) as new,
            ):
                for member in old:
                    if _dropped(member):
                        continue
                    member.mtime = min(int(member.mtime), epoch)
                    member.pax_headers = {
                        key: value
                        for key, value in member.pax_headers.items()
                        if key.startswith("SCHILY.xattr.")
                    }
                    new.addfile(member, old.extractfile(member) if member.isreg() else None)
                for name, content in sorted(extra.items()):
                    info = tarfile.TarInfo(name)
                    info.size, info.mtime, info.mode = len(content), epoch, 0o644
                    new.addfile(info, io.BytesIO(content))
    return Layer(path, f"sha256:{writer.digest.hexdigest()}")


def write_archive(
    layer: Layer,
    path: Path,
    *,
    reference: str,
    arch: str,
    labels: Mapping[str, str],
    made_by: str,
    epoch: int,
) -> None:
    """Write what ``docker load`` takes: an image of one layer for ``linux/<arch>``.

    The architecture stands in the image's own configuration, so no engine can record another
    one (the 20.10 daemon does, with ``docker import --platform``).
    """
    created = datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    configuration = {
        "architecture": arch,
        "config": {"Cmd": ["/bin/bash"], "Env": [f"PATH={_PATH}"], "Labels": dict(labels)},
        "created": created,
        "history": [{"created": created, "created_by": made_by}],
        "os": "linux",
        "rootfs": {"diff_ids": [layer.diff_id], "type": "layers"},
    }
    text = json.dumps(configuration, sort_keys=True).encode()
    name = hashlib.sha256(text).hexdigest()
    folder = layer.diff_id.partition(":")[2]
    manifest = [
        {"Config": f"{name}.json", "RepoTags": [reference], "Layers": [f"{folder}/layer.tar"]}
    ]
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for member, content in (
            (f"{name}.json", text),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            info = tarfile.TarInfo(member)
            info.size, info.mtime = len(content), epoch
            archive.addfile(info, io.BytesIO(content))
        info = tarfile.TarInfo(f"{folder}/layer.tar")
        info.size, info.mtime = layer.path.stat().st_size, epoch
        with layer.path.open("rb") as content_file:
            archive.addfile(info, content_file)


def _dropped(member: tarfile.TarInfo) -> bool:
    name = member.name.removeprefix("./")
    if member.isdir():
        return False
    if any(fnmatchcase(name, pattern) for pattern in KEPT):
        return False
    return any(fnmatchcase(name, pattern) for pattern in DROPPED)
