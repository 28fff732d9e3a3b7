"""Rules about one package on one target, whatever it stands on."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from jetson_containers.check import secrets
from jetson_containers.check.model import Fault
from jetson_containers.check.recipe import PREDEFINED, Recipe
from jetson_containers.errors import Location
from jetson_containers.image.reference import Reference, parse_reference
from jetson_containers.image.tag import TagError, tag_for
from jetson_containers.package.model import Package
from jetson_containers.plan.naming import MAX_NAME
from jetson_containers.plan.request import ALL
from jetson_containers.platform.target import Target

#: path components of an image's name (github.com/distribution/reference, ``regexp.go``)
_NAME = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")


def build_arguments(package: Package, recipe: Recipe) -> Iterator[Fault]:
    """What is passed and not declared, and what looks like a secret."""
    declared = set(recipe.facts.args)
    for name, value in package.build_args:
        if name not in declared and name not in PREDEFINED and not name.startswith("BUILDKIT_"):
            yield Fault(
                "undeclared-build-arg",
                f"the build argument {name} is passed, and the Dockerfile does not declare it",
                package.location,
                f"add `ARG {name}` to {recipe.path}, or do not pass it",
            )
        if secrets.has_token(value):
            yield Fault(
                "secret-in-image",
                f"the build argument {name} holds a token or password",
                package.location,
                "revoke it; list it under `secrets:` and mount it in the step that needs it",
            )


def named_files(package: Package, recipe: Recipe | None) -> Iterator[Path]:
    """Every file whose absence is a fault of :func:`files` or :func:`sources`."""
    for test in package.tests:
        yield from (package.path / word for word in test.split()[:1])
    texts = (package.docs, package.notes)
    yield from (package.path / text for text in texts if _is_file_name(text))
    if recipe:
        yield from (package.path / _in_context(name) for name, _ in recipe.sources)


def files(package: Package) -> Iterator[Fault]:
    """Tests with arguments and Markdown files that do not exist.

    Tests without arguments are the loader's.
    """
    for test in package.tests:
        first, *rest = test.split() or [""]
        if rest and first.endswith((".py", ".sh")) and not (package.path / first).is_file():
            yield Fault(
                "missing-test",
                f"the test {first} does not exist",
                package.location,
                f"add it to {package.path}, or correct the key 'test'",
            )
    for key, text in (("docs", package.docs), ("notes", package.notes)):
        if _is_file_name(text) and not (package.path / text).is_file():
            yield Fault(
                "missing-docs",
                f"the file {text} of the key '{key}' does not exist",
                package.location,
                f"add it to {package.path}, or correct the key '{key}'",
            )


def _in_context(name: str) -> str:
    """A path of ``COPY`` below the context, which ``..`` cannot leave."""
    return posixpath.normpath(f"/{name.strip()}").lstrip("/")


def _is_file_name(text: str) -> bool:
    return text.endswith(".md") and "://" not in text and len(text.split()) == 1


def reference(package: Package, target: Target) -> Iterator[Fault]:
    """Whether the image of the package can be named, and the name reads back as it was written.

    Of the tag alone :func:`tag_for` makes sure.
    """
    if ALL in (package.name, *package.aliases):
        yield Fault(
            "reserved-name",
            f"the word {ALL} means every package, and with a package of that name only this one",
            package.location,
            "give it another name",
        )
    if not _NAME.fullmatch(package.name):
        yield Fault(
            "untaggable",
            f"{package.name} is no name that an image can have",
            package.location,
            "lower-case letters and digits, with '.', '_' or '-' between them",
        )
        return
    if len(package.name) > MAX_NAME:
        yield Fault(
            "untaggable",
            f"its name has {len(package.name)} characters, that of an image at most {MAX_NAME}",
            package.location,
            "rename the package",
        )
        return
    try:
        tag = tag_for(target, package.version, prefix=package.prefix, postfix=package.postfix)
    except TagError as error:
        yield Fault("untaggable", error.what, package.location, error.hint)
        return
    written = Reference(package.name, tag)
    if parse_reference(str(written)) != written:
        yield Fault(
            "untaggable",
            f"the image's name {written} does not read back as what it was made of",
            package.location,
            "rename the package",
        )


def sources(package: Package, recipe: Recipe) -> Iterator[Fault]:
    """Files that the Dockerfile copies by name and that its context does not have.

    A directory of which ``.dockerignore`` takes something back is there.
    """
    generated = {path for path, _ in package.generated}
    for name, line in recipe.sources:
        plain = _in_context(name)
        if not plain or plain in generated:
            continue
        path = package.path / plain
        if not path.exists():
            yield Fault(
                "missing-source",
                f"the Dockerfile takes {name}, which is not there",
                Location(recipe.path, line),
                f"add it to {package.path}",
            )
        elif recipe.ignore.leaves_out(plain) and not (recipe.ignore.keeps_some and path.is_dir()):
            yield Fault(
                "missing-source",
                f"the Dockerfile takes {name}, which .dockerignore leaves out",
                Location(recipe.path, line),
                f"take it back in .dockerignore: `!{plain}`",
            )
