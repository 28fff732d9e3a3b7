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
            where = _lined(item.where, package)
            yield Fault("unresolvable", item.what, where, item.hint)


def _fault(error: Unresolvable, package: Package) -> Fault:
    stated = [because for because in error.causes if because.parent]
    at = error.where
    parents = (item.parent for item in stated if item.parent and item.requirement.location == at)
    where = _lined(at, next(parents, package))
    if isinstance(error, CycleError):
        return Fault("dependency-cycle", error.what, where, error.hint)
    if isinstance(error, MissingPackage):
        wanted = error.requirement
        asking = [because for because in stated if because.requirement == wanted]
        asked = asking[0].wording if asking else str(wanted)
        what = f"{asked}, and no package for this target satisfies that"
        return Fault("missing-package", what, where, error.hint)
    own = [because for because in stated if because.is_own]
    if own:
        what = f"{own[0].wording}{_OWN}"
        return Fault("version-conflict", what, _place(own[0]) or where, error.hint)
    names = Counter(because.requirement.name for because in stated)
    contested = sorted(
        (because for because in stated if names[because.requirement.name] > 1),
        key=lambda because: because.wording,
    )
    lines = [because.wording for because in contested or stated]
    place = next((_place(item) for item in contested), None) or where
    what = "these cannot hold together: " + "; ".join(lines)
    return Fault("version-conflict", what, place, error.hint)


def _place(because: Because) -> Location | None:
    """Where a requirement is stated."""
    place = because.requirement.location
    return _lined(place, because.parent) if because.parent else place


def _lined(place: Location | None, package: Package) -> Location:
    """``place``, or that of ``package``, whose definition has it, where its line is not known."""
    at = package.location
    return place if place and (place.line or place.path != at.path) else at


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
