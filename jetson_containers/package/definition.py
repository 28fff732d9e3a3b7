"""What a directory gives on a target: its packages, those that are not for it, what is wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jetson_containers.errors import DefinitionError, Location
from jetson_containers.package.evaluated import Evaluated
from jetson_containers.package.findings import Finding, Refusal, Severity, unknown_key
from jetson_containers.package.grammar import is_reference, matches_target
from jetson_containers.package.keys import KEYS
from jetson_containers.package.model import Package
from jetson_containers.package.places import Places
from jetson_containers.package.scan import Directory
from jetson_containers.package.snapshot import Look
from jetson_containers.package.values import package_of
from jetson_containers.platform.target import Target

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
    package = package_of(data, directory, evaluated, places)

    def find(code: str, message: str, severity: Severity, where: Location, hint: str) -> None:
        loaded.findings.append(
            Finding(target.name, package.reference, code, message, severity, where, hint)
        )

    def is_file(name: str) -> bool:
        path = os.path.normpath(f"{package.path}/{name}" if name[:1] != "/" else name)
        loaded.seen["stat", path] = None
        return os.path.isfile(path)  # noqa: PTH113 - thousands of texts

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
