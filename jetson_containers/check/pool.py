"""Independent pieces of work on several processes of this machine."""

from __future__ import annotations

import gc
import os
import pickle
import selectors
import signal
import struct
from collections.abc import Callable, Iterator
from typing import Any

#: processes that are ever started: each holds a catalogue in memory
MOST = 8
_HEAD = struct.Struct("!IQ")


def workers_here(pieces: int) -> int:
    """How many processes ``pieces`` are worth on the cores that this process may use."""
    return max(1, min(len(os.sched_getaffinity(0)), pieces, MOST))


def in_parallel(pieces: int, work: Callable[[int], Any], workers: int) -> list[Any]:
    """``[work(0), work(1), ...]``, each piece taken by the process that is free first.

    The processes are forks of this one; what ``work`` returns is pickled. The first exception in a
    piece is raised here. However this ends, no process of it is left.
    """
    if workers <= 1 or pieces <= 1:
        return [work(piece) for piece in range(pieces)]
    jobs, feed = os.pipe()
    os.write(feed, bytes(range(pieces)))
    os.close(feed)
    running: dict[int, int] = {}
    found: dict[int, Any] = {}
    try:
        for _ in range(workers):
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                _serve(jobs, writing, work)
            os.close(writing)
            running[reading] = pid
        for piece, result in _results(running):
            found[piece] = result
    finally:
        os.close(jobs)
        for reading, pid in running.items():
            os.close(reading)
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
    if len(found) < pieces:
        raise RuntimeError("a process of the check ended before its work was done")
    return [found[piece] for piece in range(pieces)]


def _serve(jobs: int, writing: int, work: Callable[[int], Any]) -> None:
    """Take pieces until there is none; never returns."""
    # it ends soon, and what it makes is freed by counting: looking for circles is wasted
    gc.disable()
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        while taken := os.read(jobs, 1):
            try:
                answer = (True, work(taken[0]))
            except Exception as error:
                answer = (False, error)
            _send(writing, taken[0], answer)
        status = 0
    finally:
        os._exit(status)


def _send(writing: int, piece: int, answer: tuple[bool, Any]) -> None:
    try:
        data = pickle.dumps(answer)
        pickle.loads(data if not answer[0] else pickle.dumps(None))
    except Exception:
        data = pickle.dumps((False, RuntimeError(f"{type(answer[1]).__name__}: {answer[1]}")))
    view = memoryview(_HEAD.pack(piece, len(data)) + data)
    while view:
        view = view[os.write(writing, view) :]


def _results(running: dict[int, int]) -> Iterator[tuple[int, Any]]:
    """Each piece with its result, as they come; ends when all processes have ended."""
    parts: dict[int, bytearray] = {reading: bytearray() for reading in running}
    with selectors.DefaultSelector() as selector:
        for reading in running:
            selector.register(reading, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                data = os.read(key.fd, 1 << 20)
                if not data:
                    selector.unregister(key.fd)
                parts[key.fd] += data
                yield from _complete(parts[key.fd])


def _complete(buffer: bytearray) -> Iterator[tuple[int, Any]]:
    """Take the complete answers off the front of ``buffer``; raises what a piece raised."""
    while len(buffer) >= _HEAD.size:
        piece, length = _HEAD.unpack_from(buffer)
        if len(buffer) < _HEAD.size + length:
            return
        good, value = pickle.loads(bytes(buffer[_HEAD.size : _HEAD.size + length]))
        del buffer[: _HEAD.size + length]
        if not good:
            raise value
        yield piece, value
