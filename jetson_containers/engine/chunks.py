"""A stream of bytes as the file that ``tarfile`` reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, cast


def file_of(chunks: Iterable[bytes]) -> IO[bytes]:
    """A file that can be read once, from the beginning to the end."""
    return cast("IO[bytes]", _Chunks(chunks))


class _Chunks:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, size: int) -> bytes:
        parts = [self._rest]
        have = len(self._rest)
        while have < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            parts.append(chunk)
            have += len(chunk)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]
