"""Where the texts of a definition stand, so that an error can name file and line."""

from __future__ import annotations

from pathlib import Path

from jetson_containers.errors import Location
from jetson_containers.package.evaluated import Evaluated
from jetson_containers.package.scan import Directory

#: an empty text is in none, so that the end of a file is no quote
_QUOTES = frozenset(("'", '"'))


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
        for path in self._inputs:
            if path.suffix == ".py":
                line = _quoted(text, self._source(path), opening_only)
                if line:
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


def _quoted(text: str, source: str, opening_only: bool) -> int:
    """The line of the first ``text`` in quotes with no ``#`` before it, 0 if there is none."""
    at = source.find(text, 1)
    while at > 0:
        end = at + len(text)
        if source[at - 1] in _QUOTES and (opening_only or source[end : end + 1] in _QUOTES):
            start = source.rfind("\n", 0, at) + 1
            if "#" not in source[start : at - 1]:
                return source.count("\n", 0, end) + 1
        at = source.find(text, at + 1)
    return 0
