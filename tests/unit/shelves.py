"""Small catalogues written as text, for tests of resolving and planning."""

from __future__ import annotations

from pathlib import Path

from jetson_containers.errors import Location
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Package
from jetson_containers.platform.named import named_target

X86 = named_target("x86-cu130")


def package(line: str, root: Path = Path("/tree"), number: int = 1, **more: object) -> Package:
    """``name[:version][*] [!conflict ...] [need ...]``; the star marks the default version."""
    head, *words = line.split()
    name, _, version = head.rstrip("*").partition(":")
    place = Location(f"{root}/{name}/Dockerfile", number)
    values: dict[str, object] = {
        "name": name,
        "version": version or None,
        "root": root,
        "path": root / name,
        "location": place,
        "is_default": head.endswith("*") or not version,
        "depends": tuple(
            parse_requirement(word, place) for word in words if not word.startswith("!")
        ),
        "conflicts": tuple(
            parse_requirement(word[1:], place) for word in words if word.startswith("!")
        ),
        "dockerfile": "Dockerfile",
    }
    return Package(**{**values, **more})  # type: ignore[arg-type]


def catalogue(*lines: str) -> Catalogue:
    """A catalogue of packages written one a line."""
    packages = tuple(package(line, number=number) for number, line in enumerate(lines, 1))
    return Catalogue(target=X86, packages=packages)
