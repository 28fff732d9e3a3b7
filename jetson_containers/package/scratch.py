"""The files a definition writes into its own directory: kept in memory, never in the tree.

So a tree may be read-only, two programs may evaluate it at once, and what was written is part of
the result like everything else.
"""
# These functions stand below pathlib.
# ruff: noqa: PTH100, PTH110, PTH112, PTH120

from __future__ import annotations

import builtins
import io
import os
import pathlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from jetson_containers.package.guards import Guard, writes
from jetson_containers.package.steady import MOMENT

#: a file that belongs into a build context is a text that a definition computed
MAX_BYTES = 1_000_000


class Scratch:
    """What was written since :meth:`forget`, by absolute path, while ``guard`` is active.

    ``machine`` are files that the target's machine has or has not, whatever machine this is: path
    and text. ``reads`` are the fields of the target that decide about them.
    """

    def __init__(
        self, guard: Guard, machine: Mapping[str, str | None], reads: Iterable[str]
    ) -> None:
        self.guard = guard
        self._fstat = os.fstat
        self._decided = dict.fromkeys(machine, dict.fromkeys(reads))
        self._machine = {
            path: _memory(text.encode()) for path, text in machine.items() if text is not None
        }
        self._files: dict[str, int] = {}
        self._directories: set[str] = set()

    def forget(self) -> None:
        """Start anew, for the next definition."""
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()
        self._directories.clear()

    def texts(self) -> dict[str, str]:
        """What was written, by path below the directory. No text, or too much, is refused."""
        found: dict[str, str] = {}
        for path, descriptor in sorted(self._files.items()):
            name = os.path.relpath(os.path.realpath(path), self.guard.directory)
            content = os.pread(descriptor, MAX_BYTES + 1, 0)
            try:
                found[name] = content.decode()
            except UnicodeDecodeError:
                self.guard.refuse(f"a file that is no text was not kept ({name})")
            if len(content) > MAX_BYTES:
                found.pop(name, None)
                self.guard.refuse(f"a file larger than {MAX_BYTES} bytes was not kept ({name})")
        return found

    def install(self) -> None:
        """Replace this process's ways to files, for good."""
        real = _Real()
        functions = {
            "stat": self._looking(real.stat),
            "lstat": self._looking(real.lstat, follows=False),
            "fstat": self._looking(real.fstat),
            "readlink": self._following(real.readlink),
            "access": self._accessing(real.access),
            "open": self._descriptor_opening(real.os_open),
            "mkdir": self._making(real.mkdir),
            "unlink": self._removing(real.unlink),
            "remove": self._removing(real.unlink),
            "rename": self._renaming(real.rename),
            "replace": self._renaming(real.rename),
            "chmod": self._adorning(real.chmod),
            "utime": self._adorning(real.utime),
        }
        opening = self._opening(real.open)
        _replace(os, functions)
        _replace(io, {"open": opening})
        _replace(builtins, {"open": opening})
        accessor = getattr(pathlib, "_NormalAccessor", None)  # Python 3.10 binds them early
        if accessor:
            known = {name: staticmethod(made) for name, made in functions.items()}
            _replace(accessor, known | {"open": staticmethod(opening)})

    def _full(self, path: Any) -> str:
        """The absolute path; empty when a path is none of the definition's."""
        if not self.guard.active or not isinstance(path, (str, bytes, os.PathLike)):
            return ""
        with self.guard.paused():
            full = os.path.abspath(os.fsdecode(path))
        self.guard.reads.update(self._decided.get(full, {}))
        return full

    def _is_own(self, path: str) -> bool:
        with self.guard.paused():
            above = self.guard.directory + os.sep
            return os.path.realpath(path).startswith(above)

    def _held(self, path: str, *, changes: bool, fresh: bool, anew: bool) -> int | None:
        """The descriptor of a file in memory, a new one if it is to be changed.

        ``fresh`` wants none that exists; without ``anew`` a file of the tree is copied first.
        """
        if path in self._machine and not changes:
            return self._machine[path]
        if path in self._files:
            if fresh:
                raise FileExistsError(17, "File exists", path)
            return self._files[path]
        if not path or not changes or not self._is_own(path):
            return None
        with self.guard.paused():
            exists = os.path.exists(path)
            if fresh and exists:
                raise FileExistsError(17, "File exists", path)
            if os.path.isdir(path):
                raise IsADirectoryError(21, "Is a directory", path)
            above = os.path.dirname(path)
            if above not in self._directories and not os.path.isdir(above):
                raise FileNotFoundError(2, "No such file or directory", path)
            self.guard.seen["stat", path] = None
            content = b""
            if exists and not anew:
                self.guard.seen["read", path] = None
                content = Path(path).read_bytes()
            self._files[path] = _memory(content)
        return self._files[path]

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def open(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
            held = self._held(
                self._full(file), changes=writes(mode, 0), fresh="x" in mode, anew="w" in mode
            )
            if held is None:
                return real(file, mode, *rest, **options)
            with self.guard.paused():
                return real(_of(held), mode.replace("x", "w"), *rest, **options)

        return open

    def _descriptor_opening(self, real: Callable[..., int]) -> Callable[..., int]:
        def open(path: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
            held = self._held(
                self._full(path),
                changes=writes("", flags),
                fresh=bool(flags & os.O_EXCL),
                anew=bool(flags & os.O_TRUNC),
            )
            if held is None:
                return real(path, flags, mode, **options)
            with self.guard.paused():
                return real(_of(held), flags & ~(os.O_CREAT | os.O_EXCL), mode)

        return open

    def _looking(
        self, real: Callable[..., os.stat_result], *, follows: bool = True
    ) -> Callable[..., os.stat_result]:
        def stat(path: Any, *rest: Any, **options: Any) -> os.stat_result:
            full = self._full(path)
            if full in self._files or full in self._machine:
                return _timeless(self._fstat((self._machine | self._files)[full]))
            if full in self._directories:
                return _timeless(real(self.guard.directory))
            if full:
                self.guard.look("stat", full)
                if not options.get("follow_symlinks", follows):
                    self.guard.look("link", full)
            found = real(path, *rest, **options)
            return _timeless(found) if self.guard.active else found

        return stat

    def _following(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def readlink(path: Any, **options: Any) -> Any:
            full = self._full(path)
            if full in self._files or full in self._directories or full in self._machine:
                raise OSError(22, "Invalid argument", path)
            if full:
                self.guard.look("link", full)
            return real(path, **options)

        return readlink

    def _accessing(self, real: Callable[..., bool]) -> Callable[..., bool]:
        def access(path: Any, mode: int, **options: Any) -> bool:
            full = self._full(path)
            if full in self._files or full in self._directories or full in self._machine:
                return True
            try:
                if full:
                    self.guard.look("access", full)
            except FileNotFoundError:
                return False
            return real(path, mode, **options)

        return access

    def _making(self, real: Callable[..., None]) -> Callable[..., None]:
        def mkdir(path: Any, *rest: Any, **options: Any) -> None:
            full = self._full(path)
            if not full or not self._is_own(full):
                real(path, *rest, **options)
                return
            with self.guard.paused():
                self.guard.seen["stat", full] = None
                if full in self._directories or os.path.lexists(full):
                    raise FileExistsError(17, "File exists", full)
            self._directories.add(full)

        return mkdir

    def _removing(self, real: Callable[..., None]) -> Callable[..., None]:
        def unlink(path: Any, **options: Any) -> None:
            held = self._files.pop(self._full(path), None)
            if held is None:
                real(path, **options)
            else:
                os.close(held)

        return unlink

    def _renaming(self, real: Callable[..., None]) -> Callable[..., None]:
        def rename(source: Any, target: Any, **options: Any) -> None:
            full, new = self._full(source), self._full(target)
            if full in self._files and self._is_own(new):
                self._files[new] = self._files.pop(full)
            else:
                real(source, target, **options)

        return rename

    def _adorning(self, real: Callable[..., None]) -> Callable[..., None]:
        def adorn(path: Any, *rest: Any, **options: Any) -> None:
            full = self._full(path)
            if full not in self._files and full not in self._directories:
                real(path, *rest, **options)

        return adorn


class _Real:
    """The functions as they were, before any is replaced."""

    def __init__(self) -> None:
        self.open = io.open
        self.os_open = os.open
        self.stat, self.lstat, self.access = os.stat, os.lstat, os.access
        self.fstat, self.readlink = os.fstat, os.readlink
        self.mkdir, self.unlink, self.rename = os.mkdir, os.unlink, os.rename
        self.chmod, self.utime = os.chmod, os.utime


def _timeless(status: os.stat_result) -> os.stat_result:
    """The same without owner and times, which are another's in each checkout of the same tree."""
    mode, inode, device, links, *_, size = status[:7]
    times = ("st_atime", "st_mtime", "st_ctime")
    return os.stat_result(
        (mode, inode, device, links, 0, 0, size, MOMENT, MOMENT, MOMENT),
        dict.fromkeys(times, float(MOMENT)) | {f"{name}_ns": MOMENT * 10**9 for name in times},
    )


def _memory(content: bytes) -> int:
    descriptor = os.memfd_create("definition")
    os.write(descriptor, content)
    return descriptor


def _of(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _replace(place: Any, functions: Mapping[str, Any]) -> None:
    for name, function in functions.items():
        setattr(place, name, function)
