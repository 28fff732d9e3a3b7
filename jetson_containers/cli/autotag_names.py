"""What people call packages: aliases of the catalogue, and the names that are near a wrong one."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from jetson_containers.errors import BuilderError, Problems, UsageError

if TYPE_CHECKING:
    from jetson_containers.image.request import Wanted
    from jetson_containers.package.catalogue import Catalogue
    from jetson_containers.platform.target import Target


def buildable(request: Sequence[Wanted]) -> list[str]:
    """The request as ``build`` takes it: what is built here is in no registry's namespace."""
    return [str(replace(item, namespace="")) for item in request]


class Names:
    """The names of the catalogue for a target; it is loaded for the first question only."""

    def __init__(self, args: argparse.Namespace, target: Target) -> None:
        self._args = args
        self._target = target

    @cached_property
    def _catalogue(self) -> Catalogue | None:
        """``None`` where packages cannot be loaded: images can be found without."""
        from jetson_containers.cli.context import Context

        try:
            return Context.of(self._args).catalogue_for(self._target)
        except UsageError:
            raise
        except BuilderError:
            return None

    def resolved(self, request: Sequence[Wanted]) -> tuple[Wanted, ...]:
        """The request with every alias replaced by the name of its package."""
        return tuple(replace(item, name=self._real(item.name)) for item in request)

    def _is_own(self, name: str) -> bool:
        """Whether the project's own tree has a folder of that name, and no other tree counts.

        There folders are named after their packages, so that nothing has to be loaded to know
        that it is no alias: start-up time is part of the interface.
        """
        from jetson_containers.cli.context import Context

        if self._args.package_dirs or not re.fullmatch(r"[\w.+-]+", name):
            return False
        own = Context.of(self._args).own_packages
        return any(
            next(own.glob(f"{depth}/{name}/Dockerfile"), None) is not None
            for depth in ("*", "*/*")
        )

    def _real(self, name: str) -> str:
        if self._is_own(name):
            return name
        found = self._catalogue.default(name) if self._catalogue else None
        return found.name if found else name

    def defines(self, name: str) -> bool:
        """Whether there is a package of that name or alias for the target."""
        return self._catalogue is not None and bool(self._catalogue.versions(name))

    def obstacle(self, request: Sequence[Wanted]) -> str:
        """Why no build can give the request on the target; empty where one may."""
        from jetson_containers.package.grammar import parse_requirement
        from jetson_containers.resolve.resolver import resolve

        if self._catalogue is None:
            return ""
        try:
            resolve(self._catalogue, [parse_requirement(word) for word in buildable(request)])
        except BuilderError as error:
            first = error.errors[0] if isinstance(error, Problems) else error
            return f"{first.what}; {first.hint}" if first.hint else first.what
        return ""

    def near(self, name: str) -> list[str]:
        """The nearest names to one that is unknown; none for a known one."""
        if self._is_own(name) or self._catalogue is None or self.defines(name):
            return []
        import difflib

        names = {*self._catalogue.names(), *self._catalogue.aliases()}
        return difflib.get_close_matches(name, sorted(names), 3)
