"""What a definition may touch while it runs: its tree to read, and nothing to change.

:func:`install` is for a child process that only evaluates definitions; nothing of it can be
undone. It keeps honest files deterministic and stops careless ones. It is no prison for hostile
code: a tree whose ``config.py`` is run is trusted as far as its Dockerfiles are.
"""

from __future__ import annotations

import _posixsubprocess
import _thread
import importlib
import os
import platform
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

from jetson_containers.errors import Location
from jetson_containers.package.reads import NotedTarget
from jetson_containers.package.snapshot import How, Look
from jetson_containers.platform.target import Target

#: audit events that change the path in their first argument, and those with a second path
_CHANGES = frozenset(
    (
        "os.chflags",
        "os.chmod",
        "os.chown",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.removexattr",
        "os.rename",
        "os.rmdir",
        "os.setxattr",
        "os.symlink",
        "os.truncate",
        "os.utime",
        "shutil.chown",
        "shutil.move",
        "shutil.rmtree",
    )
)
_CHANGES_TWO = frozenset(("os.link", "os.rename", "os.symlink", "shutil.move"))
_PROCESSES = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "subprocess.Popen",
)
_NO_PROCESS = ("a command was not run", "fork_exec")
_NETWORK = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyaddr",
    "socket.gethostbyname",
    "socket.getnameinfo",
    "socket.sendmsg",
    "socket.sendto",
)
_LISTINGS = ("os.listdir", "os.scandir")
_STARTS = ("ctypes.dlopen", "_thread.start_new_thread", "_thread.start_joinable_thread")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

#: a path in a tree, in what Python runs with, above one of them, or anywhere else
Place = Literal["tree", "library", "above", "elsewhere"]


