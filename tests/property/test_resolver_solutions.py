"""A solution is found exactly when there is one, and what is told of a refusal is true.

The oracle tries every choice of versions and knows nothing of the search.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Package, Requirement
from jetson_containers.resolve.explain import CycleError, Unresolvable
from jetson_containers.resolve.mend import Change
from jetson_containers.resolve.model import Because
from jetson_containers.resolve.resolver import CatalogueResolver, resolve
from tests.unit.shelves import catalogue

FORMS = ["", "", "{0}", "{0}:{1}", "{0}>={1}", "{0}!={1}", "!{0}:{1}", "!{0}"]


@st.composite
def shelves(draw: st.DrawFn) -> list[str]:
    """Up to three versions of up to five names; now and then a need that closes a circle."""
    count = draw(st.integers(1, 5))
    circular = draw(st.booleans())
    lines = []
    for index in range(count):
        for version in range(1, draw(st.integers(1, 3)) + 1):
            words = [f"n{index}:{version}{'*' if version == 1 else ''}"]
            for other in range(count if circular else index):
                form = draw(st.sampled_from(FORMS))
                if form:
                    words.append(form.format(f"n{other}", draw(st.integers(1, 4))))
            lines.append(" ".join(words))
    return lines


@st.composite
def questions(draw: st.DrawFn) -> tuple[Catalogue, list[Requirement]]:
    shelf = catalogue(*draw(shelves()))
    words = [package.name for package in shelf.packages]
    words += [package.reference for package in shelf.packages]
    wanted = draw(st.lists(st.sampled_from(sorted(set(words))), min_size=1, max_size=2))
    return shelf, [parse_requirement(word) for word in wanted]


def choices(shelf: Catalogue) -> Iterator[dict[str, Package]]:
    """Every choice of at most one version for each name."""
    for versions in itertools.product(*([None, *shelf.versions(name)] for name in shelf.names())):
        yield {package.name: package for package in versions if package}


def is_choosy(item: Requirement) -> bool:
    return item.exact is not None or item.specifier is not None


def obeys_rules(chosen: Mapping[str, Package], shelf: Catalogue, asked: Sequence[Requirement]):
    """No circle; every package is asked for, and one that is no default by its version."""
    stated = [*asked, *(item for package in chosen.values() for item in package.depends)]
    for package in chosen.values():
        reasons = [
            item
            for item in stated
            if item.name == package.name and item.accepts(package.version)
        ]
        if not any(package.is_default or is_choosy(item) for item in reasons):
            return False
    waiting = dict(chosen)
    while waiting:
        free = [
            name
            for name, package in waiting.items()
            if not any(
                item.name in waiting and item.accepts(waiting[item.name].version)
                for item in package.depends
            )
        ]
        if not free:
            return False
        for name in free:
            del waiting[name]
    return True


def meets(chosen: Mapping[str, Package], demand: Because) -> bool:
    """Whether a requirement holds: always, when the package that states it is not there."""
    if demand.parent and chosen.get(demand.parent.name) != demand.parent:
        return True
    found = chosen.get(demand.requirement.name)
    if found is demand.parent and demand.forbids:
        return True
    return bool(found and demand.requirement.accepts(found.version)) != demand.forbids


def demands(shelf: Catalogue, asked: Sequence[Requirement]) -> list[Because]:
    return [
        *(Because(item) for item in asked),
        *(Because(item, package) for package in shelf.packages for item in package.depends),
        *(Because(item, package, True) for package in shelf.packages for item in package.conflicts),
    ]


def is_solvable(
    shelf: Catalogue, asked: Sequence[Requirement], kept: Sequence[Because] | None = None
) -> bool:
    kept = demands(shelf, asked) if kept is None else kept
    return any(
        all(meets(chosen, item) for item in kept) and obeys_rules(chosen, shelf, asked)
        for chosen in choices(shelf)
    )


@given(questions())
def test_a_solution_is_found_exactly_when_there_is_one(question):
    shelf, asked = question
    try:
        answer = resolve(shelf, asked)
    except Unresolvable:
        assert not is_solvable(shelf, asked)
        return
    chosen = {package.name: package for package in answer.packages}
    assert len(chosen) == len(answer.packages), "two versions of one name"
    assert all(meets(chosen, item) for item in demands(shelf, asked))
    assert obeys_rules(chosen, shelf, asked)
    for at, package in enumerate(answer.packages):
        later = {item.name for item in answer.packages[at:]}
        assert not later & {item.name for item in package.depends}, "a need stands behind"


@given(questions(), st.randoms(use_true_random=False))
def test_the_order_of_request_and_definition_changes_nothing(question, random):
    shelf, asked = question
    mixed = random.sample(shelf.packages, len(shelf.packages))
    other = Catalogue(shelf.target, tuple(mixed))

    def outcome(known: Catalogue, words: Sequence[Requirement]) -> object:
        try:
            return [package.reference for package in resolve(known, words).packages]
        except Unresolvable as error:
            return type(error), {str(cause) for cause in error.causes}

    found = outcome(shelf, asked)
    assert outcome(shelf, asked[::-1]) == found
    assert outcome(other, asked) == found


@given(questions())
def test_a_cause_is_true_and_none_of_it_can_be_left_out(question):
    shelf, asked = question
    try:
        resolve(shelf, asked)
    except Unresolvable as error:
        causes = error.explanation.causes
        assert set(causes) <= set(demands(shelf, asked))
        if not isinstance(error, CycleError):
            assert causes
        assert not is_solvable(shelf, asked, causes)
        for left_out in causes:
            assert is_solvable(shelf, asked, [item for item in causes if item != left_out])


@given(questions())
def test_with_the_changes_of_a_remedy_the_request_resolves(question):
    shelf, asked = question
    try:
        CatalogueResolver(shelf, remedies=3).resolve(asked)
    except Unresolvable as error:
        for remedy in error.explanation.remedies:
            changed, words = shelf, list(asked)
            for change in remedy.changes:
                changed, words = apply(change, changed, words)
            assert is_solvable(changed, words)


def apply(
    change: Change, shelf: Catalogue, asked: list[Requirement]
) -> tuple[Catalogue, list[Requirement]]:
    """Make a change in the definitions, or in the request."""

    def edited(items: Sequence[Requirement]) -> tuple[Requirement, ...]:
        kept = (change.to if item == change.requirement else item for item in items)
        return tuple(item for item in kept if item is not None)

    if change.requirement is None and change.to is not None:
        return shelf, [*asked, change.to]
    if change.package is None:
        return shelf, list(edited(asked))
    packages = tuple(
        package
        if package.reference != change.package
        else replace(package, conflicts=edited(package.conflicts))
        if change.forbids
        else replace(package, depends=edited(package.depends))
        for package in shelf.packages
    )
    return Catalogue(shelf.target, packages), asked


@given(questions())
def test_an_explanation_says_of_every_version_in_question_what_keeps_it_out(question):
    shelf, asked = question
    try:
        resolve(shelf, asked)
    except Unresolvable as error:
        for item in error.explanation.alternatives:
            assert item.reasons, item.reference
