"""The catalogues of the project's own tree; read once for each target by all tests together."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.loader import Trees
from jetson_containers.platform.named import named_target

PACKAGES = Path(__file__).resolve().parent.parent / "packages"
_TREES = Trees((PACKAGES,), own_root=PACKAGES)


@cache
def catalogue(target: str) -> Catalogue:
    """Of a named target."""
    return _TREES.catalogue(named_target(target))
