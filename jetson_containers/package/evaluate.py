"""One directory evaluated for one target: header, then config files, to plain mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jetson_containers.errors import DefinitionError, Location
from jetson_containers.package import modules
from jetson_containers.package.config_files import read_config_file
from jetson_containers.package.evaluated import Evaluated, Settings
from jetson_containers.package.failure import TimeUp, in_words, place_of, remedy
from jetson_containers.package.findings import Finding, one_line, unknown_key
from jetson_containers.package.header import Document, read_header
from jetson_containers.package.keys import (
    DEFAULT_REQUIRES,
    KEYS,
    as_lists,
    is_definition,
    looks_like_definition,
    plain,
    strings,
)
from jetson_containers.package.names import Evaluation, evaluating
from jetson_containers.package.reads import NotedTarget
from jetson_containers.package.scan import NAMES, SUFFIXES, Directory
from jetson_containers.package.snapshot import Look
from jetson_containers.platform.target import Target


class NeedsGuard(Exception):
    """The definition has code, which runs in a guarded process only."""


def evaluate(
    directory: Directory, target: Target, settings: Settings, *, guarded: bool = False
) -> Evaluated:
    """What ``directory`` defines for ``target``. Whatever is wrong becomes a finding.

    Code runs in the calling process, so only with ``guarded`` (see
    :mod:`jetson_containers.package.worker`); without it, code raises :class:`NeedsGuard`.
    """
    return _Work(directory, target, settings, guarded).run()


class _Work:
    """The state of one evaluation: the definition so far, and what was seen on the way."""

    def __init__(
        self, directory: Directory, target: Target, settings: Settings, guarded: bool
    ) -> None:
        self.directory = directory
        self.target = target
        self.settings = settings
        self.guarded = guarded
        self.strict = settings.is_strict(directory.path)
        self.lines: dict[str, tuple[str, int]] = {}
        self.findings: list[Finding] = []
        self.inputs: dict[str, None] = {}
        self.seen: dict[Look, None] = {}
        self.lasting = True
        self.executed: Path | None = None
        self.reads: dict[str, None] = {}
        self.evaluation = Evaluation(
            NotedTarget.of(target, self.reads),
            settings.environment,
            settings.answers,
            directory.path,
        )

    def run(self) -> Evaluated:
        packages: tuple[dict[str, Any], ...] = ()
        try:
            packages = tuple(self._packages())
        except DefinitionError as error:
            self._error("unreadable-definition", error)
        except BaseException as error:
            if not self.executed:
                raise
            self._error("unreadable-definition", self._failed(self.executed, error))
        return Evaluated(
            packages,
            self.lines,
            tuple(self.findings),
            tuple(self.inputs),
            tuple(self.seen),
            tuple(self.evaluation.asked),
            dict(self.evaluation.generated),
            str(self.executed or ""),
            self.lasting,
            tuple(sorted(self.reads)),
        )

    def _packages(self) -> list[dict[str, Any]]:
        directory = self.directory
        package: Any = {
            "path": str(directory.path),
            "name": directory.path.name,
            "requires": DEFAULT_REQUIRES,
            "postfix": "",
            "config": [],
            "test": list(directory.tests),
        }
        found = self._found_config_files()
        if directory.dockerfile:
            package["dockerfile"] = directory.dockerfile
        elif not found:
            return []
        package["config"] = list(found)
        if directory.dockerfile:
            self._apply_header(package, directory.dockerfile)
        for name in strings(package["config"]):
            if not isinstance(package, dict):
                raise DefinitionError(
                    f"{name} cannot be applied after a config.py that defines several packages",
                    where=Location(str(directory.path / name)),
                )
            self._must_exist(name)
            if name.endswith(".py"):
                package = self._execute(name, package)
                if package is None:
                    return []
            else:
                self._apply_file(package, name, found.get(name))
        return [plain(item) for item in flattened(package)]

    def _found_config_files(self) -> dict[str, Document | None]:
        found: dict[str, Document | None] = {}
        for name in self.directory.data_files:
            document = self._read_config_file(name, named=name in NAMES)
            if document:
                found[name] = document
        if self.directory.has_config_py and not self._is_foreign(found):
            found["config.py"] = None
        return found

    def _is_foreign(self, found: Mapping[str, Document | None]) -> bool:
        """Whether ``config.py`` is a part of what the package above it contains.

        An application may keep its own settings in a file of that name: it lies inside a package,
        alone, and speaks of neither packages nor this program. It is not run.
        """
        if found or self.directory.dockerfile or not self.directory.inside:
            return False
        path = self.directory.path / "config.py"
        self.seen["read", str(path)] = None
        try:
            source = modules.source(path)
        except (OSError, DefinitionError):
            return False
        return b"package" not in source and b"jetson_containers" not in source

    def _read_config_file(self, name: str, *, named: bool) -> Document | None:
        path = self.directory.path / name
        self.seen["read", str(path)] = None
        if named:
            self.inputs[str(path)] = None
        try:
            document = read_config_file(path, named=named)
        except DefinitionError as error:
            self._error("unreadable-config", error)
            return None
        if document:
            self.inputs[str(path)] = None
        return document

    def _must_exist(self, name: str) -> None:
        path = self.directory.path / name
        self.seen["stat", str(path)] = None
        if name.endswith((".py", *SUFFIXES)) and path.is_file():
            return
        place = self.lines.get(f"config:{name}") or self.lines.get("config:")
        raise DefinitionError(
            f"config: names {name}, which is not there",
            where=Location(*place) if place else None,
            hint="name a .py, .yaml, .yml or .json file of the same directory",
        )

    def _apply_header(self, package: dict[str, Any], name: str) -> None:
        path = self.directory.path / name
        self.seen["read", str(path)] = None
        if not path.is_file():
            return  # the loader says so, once the whole definition is known
        self.inputs[str(path)] = None
        try:
            header = read_header(path)
        except DefinitionError as error:
            self._error("unreadable-header", error)
            return
        if header:
            self._note_lines(header, path)
            package.update(as_lists(self._known(header.data, header, path)))

    def _apply_file(self, package: dict[str, Any], name: str, document: Document | None) -> None:
        """Merge a data file: one package's keys, one name with keys, or several names."""
        path = self.directory.path / name
        if document is None:
            document = self._read_config_file(name, named=True)
            if document is None:
                return
        self._note_lines(document, path)
        data = document.data
        if is_definition(data) or looks_like_definition(data):
            self._merge(package, data, document, path)
        elif len(data) == 1:
            [(package["name"], keys)] = data.items()
            self._merge(package, keys, document, path)
        else:
            for key, keys in data.items():
                part = {item: package[item] for item in KEYS if item in package}
                self._merge(part, keys, document, path)
                package[key] = part | {"name": key}

    def _merge(
        self, package: dict[str, Any], keys: Mapping[str, Any], document: Document, path: Path
    ) -> None:
        known = as_lists(self._known(keys, document, path))
        package.update(known)
        if known.get("dockerfile"):
            self._apply_header(package, str(known["dockerfile"]))

    def _known(self, data: Mapping[str, Any], document: Document, path: Path) -> dict[str, Any]:
        for key in data:
            if key not in KEYS:
                where = Location(str(path), document.lines.get(f"{key}:", 0))
                self.findings.append(
                    unknown_key(
                        self.target.name,
                        self.directory.path.name,
                        str(key),
                        where,
                        strict=self.strict,
                    )
                )
        return {key: value for key, value in data.items() if key in KEYS}

    def _note_lines(self, document: Document, path: Path) -> None:
        for key, line in document.lines.items():
            self.lines.setdefault(key, (str(path), line))

    def _execute(self, name: str, package: dict[str, Any]) -> Any:
        if not self.guarded:
            raise NeedsGuard
        path = self.directory.path / name
        self.inputs[str(path)] = None
        self.seen["read", str(path)] = None
        self.executed = path
        roots = (self.directory.imports, *self.settings.roots)
        with evaluating(self.evaluation), modules.importable(roots) as read:
            try:
                variables = {"package": package, "target": self.evaluation.target}
                return modules.execute(path, self.directory.imports, variables)["package"]
            except BaseException as error:  # whatever it raises is its own
                raise self._failed(path, error) from None
            finally:
                self.inputs.update(dict.fromkeys(str(item) for item in read))

    def _failed(self, path: Path, error: BaseException) -> DefinitionError:
        """What a file did wrong; running out of time or memory may go better another time."""
        self.lasting = not isinstance(error, (TimeUp, MemoryError))
        if isinstance(error, DefinitionError) and error.where:
            return error
        roots = (self.directory.imports, *self.settings.roots)
        place = place_of(error, roots) or Location(str(path))
        return DefinitionError(
            f"{path.name} {in_words(error)}", where=place, hint=remedy(error)
        )

    def _error(self, code: str, error: DefinitionError) -> None:
        where = error.where or Location(str(self.directory.path))
        name = self.directory.path.name
        what = one_line(error.what)
        self.findings.append(
            Finding(self.target.name, name, code, what, "error", where, error.hint)
        )


def flattened(value: object) -> Iterator[dict[str, Any]]:
    """The packages in what a ``config.py`` left behind.

    A mapping with a name in it is a package, unless it maps other names to packages: then it is
    those. Lists and tuples may nest; anything else defines nothing.
    """
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from flattened(item)
    elif isinstance(value, dict):
        inner = [
            dict(item) | {"name": key}
            for key, item in value.items()
            if key not in KEYS and item and is_definition(item)
        ]
        yield from inner or ([value] if "name" in value else flattened(list(value.values())))
