"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(
    path: Path, content: bytes, *, mode: int = 0o600, durable: bool = False
) -> None:
    """Make ``path`` a file of ``content``; a link stays one, what it points at is written.

    A file that is replaced keeps its mode, a new one gets ``mode``. ``durable`` waits for the
    disk: for what cannot be made again. Raises ``OSError`` where that cannot be done.

    Law: whoever reads, or stops this, at any moment finds the old file or the new one, and
    nothing beside it.
    """
    target = Path(os.path.realpath(path))
    new = stage(target, content, mode=mode, durable=durable)
    try:
        new.replace(target)
    except BaseException:  # an interruption too
        new.unlink(missing_ok=True)
        raise


def stage(path: Path, content: bytes, *, mode: int = 0o600, durable: bool = False) -> Path:
    """A file of ``content`` beside ``path``, ready to replace it: the half that may fail."""
    import tempfile  # it brings much along, and most runs write nothing

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        new.chmod(path.stat().st_mode & 0o777 if path.is_file() else mode)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    return new
