"""What every stage that was built here was made of, on disk: for telling why one is built again."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jetson_containers.files import write_whole
from jetson_containers.plan.model import Stage, dumps
from jetson_containers.plan.why_rebuild import StageInputs, read_inputs, stage_inputs

#: stages of one package that are remembered; the oldest are forgotten
MOST = 64


@dataclass(frozen=True, slots=True)
class StageMemory:
    """One file a stage below ``folder``: ``<package>/<first 16 of the fingerprint>.json``.

    Nothing raises: what cannot be read is not there, and a memory that cannot be written costs
    only an explanation. ``now`` gives the time of day, seconds since 1970.
    """

    folder: Path
    now: Callable[[], float] = time.time

    def remember(self, stage: Stage) -> None:
        """Keep what a finished stage is made of; one that is known costs a look."""
        path = self._folder(stage.package) / f"{stage.fingerprint[:16]}.json"
        if path.is_file():
            return
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, dumps(stage_inputs(stage, self.now()).to_dict()).encode())
            self._forget(path.parent)

    def of(self, package: str) -> tuple[StageInputs, ...]:
        """Every remembered stage of a package, in no order that means anything."""
        found = []
        for path in sorted(self._folder(package).glob("*.json")):
            with contextlib.suppress(
                OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError
            ):
                one = read_inputs(json.loads(path.read_text(encoding="utf-8")))
                if one.outline.package == package:
                    found.append(one)
        return tuple(found)

    def _folder(self, package: str) -> Path:
        return self.folder / package.lower().replace("/", "_")

    @staticmethod
    def _forget(folder: Path) -> None:
        """Another process may forget the same files."""
        known = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in known[:-MOST]:
            path.unlink(missing_ok=True)