@dataclass(slots=True)
class Guard:
    """What is allowed now. ``directory`` is the package's own, ``readable`` places may be read.

    ``refused`` collects in words what was tried and not done, and where; ``seen`` what of
    ``trees`` was looked at, and how; ``reads`` which fields of the target the machine's answers
    were made of. ``asked_network`` tells that a connection was tried.
    """

    readable: tuple[str, ...]
    trees: tuple[str, ...] = ()
    directory: str = ""
    active: bool = False
    refused: dict[str, Location | None] = field(default_factory=dict)
    seen: dict[Look, None] = field(default_factory=dict)
    reads: dict[str, None] = field(default_factory=dict)
    asked_network: bool = False
    _places: dict[str, Place] = field(default_factory=dict)

    def forget(self) -> None:
        """Start the notes anew, for the next definition."""
        self.refused.clear()
        self.seen.clear()
        self.reads.clear()
        self.asked_network = False

    def refuse(self, what: str) -> None:
        """Note an attempt, and the innermost line of a tree that led to it."""
        if what in self.refused:
            return
        frame = sys._getframe(1) if self.active else None
        while frame and not any(_is_below(frame.f_code.co_filename, tree) for tree in self.trees):
            frame = frame.f_back
        self.refused[what] = Location(frame.f_code.co_filename, frame.f_lineno) if frame else None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done in this block is the program's own."""
        self.active, before = False, self.active
        try:
            yield
        finally:
            self.active = before

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook: raises :class:`PermissionError` for what is not allowed."""
        if not self.active:
            return
        if event == "open":
            self._open(*arguments)
        elif event in _LISTINGS:
            self.look("list", "." if arguments[0] is None else arguments[0])
        elif event in _CHANGES:
            for path in arguments[: 2 if event in _CHANGES_TWO else 1]:
                self._write(path)
        elif event.startswith(_PROCESSES):
            self.deny("a command was not run", event)
        elif event in _NETWORK:
            self.asked_network = True
            raise PermissionError(1, "the network is not asked", event)
        elif event == "socket.bind":
            if isinstance(arguments[1], (str, bytes)):
                self._write(arguments[1])
            # Not noted: some libraries try it when they are imported, to see what there is.
            raise PermissionError(1, "nothing listens here", event)
        elif event == "sqlite3.connect":
            # Whichever file it is: SQLite opens by itself, and what is attached later unseen.
            self.deny("a database was not opened", os.fsdecode(arguments[0]))
        elif event in _STARTS:
            self.deny("a library or thread was not started", event)

    def opened(self) -> Iterator[str]:
        """The files of the trees that were read, in order."""
        return (path for how, path in self.seen if how == "read")

    def look(self, how: How, path: Any) -> None:
        """Note that something of the trees is looked at; nothing else of the machine is there."""
        if isinstance(path, int):
            return
        with self.paused():
            full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links are not followed
            place = self.place(full)
        if place == "tree":
            self.seen[how, full] = None
        elif place == "elsewhere" or (place == "above" and how not in ("stat", "link")):
            raise FileNotFoundError(2, "not part of the definition", os.fsdecode(path))

    def place(self, path: str) -> Place:
        """What an absolute path is to the definition, wherever links lead."""
        known = self._places.get(path)
        if known is None:
            with self.paused():
                known = self._places[path] = self._place(os.path.realpath(path))
        return known

    def _place(self, real: str) -> Place:
        if any(_is_below(real, tree) for tree in self.trees):
            return "tree"
        if any(_is_below(real, place) for place in self.readable):
            return "library"
        if any(_is_below(place, real) for place in (*self.trees, *self.readable)):
            return "above"
        return "elsewhere"

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        if writes(mode, flags):
            self._write(path)
        else:
            self.look("read", path)

    def _write(self, path: Any) -> None:
        if isinstance(path, int) or path is None or os.fsdecode(path) == os.devnull:
            return
        self.deny("nothing on this machine is changed", os.fsdecode(path))

    def deny(self, what: str, detail: str) -> NoReturn:
        """Note an attempt and fail it."""
        self.refuse(f"{what} ({detail})")
        raise PermissionError(1, what, detail)


def writes(mode: Any, flags: Any) -> bool:
    """Whether a file that is opened so could be changed."""
    return (isinstance(mode, str) and bool(set(mode) & set("wxa+"))) or (
        isinstance(flags, int) and bool(flags & _WRITING)
    )


def _is_below(path: str, place: str) -> bool:
    return path == place or path.startswith(place.rstrip(os.sep) + os.sep)


def install(roots: Sequence[Path], environment: Mapping[str, str], target: Target) -> Guard:
    """Guard this process, for good; definitions below ``roots`` may be read.

    ``environment`` becomes all of ``os.environ``; ``uname`` speaks of ``target``. Sleeping takes
    no time, commands are not found, threads cannot be started. Turn the guard on around each
    evaluation with ``guard.active``.
    """
    places: list[Any] = [*sys.path, sys.prefix, sys.base_prefix, Path(__file__).parents[1]]
    places += [sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), os.devnull]
    guard = Guard(_real(places), _real(roots))
    os.environ.clear()
    os.environ.update(environment)
    sys.dont_write_bytecode = True
    sys.path[:] = [place for place in sys.path if place]  # the empty one is wherever we are
    replace_commands(guard)
    replace_making(guard)
    replace_host(NotedTarget.of(target, guard.reads))
    _replace(threading, "_start_new_thread", _refuse_thread)
    _replace(_thread, "start_new_thread", _refuse_thread)
    _replace(_thread, "start_new", _refuse_thread)
    _replace(time, "sleep", lambda seconds: None)
    sys.addaudithook(guard.audit)
    return guard


def _real(places: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(os.path.realpath(place) for place in places if place))


def replace_commands(guard: Guard) -> None:
    """Commands of a definition are not run: they are not found, as in an empty machine.

    So a file that tolerates a failing command (``check=False``) goes on as it would there.
    """

    def run(args: Any, *_rest: Any, check: bool = False, **options: Any) -> Any:
        guard.refuse(f"a command was not run ({args if isinstance(args, str) else args[0]})")
        empty: Any = "" if options.get("text") or options.get("universal_newlines") else b""
        if check:
            raise subprocess.CalledProcessError(127, args, empty, empty)
        return subprocess.CompletedProcess(args, 127, empty, empty)

    def checked(args: Any, **options: Any) -> Any:
        return run(args, **{**options, "check": True})

    def code(args: Any, *_rest: Any, **_options: Any) -> int:
        guard.refuse(f"a command was not run ({args if isinstance(args, str) else args[0]})")
        return 127

    _replace(subprocess, "run", run)
    _replace(subprocess, "check_output", checked)
    _replace(subprocess, "check_call", checked)
    _replace(subprocess, "call", code)
    _replace(os, "system", code)
    _replace(_posixsubprocess, "fork_exec", lambda *_all: guard.deny(*_NO_PROCESS))


def replace_making(guard: Guard) -> None:
    """What makes files without a word to the audit hook."""
    places = [(os, "mkfifo"), (os, "mknod")]
    with suppress(ImportError):  # not every Python is built with it
        places.append((importlib.import_module("_posixshmem"), "shm_open"))
    for module, name in places:

        def make(path: Any, *_rest: Any, **_options: Any) -> NoReturn:
            guard.deny("nothing on this machine is changed", os.fsdecode(path))

        _replace(module, name, make)


def replace_host(target: Target) -> None:
    """``uname`` speaks of the target's machine, not of the one that evaluates."""
    _replace(os, "uname", lambda: os.uname_result(("Linux", "", "", "", target.arch)))
    _replace(platform, "machine", lambda: target.arch)
    vars(platform)["_uname_cache"] = None  # else platform.uname() may have asked before


def _refuse_thread(*_args: object, **_kwargs: object) -> NoReturn:
    raise RuntimeError("a definition cannot start threads")


def _replace(module: Any, name: str, value: Callable[..., Any]) -> None:
    setattr(module, name, value)
