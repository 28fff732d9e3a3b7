"""Dockerfiles and scripts, each read and judged once for all packages and targets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from jetson_containers.check.model import Fault
from jetson_containers.check.recipe import Recipe, read_recipe
from jetson_containers.check.scripts import Script, script_faults, scripts_of
from jetson_containers.errors import BuilderError, Location
from jetson_containers.package.model import Package
from jetson_containers.plan.dockerfile import read_dockerfile


@dataclass(frozen=True, slots=True)
class Read:
    """What a package is built by: a recipe, if it has one that can be read, and all faults."""

    recipe: Recipe | None
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class Reader:
    """Reads each Dockerfile and script once, whatever number of packages is built by it."""

    _read: dict[tuple[Path, str | None], Read] = field(default_factory=dict)
    _scripts: dict[str, tuple[Fault, ...]] = field(default_factory=dict)

    def read(self, package: Package) -> Read:
        """What ``package`` is built by; a package without a Dockerfile gives its scripts away."""
        key = (package.path, package.dockerfile)
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = self._make(package)
        return found

    def _make(self, package: Package) -> Read:
        tests = frozenset(test.split()[0] for test in package.tests if test.split())
        try:
            if package.dockerfile is None:
                return Read(None, self._judge(tuple(scripts_of(package.path, None, None, tests))))
            path = _normal(package.path, package.dockerfile)
            if not path.is_file():
                return Read(None, ())  # the loader has said so
            content = path.read_bytes()
            sources = read_dockerfile(content).sources
            scripts = tuple(scripts_of(package.path, package.dockerfile, sources, tests))
        except OSError as error:
            return Read(None, (_unreadable(package, error.strerror or str(error)),))
        except BuilderError as error:
            fault = _unreadable(package, error.what)
            return Read(None, (replace(fault, where=error.where or fault.where),))
        recipe = read_recipe(path, content, scripts)
        return Read(recipe, (*recipe.faults, *self._judge(scripts)))

    def _judge(self, scripts: tuple[Script, ...]) -> tuple[Fault, ...]:
        for script in scripts:
            if script.path not in self._scripts:
                self._scripts[script.path] = script_faults(script)
        return tuple(fault for script in scripts for fault in self._scripts[script.path])


@cache
def _normal(directory: Path, name: str) -> Path:
    import os

    return Path(os.path.normpath(directory / name))


def _unreadable(package: Package, reason: str) -> Fault:
    return Fault(
        "unreadable-dockerfile",
        f"the Dockerfile or its context cannot be read: {reason}",
        Location(str(package.path / str(package.dockerfile or ""))),
        "mend its permissions, or correct `dockerfile:`",
    )
