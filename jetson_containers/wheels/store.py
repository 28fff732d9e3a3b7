"""The wheel store as a directory: ``<first two of the key>/<key>/`` with ``index.json``,
``files/`` and, where it is signed, ``index.json.sig``.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jetson_containers.engine.protocol import Interrupted
from jetson_containers.errors import BuilderError, Location
from jetson_containers.wheels.entry import BadEntry, Entry, read_entry

INDEX = "index.json"
SIGNATURE = "index.json.sig"
FILES = "files"
_NEW = ".new-"
_OLD = ".old-"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry that is there and whole. ``files`` is the directory that holds its files alone.

    ``index`` are the bytes that ``signature`` (``None`` without one) is over.
    """

    entry: Entry
    files: Path
    index: bytes
    signature: bytes | None = None


class WheelDirectory:
    """One directory; made when something is first kept.

    Laws: an entry is there whole or not at all, whoever is stopped when; processes that share the
    directory never see one another's half; what cannot be told whole is not handed out.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def find(self, key: str) -> Kept | None:
        """The entry of that key, every file held against its hash.

        Raises :class:`BadEntry` for one that is damaged.
        """
        place = self._place(key)
        try:
            index = (place / INDEX).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise BadEntry(
                f"{INDEX} cannot be read: {error.strerror}", where=Location(str(place))
            ) from None
        entry = read_entry(index, str(place / INDEX))
        if entry.key != key:
            raise BadEntry(f"it is the entry of another key, {entry.key}", where=_at(place))
        check_files(entry, place / FILES)
        try:
            signature = (place / SIGNATURE).read_bytes()
        except OSError:
            signature = None
        return Kept(entry, place / FILES, index, signature)

    def add(self, entry: Entry, files: Path, signature: bytes | None = None) -> Kept:
        """Keep a directory of files, which is moved. What is there under the key is replaced.

        ``files`` lies in :meth:`scratch`. Raises :class:`BuilderError` where nothing can be kept.
        """
        place, new = self._place(entry.key), files.parent
        index = entry.to_json()
        try:
            for path in files.rglob("*"):
                path.chmod(0o755 if path.is_dir() else 0o644)
            (new / INDEX).write_bytes(index)
            if signature is not None:
                (new / SIGNATURE).write_bytes(signature)
            if files.name != FILES:
                files.rename(new / FILES)
            new.chmod(0o755)
            place.parent.mkdir(parents=True, exist_ok=True)
            self._replace(new, place)
        except OSError as error:
            raise self._fault(error) from None
        return Kept(entry, place / FILES, index, signature)

    def _replace(self, new: Path, place: Path) -> None:
        """``rename`` of a directory onto one that holds something fails: that is moved away."""
        for _ in range(100):
            with contextlib.suppress(OSError):
                new.rename(place)
                return
            old = Path(tempfile.mkdtemp(prefix=_OLD, dir=self.directory))
            with contextlib.suppress(FileNotFoundError):
                place.rename(old / "entry")
            shutil.rmtree(old, ignore_errors=True)
        new.rename(place)

    def make(self) -> None:
        """Make the directory. Raises :class:`BuilderError` where nothing can be kept in it."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._fault(error) from None
        if not os.access(self.directory, os.W_OK | os.X_OK):
            raise self._fault(PermissionError(errno.EACCES, os.strerror(errno.EACCES)))

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A new empty directory ``files`` to fill; what is not kept afterwards is removed.

        What a process left that was killed is removed too: its lock went with it.
        """
        self.make()
        try:
            self._sweep()
            new, handle = self._locked_directory()
        except OSError as error:
            raise self._fault(error) from None
        try:
            yield new / FILES
        finally:
            os.close(handle)
            shutil.rmtree(new, ignore_errors=True)

    def _locked_directory(self) -> tuple[Path, int]:
        """A new directory and the lock on it; another process may sweep it away before that."""
        while True:
            new = Path(tempfile.mkdtemp(prefix=_NEW, dir=self.directory))
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(new, os.O_RDONLY | os.O_DIRECTORY)
                fcntl.flock(handle, fcntl.LOCK_SH)
                with contextlib.suppress(FileNotFoundError):
                    (new / FILES).mkdir()
                    return new, handle
                os.close(handle)

    def _sweep(self) -> None:
        for left in [*self.directory.glob(f"{_NEW}*"), *self.directory.glob(f"{_OLD}*")]:
            try:
                handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
            except OSError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            except OSError:
                continue
            finally:
                os.close(handle)

    @contextlib.contextmanager
    def lock(
        self, key: str, on_wait: Callable[[int], None], stopped: Callable[[], bool]
    ) -> Iterator[None]:
        """Hold a key alone among all who use the directory, so that it is compiled once.

        ``on_wait`` is told once the process id of the holder (0 if unknown), ``stopped`` ends the
        waiting. A directory that cannot be written to is not locked: nothing is added to it.
        """
        path = self.directory / ".locks" / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+", encoding="utf-8")
        except OSError:
            yield
            return
        with file:
            waited = False
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not waited:
                        file.seek(0)
                        text = file.read().strip()
                        on_wait(int(text) if text.isdigit() else 0)
                        waited = True
                    if stopped():
                        raise Interrupted("stopped while another build compiled") from None
                    time.sleep(0.1)
            file.seek(0)
            file.truncate()
            file.write(str(os.getpid()))
            file.flush()
            yield

    def keys(self) -> tuple[str, ...]:
        """The keys of all entries, sorted; whether they are whole is not looked at."""
        return tuple(sorted(path.parent.name for path in self.directory.glob(f"??/*/{INDEX}")))

    def _place(self, key: str) -> Path:
        return self.directory / key[:2] / key

    def _fault(self, error: OSError) -> BuilderError:
        return BuilderError(
            f"nothing can be kept in the wheel store: {error.strerror}",
            where=Location(str(error.filename or self.directory)),
            hint="name another directory with --wheel-store, or leave it out with "
            "--no-wheel-store",
        )


def check_files(entry: Entry, files: Path) -> None:
    """Raises :class:`BadEntry` unless ``files`` holds what ``entry`` says and nothing else."""
    there = {name for name, _ in walk(files)}
    told = {file.name: file for file in entry.files}
    for name in sorted(there ^ set(told)):
        what = f"{name} is missing" if name in told else f"{name} does not belong to it"
        raise BadEntry(what, where=_at(files))
    for name, file in told.items():
        if digest(files / name) != (file.sha256, file.size):
            raise BadEntry(f"{name} is not what its hash says", where=_at(files))


def walk(files: Path) -> list[tuple[str, Path]]:
    """Name and path of each file below a directory, sorted.

    Raises :class:`BadEntry` for a link or a device: only files are kept.
    """
    found = []
    for path in sorted(files.rglob("*")):
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise BadEntry(f"{path.relative_to(files)} is no file", where=_at(files))
        if path.is_file():
            found.append((path.relative_to(files).as_posix(), path))
    return found


def digest(path: Path) -> tuple[str, int]:
    """``sha256`` in hex, and the size in bytes. Raises :class:`BadEntry` if it cannot be read."""
    running, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                running.update(piece)
                size += len(piece)
    except OSError as error:
        raise BadEntry(f"{path.name} cannot be read: {error.strerror}", where=_at(path)) from None
    return running.hexdigest(), size


def _at(path: Path) -> Location:
    return Location(str(path))
