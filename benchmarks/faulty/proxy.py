"""A network that can be cut: a TCP proxy of a given speed in front of a registry."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

#: SO_LINGER with no time: closing resets the connection, as a network that is gone does
_RESET = struct.pack("ii", 1, 0)
_BLOCK = 1 << 14


class Proxy:
    """Listens on a free port of 127.0.0.1 and passes on to ``target``, ``speed`` bytes a second."""

    def __init__(self, target: tuple[str, int], speed: float) -> None:
        self._target = target
        self._speed = speed
        self._cut_until = 0.0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, seconds: float) -> None:
        """Reset every connection, and each new one for as long."""
        self._cut_until = time.monotonic() + seconds
        with self._lock:
            for item in self._open:
                _reset(item)

    def mend(self) -> None:
        """Let connections through again."""
        self._cut_until = 0.0

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if time.monotonic() < self._cut_until:
                _reset(client)
                client.close()
                continue
            try:
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                _reset(client)
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while block := source.recv(_BLOCK):
                time.sleep(len(block) / self._speed)
                sink.sendall(block)
        for item in (source, sink):
            with contextlib.suppress(OSError):
                item.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open -= {source, sink}


def _reset(item: socket.socket) -> None:
    with contextlib.suppress(OSError):
        item.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        item.shutdown(socket.SHUT_RDWR)
