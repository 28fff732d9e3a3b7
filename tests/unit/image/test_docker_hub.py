"""Docker Hub's listings, as its API writes them and as people save them."""

from __future__ import annotations

import pytest

from jetson_containers.errors import UsageError
from jetson_containers.image.docker_hub import from_docker_hub

ONE = {"name": "1", "images": [{"architecture": "arm64"}, {"architecture": "unknown"}]}
NEXT = "https://hub.docker.com/v2/namespaces/acme/repositories/app/tags?page=2&page_size=100"
BEFORE = "https://hub.docker.com/v2/repositories/acme/app/tags/?page=1"


def references(document: object, *asked: str) -> list[str]:
    return [image.reference for image in from_docker_hub(document, ["acme"], asked)]


def test_a_tag_has_architectures_and_a_date() -> None:
    tag = {**ONE, "tag_last_pushed": "2025-01-01T00:00:00Z"}
    listing = [
        {"namespace": "acme", "name": "app", "tags": [tag]},
        {"namespace": "other", "name": "app", "tags": [tag]},
    ]
    (found,) = from_docker_hub(listing, ["acme"])
    assert (found.reference, found.source, found.architectures) == (
        "acme/app:1",
        "registry",
        ("arm64",),
    )
    assert found.created == "2025-01-01T00:00:00Z"


def test_the_pages_of_the_api_are_a_listing() -> None:
    """The only page of a repository does not tell which one: it is that which was asked for."""
    first = {"count": 2, "next": NEXT, "previous": None, "results": [ONE]}
    last = {"count": 2, "next": None, "previous": BEFORE, "results": [{"name": "2"}]}
    only = {"count": 1, "next": None, "previous": None, "results": [ONE]}
    assert references(first, "thing") == ["acme/app:1"]
    assert references([first, last], "thing") == ["acme/app:1", "acme/app:2"]
    assert references(only, "thing") == ["acme/thing:1"]
    for asked in ((), ("a", "b")):
        with pytest.raises(UsageError, match="without a namespace, a name and tags: 1\n"):
            references(only, *asked)


def test_pages_of_other_namespaces_are_left_out() -> None:
    page = {"next": NEXT.replace("acme", "other"), "results": [ONE]}
    assert references(page, "app") == []


@pytest.mark.parametrize(
    "entry",
    [
        5,
        {"tags": []},
        {"namespace": "acme", "name": "app", "tags": None},
        {"namespace": "acme", "tags": []},
        {"namespace": 1, "name": "app", "tags": []},
        {"results": None, "next": NEXT},
    ],
)
def test_a_listing_with_an_entry_of_another_kind_is_not_taken_for_empty(entry: object) -> None:
    good = {"namespace": "acme", "name": "app", "tags": []}
    assert from_docker_hub([good], ["acme"]) == ()
    with pytest.raises(UsageError, match="without a namespace, a name and tags: 2\n"):
        from_docker_hub([good, entry], ["acme"])


@pytest.mark.parametrize("tag", ["odd", {}, {"name": None}, {"name": 5}, {"name": "1 -v /:/x"}])
def test_a_tag_without_a_name_is_an_error(tag: object) -> None:
    with pytest.raises(UsageError, match="entry 1 has tags without a name"):
        references([{"namespace": "acme", "name": "app", "tags": [ONE, tag]}])


@pytest.mark.parametrize("document", [None, {}, {"tags": []}, "x", 5])
def test_another_document_is_refused_with_the_form(document: object) -> None:
    with pytest.raises(UsageError, match="no JSON list") as caught:
        references(document)
    assert "{count, next, results}" in caught.value.hint
