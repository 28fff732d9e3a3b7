"""A BuildKit node out of an engine: what buildx's ``remote`` driver speaks to.

An engine's own BuildKit answers behind ``POST /grpc``; a node answers without that word. So two
bridges are two nodes of one builder, as two machines would be, on one engine.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

_WORDS = b"POST /grpc HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


class Bridge:
    """A socket at ``path`` that leads into the engine at ``engine``; remembers what was asked."""

    def __init__(self, path: Path, engine: str) -> None:
        self.path = path
        self.asked = bytearray()
        self._engine = engine
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(16)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no one any more."""
        self._server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(self._engine)
        engine.sendall(_WORDS)
        head = b""
        while b"\r\n\r\n" not in head:
            head += engine.recv(1)
        threading.Thread(target=self._pass, args=(engine, client), daemon=True).start()
        self._pass(client, engine, self.asked)

    @staticmethod
    def _pass(
        source: socket.socket, target: socket.socket, kept: bytearray | None = None
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if kept is not None:
                    kept += data
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
