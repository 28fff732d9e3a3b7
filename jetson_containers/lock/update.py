"""Put images into a lock file that others may write at the same time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jetson_containers.errors import BuilderError, Location
from jetson_containers.lock.file import read_lock, write_lock
from jetson_containers.lock.model import Lock, LockedImage


def update_lock(path: Path, images: Iterable[LockedImage]) -> bool:
    """Put ``images`` into the file as it is now; ``False`` when it said the same already.

    Asking the world takes long: what another run wrote meanwhile stays, but for the same images.
    Law: of any number of calls at once no image is lost.
    """
    with _alone(path.resolve().parent, path):
        lock = read_lock(path) if path.exists() else Lock()
        return write_lock(path, lock.updated(images))


@contextmanager
def _alone(folder: Path, path: Path) -> Iterator[None]:
    """Waits until nobody else writes a lock in ``folder``. The directory itself is what is held:
    the file is replaced by each write, and another one beside it would stay behind.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BuilderError(
            f"the lock file cannot be written: {error.strerror}",
            where=Location(str(path)),
            hint="name another place with --output",
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
