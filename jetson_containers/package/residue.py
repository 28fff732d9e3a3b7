"""What definitions that run in one process could leave to one another."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

#: the bit of ``type.__flags__`` of classes that can be changed at all
HEAP_TYPE = 1 << 9
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
    """What definitions could leave to one another: modules, their names, classes and containers.

    The lists, dicts and sets that modules and classes name are compared by what they hold, those
    inside them are not.
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
        self.paths = (list(sys.path), list(sys.meta_path), list(sys.path_hooks))

    def holds(self) -> bool:
        """Whether all is as it was."""
        try:
            return (
                self.modules == dict(sys.modules)
                and self.paths == (sys.path, sys.meta_path, sys.path_hooks)
                and self.names == self.names_before
                and self.containers == self.containers_before
            )
        except Exception:  # values that cannot be compared are others than before
            return False
