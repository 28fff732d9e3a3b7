"""Where entries are looked for and kept beside the store's own directory."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from jetson_containers.plan.model import Stage
from jetson_containers.wheels.entry import Entry


class Place(Protocol):
    """A store of entries elsewhere, such as a registry.

    Its errors are :class:`~jetson_containers.errors.BuilderError`: the build goes on without it.
    """

    @property
    def name(self) -> str:
        """For people."""

    @property
    def writable(self) -> bool: ...

    def fetch(self, stage: Stage, dest: Path) -> tuple[Entry, bytes, bytes | None] | None:
        """Write the files of a stage's entry into ``dest``, each held against its hash.

        The entry, the bytes of its index and the signature over them; ``None`` where there is no
        such entry.
        """

    def keep(
        self, stage: Stage, entry: Entry, files: Path, signature: bytes | None
    ) -> None:
        """Keep an entry there; to do so again changes nothing."""
