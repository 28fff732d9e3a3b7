"""Zstandard streams, read with the C library that dpkg and apt stand on.

Python has no reader of its own before 3.14. Source: zstd.h, "Streaming decompression".
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from functools import cache

from jetson_containers.errors import BuilderError

MAGIC = b"\x28\xb5\x2f\xfd"
#: bytes that come out at a time
_OUT = 1 << 20


class _Buffer(ctypes.Structure):
    _fields_ = (("at", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t))


@cache
def _library() -> ctypes.CDLL:
    for name in ("libzstd.so.1", "libzstd.so"):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.ZSTD_createDStream.restype = ctypes.c_void_p
        library.ZSTD_freeDStream.argtypes = [ctypes.c_void_p]
        library.ZSTD_decompressStream.argtypes = [
            ctypes.c_void_p,
            ctypes.POINTER(_Buffer),
            ctypes.POINTER(_Buffer),
        ]
        library.ZSTD_decompressStream.restype = ctypes.c_size_t
        library.ZSTD_isError.argtypes = [ctypes.c_size_t]
        return library
    raise BuilderError(
        "layers compressed with zstd cannot be read: there is no libzstd here",
        hint="install the package libzstd1, or build with --compression gzip",
    )


def decompress(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes behind a stream, one frame after the other; memory stays bounded.

    Raises :class:`BuilderError` for a stream that is none, or ends too early.
    """
    library = _library()
    stream = library.ZSTD_createDStream()
    room = ctypes.create_string_buffer(_OUT)
    wanted = 0
    try:
        for chunk in chunks:
            given = ctypes.c_char_p(chunk)
            source = _Buffer(ctypes.cast(given, ctypes.c_void_p), len(chunk), 0)
            full = False
            while source.pos < source.size or full:
                sink = _Buffer(ctypes.cast(room, ctypes.c_void_p), _OUT, 0)
                wanted = library.ZSTD_decompressStream(
                    stream, ctypes.byref(sink), ctypes.byref(source)
                )
                if library.ZSTD_isError(wanted):
                    raise BuilderError("a layer is no stream of zstd, though it begins as one")
                full = sink.pos == _OUT and wanted != 0
                if sink.pos:
                    yield ctypes.string_at(room, sink.pos)
        if wanted:
            raise BuilderError("a layer's stream of zstd ends too early")
    finally:
        library.ZSTD_freeDStream(stream)
