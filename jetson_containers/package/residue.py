"""What definitions that run in one process could leave to one another."""

from __future__ import annotations

import gc
import locale
import logging
import os
import resource
import signal
import sys
from types import FunctionType, ModuleType
from typing import Any

#: the bit of ``type.__flags__`` of classes that can be changed at all
HEAP_TYPE = 1 << 9
_LIMITS = tuple(getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_"))
#: all but the one that the limit of time sets anew for every definition
_SIGNALS = tuple(number for number in signal.valid_signals() if number != signal.SIGALRM)
#: containers that Python itself fills in passing, and in which nobody looks
INNOCENT = (
    ("sys", "modules"),
    ("sys", "path_importer_cache"),
    ("re", "_cache"),
    ("re", "_cache2"),
    ("encodings", "_cache"),
    ("linecache", "cache"),
    ("_strptime", "_regex_cache"),
)


class State:
    """What definitions could leave to one another, as far as it is compared.

    It is modules, their names, classes and containers, the attributes of what they name, this
    program's functions, logging, and how Python and the process are set. The lists, dicts and sets
    that modules and classes name are compared by what they hold, those inside them are not.
    """

    def __init__(self) -> None:
        self.modules = dict(sys.modules)
        found = [item for item in self.modules.values() if isinstance(item, ModuleType)]
        places: dict[int, ModuleType | type] = {id(module): module for module in found}
        for module in found:
            for item in vars(module).values():
                if isinstance(item, type) and item.__flags__ & HEAP_TYPE:
                    places[id(item)] = item
        # lists beside lists: they are compared after every definition, without a step in Python
        self.names = [vars(item) for item in places.values()]
        named = {id(value): value for names in self.names for value in names.values()}
        self.functions = [
            value
            for value in named.values()
            if type(value) is FunctionType and value.__module__.startswith("jetson_containers")
        ]
        self.functions_before = list(map(_function, self.functions))
        self.names += [
            attributes
            for value in named.values()
            if not isinstance(value, (ModuleType, type, FunctionType))
            and type(attributes := _attributes(value)) is dict
        ]
        self.names_before = [dict(names) for names in self.names]
        held: dict[int, Any] = {
            id(item): item
            for names in self.names_before
            for name, item in names.items()
            if type(item) in (dict, list, set) and not name.startswith("__")
        }
        for name, innocent in INNOCENT:
            if name in self.modules:
                held.pop(id(getattr(self.modules[name], innocent, None)), None)
        self.containers = list(held.values())
        self.containers_before = [item.copy() for item in self.containers]
        self.process = _process()
        self.paths = (list(sys.path), list(sys.meta_path), list(sys.path_hooks))

    def holds(self) -> bool:
        """Whether all is as it was."""
        try:
            return (
                self.process == _process()
                and self.modules == dict(sys.modules)
                and self.paths == (sys.path, sys.meta_path, sys.path_hooks)
                and self.names == self.names_before
                and self.functions_before == list(map(_function, self.functions))
                and self.containers == self.containers_before
            )
        except BaseException:  # values that cannot be compared are others than before
            return False


def _attributes(value: object) -> Any:
    try:
        return object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None


def _function(function: FunctionType) -> tuple[Any, ...]:
    return (
        function.__code__,
        function.__defaults__,
        dict(function.__kwdefaults__ or {}),
        dict(function.__dict__),
    )


def _process() -> tuple[Any, ...]:
    """How Python and this process are set, beside what they hold."""
    return (
        sys.getrecursionlimit(),
        sys.getprofile(),
        sys.gettrace(),
        sys.getswitchinterval(),
        getattr(sys, "get_int_max_str_digits", int)(),
        [resource.getrlimit(kind) for kind in _LIMITS],
        [signal.getsignal(number) for number in _SIGNALS],
        signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        signal.getitimer(signal.ITIMER_VIRTUAL),
        signal.getitimer(signal.ITIMER_PROF),
        logging.getLogger().handlers.copy(),
        logging.root.manager.disable,
        locale.setlocale(locale.LC_ALL),
        gc.isenabled(),
        gc.get_threshold(),
        _umask(),
    )


def _umask() -> int:
    """The umask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
