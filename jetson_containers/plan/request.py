"""What is asked for: from words and wildcards to one request for each image."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from jetson_containers.errors import BuilderError, UsageError, raise_all
from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Package, Requirement
from jetson_containers.plan.skip import Skipped, matcher

#: what the packages of one image have to satisfy
Request: TypeAlias = tuple[Requirement, ...]

#: the word for every package, unless one has that name
ALL = "all"


def requests_for(
    skipped: Skipped,
    words: Sequence[str],
    *,
    multiple: bool = False,
    on_fault: Callable[[BuilderError], None] | None = None,
) -> tuple[Request, ...]:
    """One request of all words, or, ``multiple``, one for each package; equal ones once.

    In one image a wildcard stands for the default version of each name that it matches; with
    ``multiple`` for every version that it matches. Names and versions that are skipped are left
    out, also those asked for in full. What is wrong with the words is raised together, or, with
    ``on_fault``, told to it, and costs only the word.
    """
    if not words:
        raise UsageError(
            "no package was named", hint="`jetson-containers list` shows the packages"
        )
    found: list[Requirement] = []
    errors: list[BuilderError] = []
    for word in words:
        try:
            found += _expand(skipped, word.strip(), multiple)
        except BuilderError as error:
            errors.append(error)
            if on_fault is not None:
                on_fault(error)
    if on_fault is None or len(errors) == len(words):
        raise_all(errors)
    wanted = tuple(dict.fromkeys(item for item in found if not skipped.drops(item)))
    if not wanted:
        raise UsageError("every package that was named is skipped", hint="see --skip-packages")
    return tuple((item,) for item in wanted) if multiple else (wanted,)


def _expand(skipped: Skipped, word: str, multiple: bool) -> list[Requirement]:
    """The requirements that a word stands for; none if all that it matches is skipped."""
    catalogue = skipped.original
    pattern = "*" if word == ALL and not catalogue.versions(ALL) else word
    if not any(sign in pattern for sign in "*?["):
        return [parse_requirement(word)]
    meant = matcher(pattern)
    matched = [package for package in catalogue.packages if meant(package)]
    if not matched:
        near = nearest_to(catalogue, pattern)
        raise UsageError(
            f"no package matches {word} on {catalogue.target.name}",
            hint=near or "`jetson-containers list` shows the packages",
        )
    asked = {package.reference for package in matched}
    matched = [package for package in skipped.catalogue.packages if package.reference in asked]
    if multiple:
        # what only collects, and nothing at that, makes no image
        return [_exactly(item) for item in matched if item.dockerfile or item.depends]
    groups: dict[str, list[Package]] = {}
    for package in matched:
        groups.setdefault(package.name, []).append(package)
    return [_one_of(word, group) for _, group in sorted(groups.items())]


def _exactly(package: Package) -> Requirement:
    return Requirement(package.name, exact=package.version)


def _one_of(word: str, group: Sequence[Package]) -> Requirement:
    """The requirement for one name in one image, of those versions that a wildcard matches."""
    if len(group) == 1 and not group[0].is_default:
        return _exactly(group[0])
    if any(package.is_default for package in group) and (len(group) == 1 or ":" not in word):
        return Requirement(group[0].name)
    versions = ", ".join(sorted(package.reference for package in group))
    raise UsageError(
        f"{word} matches several versions of {group[0].name}: {versions}",
        hint="one version stands in an image: name it, or build one image each with --multiple",
    )


def nearest_to(catalogue: Catalogue, pattern: str) -> str:
    """A question about known names that look like a pattern that matches nothing, or no text."""
    near = catalogue.nearest(re.split(r"[<>=!~]", pattern)[0].strip("*?[]"))
    return f"did you mean {', '.join(near)}?" if near else ""
