"""One time, one chance and one machine for every definition, whichever machine evaluates it.

What Python's own modules answer is replaced, each answer by one constant. What C code asks the
system by itself is not: ``uuid.uuid1``, ``DirEntry.stat``, the C library's own functions.
"""

from __future__ import annotations

import _socket  # all of socket takes time to import
import datetime
import hashlib
import os
import pwd
import random
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

#: seconds since the epoch: what every clock says, and when every file was changed
MOMENT = 1_577_836_800  # 2020-01-01T00:00:00Z
_CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time")
_HOST: Mapping[str, Any] = {
    "cpu_count": 1,
    "process_cpu_count": 1,
    "sched_getaffinity": {0},
    "getegid": 0,
    "geteuid": 0,
    "getgid": 0,
    "getgroups": [],
    "getpid": 1,
    "getppid": 0,
    "getuid": 0,
}
_UNKNOWN = ("getloadavg", "getlogin", "statvfs", "fstatvfs", "sysconf")


class _Named(type):
    """Makes a stand-in's instances of those that were made before it stood in."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__mro__[1])


class _Date(datetime.date, metaclass=_Named):
    @classmethod
    def today(cls) -> Any:
        return cls.fromtimestamp(MOMENT)


class _Datetime(datetime.datetime, metaclass=_Named):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return cls.fromtimestamp(MOMENT, tz)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


class Steady:
    """The replaced answers of this process; made once, in a process that only evaluates."""

    def __init__(self) -> None:
        self._drawn = 0
        self._seed = random.Random.seed
        for name in _CLOCKS:
            setattr(time, name, _always(float(MOMENT)))
            setattr(time, f"{name}_ns", _always(MOMENT * 10**9))
        for name in ("gmtime", "localtime", "ctime"):
            setattr(time, name, _of_moment(getattr(time, name)))
        vars(time)["strftime"] = _formatted(time.strftime)
        vars(time)["asctime"] = _shown(time.asctime)
        for kind in (_Date, _Datetime):
            kind.__name__ = kind.__qualname__ = kind.__mro__[1].__name__
            kind.__module__ = "datetime"
            setattr(datetime, kind.__name__, kind)
        for name, value in _HOST.items():
            if hasattr(os, name):
                setattr(os, name, _always(value))
        for name in _UNKNOWN:
            setattr(os, name, _unknown)
        for name in ("getpwall", "getpwnam", "getpwuid"):
            setattr(pwd, name, _nobody)
        for module in (_socket, sys.modules.get("socket", _socket)):
            vars(module)["gethostname"] = _always("")
        self._replace_chance()

    def _replace_chance(self) -> None:
        real = self._seed

        def drawn(size: int, *_flags: int) -> bytes:
            self._drawn += 1
            return hashlib.shake_256(str(self._drawn).encode()).digest(size)

        def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
            real(self, drawn(32) if a is None else a, version)

        vars(os).update(urandom=drawn, getrandom=drawn)
        random.Random.seed = seed  # type: ignore[method-assign]
        # what the module bound before
        vars(random).update(_urandom=drawn, seed=vars(random)["_inst"].seed)

    def forget(self) -> None:
        """Begin anew, for the next definition."""
        self._drawn = 0
        random.seed(MOMENT)
        if "TZ" not in os.environ:
            os.putenv("TZ", "UTC0")  # of this process, unseen in os.environ
        time.tzset()


def _always(value: Any) -> Callable[..., Any]:
    def answer(*_arguments: object) -> Any:
        return value.copy() if isinstance(value, (list, set)) else value

    return answer


def _of_moment(real: Callable[..., Any]) -> Callable[..., Any]:
    def answer(seconds: float | None = None) -> Any:
        return real(MOMENT if seconds is None else seconds)

    return answer


def _formatted(real: Callable[..., str]) -> Callable[..., str]:
    def strftime(form: str, moment: Iterable[int] | None = None) -> str:
        return real(form, time.localtime() if moment is None else moment)

    return strftime


def _shown(real: Callable[..., str]) -> Callable[..., str]:
    def asctime(moment: Iterable[int] | None = None) -> str:
        return real(time.localtime() if moment is None else moment)

    return asctime


def _unknown(*_arguments: object) -> NoReturn:
    raise OSError(38, "not part of the definition")


def _nobody(*_arguments: object) -> NoReturn:
    raise KeyError("not part of the definition")
