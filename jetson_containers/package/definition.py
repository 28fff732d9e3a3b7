"""From plain mappings to packages: every value checked, every requirement with its place."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jetson_containers.errors import DefinitionError, Location
from jetson_containers.package.evaluated import Evaluated
from jetson_containers.package.findings import Finding, Refusal, Severity, unknown_key
from jetson_containers.package.grammar import (
    is_reference,
    matches_target,
    parse_requirement,
    split_reference,
)
from jetson_containers.package.keys import KEYS, strings
from jetson_containers.package.model import Package, Requirement, Source
from jetson_containers.package.places import Places
from jetson_containers.package.scan import Directory
from jetson_containers.package.snapshot import Look
from jetson_containers.platform.target import Target

#: the CDI device meant by ``buildkit_device: true``
ALL_GPUS = "nvidia.com/gpu=all"

#: a test that is a file of the package, not a command line
_TEST_FILE = re.compile(r"\S+\.(?:py|sh)")


@dataclass(slots=True)
class Loaded:
    """The packages of one directory, those that are not for the target, and what is wrong.

    ``seen`` and ``lasting`` are those of the evaluation, with what was looked for here.
    """

    packages: list[Package] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    seen: dict[Look, None] = field(default_factory=dict)
    lasting: bool = True


def load(directory: Directory, evaluated: Evaluated, target: Target, *, strict: bool) -> Loaded:
    """The packages that ``evaluated`` describes. Nothing is run; files are only looked for.

    ``strict`` makes an unknown key an error (this project's own tree).
    """
    loaded = Loaded(
        findings=list(evaluated.findings),
        seen=dict.fromkeys(evaluated.seen),
        lasting=evaluated.lasting,
    )
    places = Places(directory, evaluated)
    for data in evaluated.packages:
        try:
            _load_one(data, directory, evaluated, target, places, loaded, strict)
        except DefinitionError as error:
            name = str(data.get("name", directory.path.name))
            where = error.where or places.directory
            loaded.findings.append(
                Finding(target.name, name, "invalid-value", error.what, "error", where, error.hint)
            )
    if not evaluated.packages and not any(item.severity == "error" for item in loaded.findings):
        _refuse_all(directory, evaluated, target, loaded)
    return loaded


def _refuse_all(
    directory: Directory, evaluated: Evaluated, target: Target, loaded: Loaded
) -> None:
    """Remember a directory whose code defines nothing for the target, under its own name."""
    name = directory.path.name
    if not evaluated.executed or not is_reference(name):
        return
    code = Path(evaluated.executed)
    reason = f"its {code.name} defines nothing for {described(target)}"
    package = Package(name, None, directory.root, directory.path, Location(str(code)))
    loaded.refused.append(Refusal(package, (reason,)))


def _load_one(
    data: Mapping[str, Any],
    directory: Directory,
    evaluated: Evaluated,
    target: Target,
    places: Places,
    loaded: Loaded,
    strict: bool,
) -> None:
    package = _package(data, directory, evaluated, places)

    def find(code: str, message: str, severity: Severity, where: Location, hint: str) -> None:
        loaded.findings.append(
            Finding(target.name, package.reference, code, message, severity, where, hint)
        )

    def is_file(name: str) -> bool:
        path = Path(os.path.normpath(package.path / name))
        loaded.seen["stat", str(path)] = None
        return path.is_file()

    for key in data:
        if key not in KEYS and not isinstance(data[key], dict):
            loaded.findings.append(
                unknown_key(target.name, package.reference, key, places.of_key(key), strict=strict)
            )
    reasons = _reasons(package, data, target, places)
    if reasons:
        loaded.refused.append(Refusal(package, reasons))
        return
    loaded.packages.append(package)
    for question in evaluated.asked:
        find(
            "unpinned",
            f"the version comes from the network ({question}), and no lock records it",
            "info",
            package.location,
            "write the version down, or record it with 'jetson-containers lock'",
        )
    if package.dockerfile and not is_file(package.dockerfile):
        find(
            "missing-dockerfile",
            f"the Dockerfile {package.dockerfile} does not exist",
            "error",
            places.of(package.dockerfile, "dockerfile"),
            f"add it to {package.path}, or correct the key 'dockerfile'",
        )
    for test in package.tests:
        if _TEST_FILE.fullmatch(test) and not is_file(test):
            find(
                "missing-test",
                f"the test {test} does not exist",
                "warning",
                places.of(test, "test"),
                f"add it to {package.path}, or correct the key 'test'",
            )


def _reasons(
    package: Package, data: Mapping[str, Any], target: Target, places: Places
) -> tuple[str, ...]:
    reasons = _disabled(data.get("disabled"), target, places)
    for text in package.requires:
        try:
            verdict = matches_target(text, target)
        except DefinitionError as error:
            error.where = places.of(text, "requires")
            raise
        if not verdict:
            reasons.append(verdict.reason)
    return tuple(reasons)


def _disabled(value: object, target: Target, places: Places) -> list[str]:
    """Why a definition switches itself off: in its own words, or where it says so."""
    if not value or str(value).lower() in ("false", "no", "0"):
        return []
    if isinstance(value, str) and value.lower() not in ("true", "yes", "1"):
        return [value.strip()]
    place = places.of_key("disabled")
    file = Path(place.path)
    words = f"{file.parent.name}/{file.name}" + (f":{place.line}" if place.line else "")
    return [f"its definition is disabled for {described(target)} ({words})"]


def described(target: Target) -> str:
    """What a definition can know of a target, in few words: ``L4T 36.4.3, CUDA 12.6``."""
    first = f"L4T {target.l4t}" if target.l4t else target.system
    return f"{first}, CUDA {target.cuda}"


def _package(
    data: Mapping[str, Any], directory: Directory, evaluated: Evaluated, places: Places
) -> Package:
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
        found.append(Source(kind, str(item[kind]), version, str(item.get("index", ""))))
    return tuple(found)


_SOURCE_KINDS: Mapping[str, Sequence[str]] = {
    "git": ("ref",),
    "url": ("sha256",),
    "pypi": ("version", "index"),
}
