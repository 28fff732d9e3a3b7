"""Dockerfiles and scripts, each read and judged once for all packages and targets.

What was looked at is told as well, so that results can be kept for as long as it is the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from jetson_containers.check.model import Fault
from jetson_containers.check.recipe import Recipe, read_recipe
from jetson_containers.check.scripts import Script, may_be_script, script_faults, scripts_of
from jetson_containers.errors import BuilderError, Location
from jetson_containers.package.header import is_wide
from jetson_containers.package.model import Package
from jetson_containers.package.snapshot import MAX_BYTES, Look, Snapshot
from jetson_containers.plan.dockerfile import read_dockerfile
from jetson_containers.plan.ignore import ignore_for, parse_ignore

_ACCESS = "mend its permissions, or correct `dockerfile:`"
_NO_TEXT = "a Dockerfile is a text that people write: correct `dockerfile:`"
_ENCODING = "save it with the encoding UTF-8"


@dataclass(frozen=True, slots=True)
class Read:
    """What a package is built by: a recipe, if it has one that can be read, and all faults."""

    recipe: Recipe | None
    faults: tuple[Fault, ...]
    looks: frozenset[Look] = frozenset()


@dataclass(slots=True)
class Reader:
    """Reads each Dockerfile and script once, whatever number of packages is built by it.

    Each thing is first looked at by ``snapshot`` and then read: what changes in between has
    another state at the next look.
    """

    snapshot: Snapshot = field(default_factory=Snapshot)
    _read: dict[tuple[Path, str | None, tuple[str, ...]], Read] = field(default_factory=dict)
    _folders: dict[Path, tuple[Look, ...]] = field(default_factory=dict)
    _scripts: dict[str, tuple[Fault, ...]] = field(default_factory=dict)

    def read(self, package: Package) -> Read:
        """What ``package`` is built by; a package without a Dockerfile gives its scripts away."""
        key = (package.path, package.dockerfile, package.tests)
        found = self._read.get(key)
        if found is None:
            looks = frozenset(self._looks(package))
            for look in looks:
                self.snapshot.state(look)
            found = self._read[key] = replace(self._make(package), looks=looks)
        return found

    def _make(self, package: Package) -> Read:
        tests = frozenset(test.split()[0] for test in package.tests if test.split())
        try:
            if package.dockerfile is None:
                return Read(None, self._judge(tuple(scripts_of(package.path, None, None, tests))))
            path = _normal(package.path, package.dockerfile)
            if not path.is_file():
                return Read(None, ())  # the loader has said so
            if path.stat().st_size > MAX_BYTES:
                fault = _unreadable(package, f"it has more than {MAX_BYTES} bytes", _NO_TEXT)
                return Read(None, (fault,))
            content = path.read_bytes()
            if is_wide(content.partition(b"\n")[0]):
                return Read(None, (_unreadable(package, "it is not UTF-8", _ENCODING),))
            sources = read_dockerfile(content).sources
            scripts = tuple(scripts_of(package.path, package.dockerfile, sources, tests))
            ignore = parse_ignore(ignore_for(package.path, package.dockerfile) or b"")
        except OSError as error:
            return Read(None, (_unreadable(package, error.strerror or str(error)),))
        except BuilderError as error:
            fault = _unreadable(package, error.what)
            return Read(None, (replace(fault, where=error.where or fault.where),))
        recipe = replace(read_recipe(path, content, scripts), ignore=ignore)
        return Read(recipe, (*recipe.faults, *self._judge(scripts)))

    def _looks(self, package: Package) -> Iterator[Look]:
        """Everything that :meth:`read` may see: a superset, for a name more does no harm."""
        if package.dockerfile is not None:
            yield ("read", str(_normal(package.path, package.dockerfile)))
            yield ("read", f"{package.path / package.dockerfile}.dockerignore")
        yield ("read", str(package.path / ".dockerignore"))
        if package.path not in self._folders:
            self._folders[package.path] = _below(package.path)
        yield from self._folders[package.path]

    def _judge(self, scripts: tuple[Script, ...]) -> tuple[Fault, ...]:
        for script in scripts:
            if script.path not in self._scripts:
                self._scripts[script.path] = script_faults(script)
        return tuple(fault for script in scripts for fault in self._scripts[script.path])


def _normal(directory: Path, name: str) -> Path:
    return Path(os.path.normpath(directory / name))


def _below(context: Path) -> tuple[Look, ...]:
    """The directories of a context, and the files in it that may be shell scripts."""
    found: list[Look] = []
    for folder, folders, files in os.walk(context):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found.append(("list", folder))
        found.extend(("read", f"{folder}/{name}") for name in files if may_be_script(name))
    return tuple(found)


def _unreadable(package: Package, reason: str, hint: str = _ACCESS) -> Fault:
    return Fault(
        "unreadable-dockerfile",
        f"the Dockerfile or its context cannot be read: {reason}",
        Location(str(package.path / str(package.dockerfile or ""))),
        hint,
    )
