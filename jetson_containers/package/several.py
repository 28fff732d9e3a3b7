"""Catalogues for many targets, with what has to be evaluated shared by several processes."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.loader import Trees
from jetson_containers.platform.target import Target


def load_catalogues(
    targets: Sequence[Target], trees: Trees, *, jobs: int = 2, patient: bool = True
) -> Iterator[Catalogue]:
    """The catalogue for each target, in order, one at a time so that memory stays small.

    ``jobs`` processes evaluate ahead what is not kept yet, by way of the cache of ``trees`` (or of
    one for this call alone). What such a process cannot do is done here.

    Without patience no process evaluates a directory again that ran out of time for it.

    Law: the same catalogues as ``trees.catalogue`` gives, whatever ``jobs`` is.
    """
    with ExitStack() as stack:
        if trees.cache is None:
            with suppress(OSError):  # without a place to keep things there is nobody to share with
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="catalogues-"))
                trees = replace(trees, cache=Path(folder))
        ahead = stack.enter_context(_Ahead(trees, jobs if trees.cache else 0, patient))
        for number, target in enumerate(targets):
            ahead.wait(target)
            catalogue = trees.kept_catalogue(target)
            if catalogue is None and not ahead.started:
                ahead.start(targets[number:])
                ahead.wait(target)
            yield catalogue or trees.catalogue(target, patient=patient)


class _Ahead:
    """Processes that evaluate targets for the cache: each some that follow one another, in order.

    Neighbours tend to be alike, and what is alike is evaluated once in a process.
    """

    def __init__(self, trees: Trees, jobs: int, patient: bool) -> None:
        self.started = False
        self._patient = patient
        self._trees = trees
        self._jobs = jobs
        self._processes: list[int] = []
        self._doing: dict[Target, int] = {}

    def __enter__(self) -> _Ahead:
        return self

    def __exit__(self, *_error: object) -> None:
        for reading in set(self._doing.values()):
            os.close(reading)
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)

    def start(self, targets: Sequence[Target]) -> None:
        """Begin with ``targets``."""
        from jetson_containers.package import worker  # once, not in every process  # noqa: F401

        self.started = True
        unique = tuple(dict.fromkeys(targets))
        jobs = min(self._jobs, len(unique))
        for number in range(jobs):
            part = unique[len(unique) * number // jobs : len(unique) * (number + 1) // jobs]
            reading, writing = os.pipe()
            process = os.fork()
            if process == 0:
                _work(self._trees, part, writing, self._patient)
            os.close(writing)
            self._processes.append(process)
            self._doing |= dict.fromkeys(part, reading)

    def wait(self, target: Target) -> None:
        """Until ``target`` is done, if a process does it: it says so by one byte for each."""
        reading = self._doing.get(target)
        if reading is None:
            return
        for doing in [item for item, pipe in self._doing.items() if pipe == reading]:
            os.read(reading, 1)  # nothing at once when the process has ended
            del self._doing[doing]
            if doing == target:
                break
        if reading not in self._doing.values():
            os.close(reading)


def _work(
    trees: Trees, targets: Sequence[Target], writing: int, patient: bool
) -> NoReturn:
    """The process's whole life: nothing of the parent's clean-up, and no word but the bytes."""
    try:
        for target in targets:
            trees.catalogue(target, patient=patient)
            os.write(writing, b".")
    finally:
        os._exit(0)
