"""What is asked for: words, wildcards and what is skipped, as one request for each image."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

from jetson_containers.errors import BuilderError, UsageError, raise_all
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Requirement
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.resolver import resolve


def resolutions_for(
    catalogue: Catalogue, words: Sequence[str], skip: Sequence[str], multiple: bool
) -> tuple[Resolution, ...]:
    """One resolution for all words, or one each; every faulty word is reported."""
    requirements: list[Requirement] = []
    errors: list[BuilderError] = []
    for word in words:
        try:
            requirements += _expand(catalogue, word)
        except BuilderError as error:
            errors.append(error)
    raise_all(errors)
    kept = [item for item in requirements if not _skipped(str(item), skip)]
    if not kept:
        raise UsageError("every package that was named is skipped", hint="see --skip-packages")
    if not multiple:
        return (resolve(catalogue, kept),)
    found: list[Resolution] = []
    for item in kept:
        try:
            found.append(resolve(catalogue, (item,)))
        except BuilderError as error:
            errors.append(error)
    raise_all(errors)
    return tuple(found)


def _expand(catalogue: Catalogue, word: str) -> list[Requirement]:
    """A wildcard stands for every package (by reference or default name) that it matches."""
    if not any(sign in word for sign in "*?["):
        return [parse_requirement(word)]
    names = fnmatch.filter(catalogue.names(), word)
    exact = [
        package.reference
        for package in catalogue.packages
        if fnmatch.fnmatchcase(package.reference, word) and package.name not in names
    ]
    if not names and not exact:
        raise UsageError(
            f"no package matches {word} on {catalogue.target.name}",
            hint="`jetson-containers list` shows the packages",
        )
    return [parse_requirement(item) for item in (*names, *exact)]


def _skipped(reference: str, skip: Sequence[str]) -> bool:
    name = reference.partition(":")[0]
    return any(
        fnmatch.fnmatchcase(reference, item) or fnmatch.fnmatchcase(name, item) for item in skip
    )
