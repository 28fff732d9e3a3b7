"""What is said of a request that has no solution, and of a package that is there."""

from __future__ import annotations

import pytest

from jetson_containers.package.grammar import parse_requirement
from jetson_containers.resolve.explain import ConflictError, Unresolvable
from jetson_containers.resolve.mend import distance
from jetson_containers.resolve.resolver import CatalogueResolver, resolve
from jetson_containers.resolve.why import leading_to, others
from tests.unit.shelves import catalogue


def refusal(shelf, *words: str, remedies: int = 3) -> Unresolvable:
    with pytest.raises(Unresolvable) as caught:
        CatalogueResolver(shelf, remedies).resolve([parse_requirement(word) for word in words])
    return caught.value


def texts(error: Unresolvable) -> list[str]:
    return [remedy.text for remedy in error.explanation.remedies]


def test_a_version_that_is_not_there_is_mended_by_the_nearest_that_is():
    shelf = catalogue("ao:0.9", "ao:0.17.1*", "ao:0.18-builder", "sglang ao:0.17.0")
    error = refusal(shelf, "sglang")
    assert texts(error)[:2] == [
        "let sglang require ao:0.17.1 instead of ao:0.17.0 in /tree/sglang/Dockerfile:4",
        "let sglang require ao:0.9 instead of ao:0.17.0 in /tree/sglang/Dockerfile:4",
    ]
    assert error.hint.startswith("let sglang require ao:0.17.1")


def test_a_change_is_told_only_if_it_is_enough():
    shelf = catalogue("ao:1 gone", "ao:3*", "app ao:2 !ao:3")
    assert texts(refusal(shelf, "app"))[0].startswith("drop app's requirement of ao:2")


def test_every_requirement_of_a_circle_can_be_dropped():
    shelf = catalogue("g h", "h i", "i g", "f f")
    told = texts(refusal(shelf, "g"))
    assert [text.partition(" in ")[0] for text in told] == [
        "drop i's requirement of g",
        "drop h's requirement of i",
        "drop g's requirement of h",
    ]
    assert texts(refusal(shelf, "f"))[0].startswith("drop f's requirement of f")


def test_who_asks_for_several_things_can_ask_for_one_more():
    shelf = catalogue(
        "torch:1", "torch:2*", "audio:1 torch:1", "audio:2* torch:2", "app audio"
    )
    error = refusal(shelf, "app", "torch:1", remedies=9)
    assert texts(error)[0] == "also ask for audio:1"
    assert "leave out torch:1" in texts(error)


def test_two_faults_need_two_changes():
    shelf = catalogue("a:2*", "b:2*", "app a:1 b:1")
    assert texts(refusal(shelf, "app")) == [
        "let app require a:2 instead of a:1 in /tree/app/Dockerfile:3 and "
        "let app require b:2 instead of b:1 in /tree/app/Dockerfile:3"
    ]


def test_each_version_tells_which_requirement_keeps_it_out():
    shelf = catalogue("torch:1", "torch:2*", "old torch:1", "new torch:2")
    error = refusal(shelf, "old", "new")
    assert {item.reference: item.reasons for item in error.explanation.alternatives} == {
        "torch:2": ("old requires torch:1 (/tree/old/Dockerfile:3)",),
        "torch:1": ("new requires torch:2 (/tree/new/Dockerfile:4)",),
    }


def test_a_package_that_needs_another_version_of_itself_is_named_so():
    error = refusal(catalogue("cuda:12*", "cuda:12-samples cuda:12"), "cuda:12-samples")
    assert isinstance(error, ConflictError)
    assert error.what == "cuda:12-samples requires cuda:12, another version of itself"
    assert "a name of its own" in error.hint


def test_a_fault_is_mended_once_for_all_requests_of_a_catalogue():
    shelf = catalogue("ao:2*", "sglang ao:1", "app sglang")
    resolver = CatalogueResolver(shelf)
    for word in ("sglang", "app"):
        with pytest.raises(Unresolvable) as caught:
            resolver.resolve([parse_requirement(word)])
        assert caught.value.hint.startswith("let sglang require ao:2 instead of ao:1")


def test_the_shortest_way_leads_to_a_package():
    shelf = catalogue("base", "lib base", "deep lib", "app deep lib")
    found = resolve(shelf, [parse_requirement("app")])
    base = next(item for item in found.chosen if item.package.name == "base")
    assert [str(because) for because in leading_to(found, base.package)] == [
        "app was asked for",
        "app requires lib (/tree/app/Dockerfile:4)",
        "lib requires base (/tree/lib/Dockerfile:2)",
    ]


def test_other_versions_tell_why_they_do_not_stand_there():
    shelf = catalogue("torch:1", "torch:2*", "torch:3", "app torch>=2", "plain torch")

    def instead(word: str) -> dict[str, tuple[str, ...]]:
        found = resolve(shelf, [parse_requirement(word)])
        torch = next(item for item in found.chosen if item.package.name == "torch")
        return {item.reference: item.reasons for item in others(shelf, torch)}

    assert instead("app") == {
        "torch:1": ("app requires torch>=2 (/tree/app/Dockerfile:4)",),
        "torch:3": ("torch:2 is the default",),
    }
    assert instead("torch:3")["torch:2"] == ("torch:3 was asked for",)
    assert set(instead("plain").values()) == {("torch:2 is the default",)}


def test_of_a_version_far_off_the_nearest_is_the_newest():
    near = ["2.11.0", "2.14.1", "2.13.0", "1.9"]
    assert sorted(near, key=lambda version: distance("99", version)) == [
        "2.14.1",
        "2.13.0",
        "2.11.0",
        "1.9",
    ]
    near = ["0.9", "0.17.1", "0.16.5", "0.18"]
    assert sorted(near, key=lambda version: distance("0.17.0", version))[:2] == ["0.17.1", "0.16.5"]


def test_changes_that_are_enough_come_before_changes_that_only_help():
    shelf = catalogue("torch:1.9 stack", "torch:1.10* stack", "audio codec torch:1.10")
    assert texts(refusal(shelf, "audio"))[0] == (
        "drop audio's requirement of codec in /tree/audio/Dockerfile:3 and "
        "drop torch:1.10's requirement of stack in /tree/torch/Dockerfile:2"
    )


@pytest.mark.parametrize(("last", "causes"), [("gone", 3001), ("p0", 3000)])
def test_a_path_of_thousands_is_told_by_its_ends(last, causes):
    shelf = catalogue(*(f"p{at} p{at + 1}" for at in range(2999)), f"p2999 {last}")
    error = refusal(shelf, "p0", remedies=1)
    assert "p0 -> p1 -> p2 -> p3 -> p4 -> (" in error.what
    assert "more) -> p" in error.what
    assert len(error.explanation.causes) == causes
