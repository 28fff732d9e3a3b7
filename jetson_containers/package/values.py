"""One mapping of a definition as a package: every value checked, each fault with its place."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jetson_containers.errors import DefinitionError
from jetson_containers.package.evaluated import Evaluated
from jetson_containers.package.grammar import is_reference, parse_requirement, split_reference
from jetson_containers.package.keys import strings
from jetson_containers.package.model import Package, Requirement, Source
from jetson_containers.package.places import Places
from jetson_containers.package.scan import Directory
from jetson_containers.platform.cdi import ALL_GPUS

#: kinds of source, each with the keys beside it: the first says the version
_SOURCE_KINDS: Mapping[str, Sequence[str]] = {
    "git": ("ref",),
    "url": ("sha256",),
    "pypi": ("version", "index"),
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def package_of(
    data: Mapping[str, Any], directory: Directory, evaluated: Evaluated, places: Places
) -> Package:
    """The package that ``data`` describes. Raises :class:`DefinitionError`."""
    reference = str(data.get("name") or directory.path.name)
    location = places.of_package(reference)
    if not is_reference(reference):
        raise DefinitionError(
            f"{reference!r} is not a package name",
            where=location,
            hint="letters, digits, '.', '_', '-' and '+', then perhaps ':version'",
        )
    name, version = split_reference(reference)
    aliases = tuple(dict.fromkeys(strings(data.get("alias"))))
    for alias in aliases:
        if not is_reference(alias):
            raise DefinitionError(
                f"{alias!r} is not an alias",
                where=places.of(alias, "alias"),
                hint="an alias is name or name:version",
            )
    return Package(
        name=name,
        version=version,
        root=directory.root,
        path=directory.path,
        location=location,
        group=str(data.get("group") or ""),
        aliases=aliases,
        is_default=name in aliases or not version,
        depends=_requirements(data, "depends", places),
        requires=tuple(strings(data.get("requires"))),
        conflicts=_requirements(data, "conflicts", places),
        dockerfile=_dockerfile(data, directory, places),
        build_args=_build_args(data, places),
        build_flags=tuple(
            word for text in strings(data.get("build_flags")) for word in text.split()
        ),
        buildkit_device=_device(data.get("buildkit_device")),
        tests=tuple(strings(data.get("test"))),
        test_timeout=_test_timeout(data, places),
        heavy=_heavy(data, places),
        docs=str(data.get("docs") or ""),
        notes=str(data.get("notes") or ""),
        prefix=str(data.get("prefix") or ""),
        postfix=str(data.get("postfix") or ""),
        secrets=tuple(strings(data.get("secrets"))),
        sources=_sources(data, places),
        runtime=_mapping(data, "runtime", places),
        unpinned=evaluated.asked,
        generated=tuple(sorted(evaluated.generated.items())),
    )


def _heavy(data: Mapping[str, Any], places: Places) -> bool:
    value = data.get("heavy") or False
    if not isinstance(value, bool):
        raise DefinitionError(
            f"heavy is {value!r}", where=places.of_key("heavy"), hint="write 'heavy: true'"
        )
    return value


def _test_timeout(data: Mapping[str, Any], places: Places) -> int | None:
    value = data.get("test_timeout")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DefinitionError(
            f"test_timeout is {value!r}",
            where=places.of_key("test_timeout"),
            hint="write whole seconds, 'test_timeout: 1800'",
        )
    return value


def _requirements(data: Mapping[str, Any], key: str, places: Places) -> tuple[Requirement, ...]:
    value = data.get(key)
    for item in value if isinstance(value, list) else (value,):
        if isinstance(item, Mapping):
            first = str(next(iter(item), ""))
            raise DefinitionError(
                f"{key} holds the mapping {dict(item)!r} where a package is meant",
                where=places.of_key(first),
                hint=f"write {first!r} as a key beside {key!r}, or drop the colon",
            )
    wishes = (parse_requirement(text, places.of(text, key)) for text in strings(value))
    return tuple(dict.fromkeys(wishes))


def _dockerfile(data: Mapping[str, Any], directory: Directory, places: Places) -> str | None:
    """The Dockerfile relative to the package's directory, from a relative or absolute name.

    It may belong to another package of the same tree, never to the rest of the machine.
    """
    name = str(data.get("dockerfile") or "")
    if not name:
        return None
    path = os.path.normpath(directory.path / name)
    if not any(Path(path).is_relative_to(root) for root in (directory.root, directory.imports)):
        raise DefinitionError(
            f"the Dockerfile {name!r} lies outside the tree {directory.root}",
            where=places.of(name, "dockerfile"),
            hint="name a file below the package's own directory",
        )
    return os.path.relpath(path, directory.path)


def _build_args(data: Mapping[str, Any], places: Places) -> tuple[tuple[str, str], ...]:
    values = _mapping(data, "build_args", places)
    return tuple((key, str(value)) for key, value in values.items())


def _mapping(data: Mapping[str, Any], key: str, places: Places) -> dict[str, Any]:
    value = data.get(key) or {}
    if not isinstance(value, dict):
        raise DefinitionError(
            f"{key} is not a mapping",
            where=places.of_key(key),
            hint=f"write '{key}: {{NAME: value}}'",
        )
    return value


def _device(value: object) -> str | None:
    if isinstance(value, bool):
        return ALL_GPUS if value else None
    return str(value) if value else None


def _sources(data: Mapping[str, Any], places: Places) -> tuple[Source, ...]:
    """``{git: url, ref: ...}``, ``{url: ..., sha256: ...}`` or ``{pypi: name, version: ...}``."""
    found = []
    for item in data.get("sources") or ():
        kinds = [kind for kind in _SOURCE_KINDS if isinstance(item, dict) and kind in item]
        if len(kinds) != 1 or not set(item) <= {kinds[0], *_SOURCE_KINDS[kinds[0]]}:
            raise DefinitionError(
                f"{item!r} is not a source",
                where=places.of_key("sources"),
                hint="write {git: URL, ref: TAG}, {url: URL, sha256: SUM} or "
                "{pypi: NAME, version: VERSION, index: URL}",
            )
        [kind] = kinds
        version = str(item.get(_SOURCE_KINDS[kind][0], ""))
        if kind == "url":
            version = _sha256(item.get("sha256"), places)
        found.append(Source(kind, str(item[kind]), version, str(item.get("index", ""))))
    return tuple(found)


def _sha256(value: object, places: Places) -> str:
    """The checksum of a source in small letters, empty where none is stated."""
    if value is None or value == "":
        return ""
    text = str(value).lower()
    if not _SHA256.fullmatch(text):
        raise DefinitionError(
            f"sha256 is {value!r}, which is not a sha256",
            where=places.of(str(value), "sha256"),
            hint="write its 64 hexadecimal digits, in quotes, or leave the key out",
        )
    return text
