"""Catalogues for many targets, with what has to be evaluated shared by several processes."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.loader import Trees
from jetson_containers.platform.target import Target


def load_catalogues(
    targets: Sequence[Target], trees: Trees, *, jobs: int = 2
) -> Iterator[Catalogue]:
    """The catalogue for each target, in order, one at a time so that memory stays small.

    ``jobs`` processes evaluate ahead what is not kept yet, by way of the cache of ``trees`` (or of
    one for this call alone). What such a process cannot do is done here.

    Law: the same catalogues as ``trees.catalogue`` gives, whatever ``jobs`` is.
    """
    with ExitStack() as stack:
        if trees.cache is None:
            with suppress(OSError):  # without a place to keep things there is nobody to share with
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="catalogues-"))
                trees = replace(trees, cache=Path(folder))
        ahead = stack.enter_context(_Ahead(trees, jobs if trees.cache else 0))
        for number, target in enumerate(targets):
            begun = ahead.wait(target)
            catalogue = trees.kept_catalogue(target)
            if catalogue is None and not begun:
                ahead.start(targets[number:])
                begun = ahead.wait(target)
            if begun:
                ahead.start(targets[number + 1 :])
            yield catalogue or trees.catalogue(target)


class _Ahead:
    """Processes that each evaluate a target for the cache, and then are gone."""

    def __init__(self, trees: Trees, jobs: int) -> None:
        self._trees = trees
        self._jobs = jobs
        self._running: dict[Target, int] = {}
        self._done: set[Target] = set()

    def __enter__(self) -> _Ahead:
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self._running.values():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)

    def start(self, targets: Sequence[Target]) -> None:
        """Let as many of the next targets as there are jobs be under way."""
        for target in dict.fromkeys(targets):
            if len(self._running) >= self._jobs:
                return
            if target not in self._running and target not in self._done:
                self._running[target] = self._fork(target)

    def wait(self, target: Target) -> bool:
        """Until the process for ``target`` has ended; ``False`` when there never was one."""
        process = self._running.pop(target, None)
        if process is not None:
            os.waitpid(process, 0)
            self._done.add(target)
        return target in self._done

    def _fork(self, target: Target) -> int:
        from jetson_containers.package import worker  # once, not in every process  # noqa: F401

        process = os.fork()
        if process == 0:
            try:
                self._trees.catalogue(target)
            finally:  # nothing of the parent's clean-up, and no word: the parent does it again
                os._exit(0)
        return process
