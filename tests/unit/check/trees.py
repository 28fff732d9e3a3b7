"""Small trees of packages, checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jetson_containers.check.model import TargetReport
from jetson_containers.check.reader import Reader
from jetson_containers.check.target import check_target
from jetson_containers.package.loader import load_catalogue
from jetson_containers.platform.named import named_target

#: a Dockerfile with nothing wrong
GOOD = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n"


def write(tree: Path, files: Mapping[str, str]) -> Path:
    """The files below ``tree``."""
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


def check(
    tree: Path,
    files: Mapping[str, str],
    target: str = "x86-cu130",
    *,
    own: bool = False,
    notes: bool = True,
    patterns: tuple[str, ...] = (),
) -> TargetReport:
    """Write the files and check the tree, as this project's ``own`` or as a foreign one."""
    root = write(tree, files) if own else None
    catalogue = load_catalogue(named_target(target), [write(tree, files)], own_root=root)
    return check_target(catalogue, Reader(), own_root=root, notes=notes, patterns=patterns)
