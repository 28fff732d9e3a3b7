"""Listings as engines, files and Docker Hub write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.errors import UsageError
from jetson_containers.image.listed import from_docker_hub, from_saved, from_summaries

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["reference", "labels", "name", "namespace", "tags", "images", "x"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)


def test_the_engines_summaries() -> None:
    (first, second) = from_summaries(
        [
            {"Id": "sha256:1", "RepoTags": ["a:1", "b:2"], "Created": 0, "Labels": None},
            {"Id": "sha256:2", "RepoTags": None},
            {"Id": "sha256:3", "RepoTags": ["<none>:<none>"]},
        ]
    )
    assert (first.reference, second.reference, first.digest) == ("a:1", "b:2", "sha256:1")
    assert first.labels == {} and first.architectures == ()
    (dated,) = from_summaries([{"RepoTags": ["a:1"], "Created": 86400, "Labels": {"k": "v"}}])
    assert dated.created.startswith("1970-01-02") and dated.labels == {"k": "v"}


@pytest.mark.parametrize("names", [7, "a:1", {"a:1": 2}, [None, 3]])
def test_a_summary_whose_references_are_none_lists_nothing(names: object) -> None:
    assert from_summaries([{"Id": "sha256:1", "RepoTags": names}]) == ()


def test_docker_hub() -> None:
    tag = {
        "name": "1",
        "tag_last_pushed": "2025-01-01T00:00:00Z",
        "images": [{"architecture": "arm64"}, {"architecture": "unknown"}],
    }
    listing = [
        {"namespace": "acme", "name": "app", "tags": [tag, "odd", {"name": None}]},
        {"namespace": "other", "name": "app", "tags": [tag]},
    ]
    (found,) = from_docker_hub(listing, ["acme"])
    assert (found.reference, found.source, found.architectures) == (
        "acme/app:1",
        "registry",
        ("arm64",),
    )
    assert found.created == "2025-01-01T00:00:00Z"


def test_a_saved_list_names_what_is_wrong() -> None:
    with pytest.raises(UsageError, match="entries without a reference: 2, 3"):
        from_saved([{"reference": "a"}, {}, 7])


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"architecture": 5}, "architecture is no text: 2"),
        ({"architecture": ["arm64"]}, "architecture is no text: 2"),
        ({"created": 7}, "created is no text: 2"),
        ({"labels": ["a=b"]}, "labels is no object: 2"),
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error(entry: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        from_saved([{"reference": "a:1", "labels": None}, {"reference": "b:1", **entry}])


@pytest.mark.parametrize("name", ["<none>:<none>", "app:<none>"])
def test_an_image_without_a_name_cannot_be_chosen(name: str) -> None:
    assert from_saved([{"reference": name}]) == ()
    assert from_summaries([{"Id": "sha256:1", "RepoTags": [name]}]) == ()


@pytest.mark.parametrize(
    "entry",
    [
        5,
        {"tags": []},
        {"namespace": "acme", "name": "app", "tags": None},
        {"namespace": "acme", "tags": []},
        {"namespace": 1, "name": "app", "tags": []},
    ],
)
def test_a_listing_with_an_entry_of_another_kind_is_not_taken_for_empty(entry: object) -> None:
    good = {"namespace": "acme", "name": "app", "tags": []}
    assert from_docker_hub([good], ["acme"]) == ()
    with pytest.raises(UsageError, match="without a namespace, a name and tags: 2\n"):
        from_docker_hub([good, entry], ["acme"])


def test_a_page_of_docker_hubs_api_is_told_where_it_belongs() -> None:
    with pytest.raises(UsageError, match="no JSON list") as caught:
        from_docker_hub({"count": 1, "results": [{"name": "1"}]}, ["acme"])
    assert "are its tags" in caught.value.hint


@given(json_values)
def test_any_document_is_read_or_refused(document: object) -> None:
    for read in (from_saved, lambda value: from_docker_hub(value, ["x"])):
        try:
            assert isinstance(read(document), tuple)
        except UsageError:
            continue
