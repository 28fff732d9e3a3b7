"""Listings as engines and files write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.errors import UsageError
from jetson_containers.image.listed import from_saved, from_summaries

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


def test_a_saved_list_names_what_is_wrong() -> None:
    with pytest.raises(UsageError, match="entries without a reference: 2, 3"):
        from_saved([{"reference": "a"}, {}, 7])


@pytest.mark.parametrize("name", ["", "a:1\n", "a:1 -v /:/x", "App:1", "a:1;b", "--privileged"])
def test_what_no_engine_would_take_is_never_printed(name: str) -> None:
    """The reference goes into a command line."""
    with pytest.raises(UsageError, match="no engine would take: 2\n"):
        from_saved([{"reference": "a:1"}, {"reference": name}])
    assert from_summaries([{"Id": "sha256:1", "RepoTags": [name]}]) == ()


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


@given(json_values)
def test_any_document_is_read_or_refused(document: object) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(from_saved(document), tuple)
