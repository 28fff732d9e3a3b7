"""Rules about the chain that a package stands on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jetson_containers.check.downloads import unpinned_image
from jetson_containers.check.model import Fault
from jetson_containers.check.recipe import Recipe
from jetson_containers.errors import BuilderError, Location
from jetson_containers.package.model import Package
from jetson_containers.plan.model import MAX_LAYERS
from jetson_containers.resolve.explain import CycleError, MissingPackage, Unresolvable
from jetson_containers.resolve.model import Because

_OWN = ", another version of itself"


def unresolved(error: BuilderError, package: Package) -> Iterator[Fault]:
    """Why nothing can be built of ``package``: the root cause, the same in all that share it.

    The way from the package to the cause is left out, and so is the target, which a finding has.
    """
    for item in getattr(error, "errors", (error,)):
        if isinstance(item, Unresolvable):
            yield _fault(item, package)
        else:
            yield Fault("unresolvable", item.what, item.where or package.location, item.hint)


def _fault(error: Unresolvable, package: Package) -> Fault:
    where = error.where or package.location
    if isinstance(error, CycleError):
        return Fault("dependency-cycle", error.what, where, error.hint)
    stated = [because for because in error.causes if because.parent]
    if isinstance(error, MissingPackage):
        wanted = error.requirement
        asking = [because for because in stated if because.requirement == wanted]
        asked = _said(asking[0]) if asking else str(wanted)
        what = f"{asked}, and no package for this target satisfies that"
        return Fault("missing-package", what, where, error.hint)
    own = [because for because in stated if _is_own(because)]
    if own:
        what = f"{_said(own[0])}{_OWN}"
        return Fault("version-conflict", what, own[0].requirement.location or where, error.hint)
    names = Counter(because.requirement.name for because in stated)
    contested = sorted(
        (because for because in stated if names[because.requirement.name] > 1), key=_said
    )
    lines = [_said(because) for because in contested or stated]
    place = next((item.requirement.location for item in contested), None) or where
    what = "these cannot hold together: " + "; ".join(lines)
    return Fault("version-conflict", what, place, error.hint)


def may_be_mended(fault: Fault) -> bool:
    """Whether a smaller change than the hint's may be found; a package that asks for another
    version of itself is mended in one way."""
    return fault.code != "version-conflict" or not fault.message.endswith(_OWN)


def _is_own(because: Because) -> bool:
    """Whether a package asks for another version of its own name."""
    parent, wanted = because.parent, because.requirement
    return parent is not None and wanted.name == parent.name and not wanted.accepts(parent.version)


def _said(because: Because) -> str:
    verb = "conflicts with" if because.forbids else "requires"
    parent = because.parent.reference if because.parent else "the request"
    return f"{parent} {verb} {because.requirement}"


def layers(package: Package, count: int) -> Iterator[Fault]:
    """``count`` layers on a base image, which has one at least, are few enough for an engine."""
    if count >= MAX_LAYERS:
        yield Fault(
            "too-many-layers",
            f"its chain adds {count} layers to the base image, engines allow {MAX_LAYERS} in all",
            package.location,
            "join RUN and COPY steps in the packages of the chain",
        )


def unset(recipe: Recipe, package: Package, env: Iterable[frozenset[str]]) -> Iterator[Fault]:
    """Arguments that are used and have no value: no default, nobody passes or sets them.

    ``env`` are the variables that the packages below leave in the image.
    """
    passed = {name for name, _ in package.build_args}
    open_ = [(name, line) for name, line in recipe.required if name not in passed]
    if not open_:
        return
    given = frozenset().union(*env)
    for name, line in open_:
        if name not in given:
            yield Fault(
                "unset-arg",
                f"the argument {name} is used, has no default, and nobody passes it",
                Location(recipe.path, line),
                f"pass it under `build_args:`, or write `ARG {name}=VALUE`",
            )


def contexts(
    recipe: Recipe,
    package: Package,
    before: Sequence[Package],
    known: Mapping[str, Package],
) -> Iterator[Fault]:
    """Names after ``from=``: packages have to be built before, anything else is an image.

    ``before`` are the packages below in the chain, ``known`` those of the catalogue by name.
    """
    names = {item.name for item in before}
    for name, line in recipe.froms:
        if name in names or "$" in name or "@sha256:" in name:
            continue
        where = Location(recipe.path, line)
        if name in known:
            yield Fault(
                "late-context",
                f"the Dockerfile takes files from {name}, which is not built before it",
                where,
                f"add {name} to the depends of {package.name}",
            )
        else:
            yield unpinned_image(name, where)
