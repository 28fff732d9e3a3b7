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


@given(json_values)
def test_any_document_is_read_or_refused(document: object) -> None:
    for read in (from_saved, lambda value: from_docker_hub(value, ["x"])):
        try:
            assert isinstance(read(document), tuple)
        except UsageError:
            continue
