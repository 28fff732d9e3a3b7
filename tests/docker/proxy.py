"""A network between an engine and a registry that stops in the middle."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def stopping_after(host: str, most: int) -> Iterator[str]:
    """``host:port`` that leads to ``host`` until ``most`` bytes of an answer have come through.

    Then nothing more comes, and nothing is closed.
    """
    address = (host.rpartition(":")[0], int(host.rpartition(":")[2]))
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()
    open_sockets: list[socket.socket] = [listener]

    def carry(source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 14):
                carried += len(data)
                if limit is not None and carried > limit:
                    ended.wait()
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(address)
                open_sockets.extend((near, far))
                for one, other, limit in ((near, far, None), (far, near, most)):
                    threading.Thread(target=carry, args=(one, other, limit), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        for one in open_sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
