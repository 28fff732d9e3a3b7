"""Where the texts of a definition stand, so that an error can name file and line."""

from __future__ import annotations

import re
from pathlib import Path

from jetson_containers.errors import Location
from jetson_containers.package.evaluated import Evaluated
from jetson_containers.package.scan import Directory


class Places:
    """Where the texts of a directory's definition stand: best known file and line."""

    def __init__(self, directory: Directory, evaluated: Evaluated) -> None:
        self._lines = evaluated.lines
        self._inputs = [Path(name) for name in evaluated.inputs]
        self._sources: dict[Path, str] = {}
        first = self._inputs[0] if self._inputs else directory.path
        self.directory = Location(str(first))
        self._known: dict[str, Location] = {}

    def of_key(self, key: str) -> Location:
        """The place of a key: in YAML, else its literal in Python."""
        return self._in_yaml(f"{key}:") or self._literal(key) or self._config()

    def of(self, text: str, key: str) -> Location:
        """The place of ``text`` under ``key``: in YAML, else its literal in Python, else the key.

        The line is 0 when only the file is known.
        """
        wanted = f"{key}:{text}"
        if wanted not in self._known:
            self._known[wanted] = (
                self._in_yaml(wanted)
                or self._literal(text)
                or self._in_yaml(f"{key}:")
                or self._config()
            )
        return self._known[wanted]

    def of_package(self, reference: str) -> Location:
        """Where a package is named: in full, by its version, by its name."""
        name, _, version = reference.partition(":")
        return (
            self._in_yaml(f"name:{reference}")
            or self._in_yaml(f"{reference}:")
            or self._literal(reference)
            or (self._literal(version) if version else None)
            or self._literal(f"{name}:", opening_only=True)
            or self._in_yaml("name:")
            or self._config()
        )

    def _in_yaml(self, key: str) -> Location | None:
        place = self._lines.get(key)
        return Location(*place) if place else None

    def _literal(self, text: str, *, opening_only: bool = False) -> Location | None:
        """The first line, outside a comment, where Python source has ``text`` in quotes."""
        end = "" if opening_only else "['\"]"
        pattern = re.compile(rf"^[^#\n]*['\"]{re.escape(text)}{end}", re.MULTILINE)
        for path in self._inputs:
            if path.suffix == ".py":
                found = pattern.search(self._source(path))
                if found:
                    line = self._source(path).count("\n", 0, found.end()) + 1
                    return Location(str(path), line)
        return None

    def _source(self, path: Path) -> str:
        if path not in self._sources:
            try:
                self._sources[path] = path.read_text("utf-8", errors="replace")
            except OSError:
                self._sources[path] = ""
        return self._sources[path]

    def _config(self) -> Location:
        configs = [path for path in self._inputs if path.name == "config.py"]
        return Location(str(configs[0])) if configs else self.directory
