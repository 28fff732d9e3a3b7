"""Running a definition's Python, and its imports of ``packages.*`` and ``jetson_containers.*``."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from jetson_containers import CONFIG_NAMES
from jetson_containers.errors import DefinitionError, Location
from jetson_containers.package import names

#: modules of the ecosystem's program that definitions import names from
SHIMS = frozenset(
    f"jetson_containers.{name}"
    for name in ("l4t_version", "packages", "network", "logging", "utils", "container", "tag")
)

#: Python that people write is smaller
MAX_BYTES = 1_000_000

_DOT = "\u2024"


def execute(path: Path, imports: Path, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Run the file with ``variables`` as globals, and return its globals.

    It counts as a module of the package ``packages.<directories below imports>``, so that
    ``from .version import X`` works. In the ecosystem it is ``packages.<name>`` however deep it
    lies, so ``from ..ml.x import Y`` may start at the tree's root too. Raises whatever the file
    raises.
    """
    parts = ["packages"]
    if path.parent.is_relative_to(imports):
        parts += [part.replace(".", _DOT) for part in path.parent.relative_to(imports).parts]
    package = ".".join(parts)
    for finder in sys.meta_path:
        if isinstance(finder, _Finder):
            finder.above = tuple(parts[1:-1])
    module = ModuleType(f"{package}.__config__")
    module.__file__ = str(path)
    module.__package__ = package
    module.__dict__.update(variables)
    sys.modules[module.__name__] = module
    exec(_compiled(path, source(path)), module.__dict__)
    return module.__dict__


@contextmanager
def importable(roots: Sequence[Path]) -> Iterator[list[Path]]:
    """Within this block ``packages.*`` is found under ``roots``, first match first.

    Yields the list of files that were imported. Law: afterwards no module of a tree is left in
    ``sys.modules``, so nothing leaks from one definition to the next.
    """
    read: list[Path] = []
    finder = _Finder(tuple(dict.fromkeys(roots)), read)
    _forget()
    sys.meta_path.insert(0, finder)
    try:
        yield read
    finally:
        sys.meta_path.remove(finder)
        _forget()


def _forget() -> None:
    import jetson_containers

    for name in list(sys.modules):
        if name == "packages" or name.startswith("packages.") or name in SHIMS:
            del sys.modules[name]
    for name in SHIMS:
        vars(jetson_containers).pop(name.rpartition(".")[2], None)


def compile_ahead(paths: Iterable[Path]) -> None:
    """Compile modules without running them: processes that are forked later need not."""
    for path in paths:
        with suppress(OSError, SyntaxError, ValueError, DefinitionError):
            _compiled(path, source(path))


def source(path: Path) -> bytes:
    """The bytes of a Python file; raises :class:`DefinitionError` for what is too big for one."""
    if path.stat().st_size > MAX_BYTES:
        raise DefinitionError(
            f"the file is larger than {MAX_BYTES} bytes",
            where=Location(str(path)),
            hint="a definition is written by people; keep data in files that it reads",
        )
    return path.read_bytes()


@lru_cache(maxsize=1024)
def _compiled(path: Path, source: bytes) -> CodeType:
    return compile(source, str(path), "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, roots: tuple[Path, ...], read: list[Path]) -> None:
        self.roots = roots
        self.read = read
        #: the directories above the definition that is being run, which two dots may leave out
        self.above: tuple[str, ...] = ()

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in SHIMS:
            return importlib.machinery.ModuleSpec(fullname, _Shim())
        first, *parts = fullname.split(".")
        if first != "packages":
            return None
        readings = [parts]
        deep = len(self.above)
        if 0 < deep < len(parts) and tuple(parts[:deep]) == self.above:
            readings.append(parts[deep:])
        for reading in readings:
            for root in self.roots:
                spec = self._spec(fullname, root, reading)
                if spec is not None:
                    return spec
        return None

    def _spec(
        self, fullname: str, root: Path, parts: Sequence[str]
    ) -> importlib.machinery.ModuleSpec | None:
        place = root.joinpath(*(part.replace(_DOT, ".") for part in parts))
        if place.is_dir():
            init = place / "__init__.py"
            loader = _Source(init, self.read) if init.is_file() and parts else None
            spec = importlib.machinery.ModuleSpec(
                fullname, loader, origin=str(init), is_package=True
            )
            spec.submodule_search_locations = [str(place)]
            return spec
        file = place.with_name(f"{place.name}.py")
        if parts and file.is_file():
            return importlib.machinery.ModuleSpec(
                fullname, _Source(file, self.read), origin=str(file)
            )
        return None


class _Source(importlib.abc.Loader):
    """A module of a tree, always compiled from its source: no ``.pyc`` is read or written."""

    def __init__(self, path: Path, read: list[Path]) -> None:
        self.path = path
        self.read = read

    def exec_module(self, module: ModuleType) -> None:
        self.read.append(self.path)
        module.__file__ = str(self.path)
        exec(_compiled(self.path, source(self.path)), module.__dict__)


class _Shim(importlib.abc.Loader):
    """A module of the ecosystem's program: the same names, for the evaluation in progress."""

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__getattr__"] = names.lookup
        module.__dict__["__all__"] = list(CONFIG_NAMES)
