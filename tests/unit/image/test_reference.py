"""Image references in parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.image.reference import Reference, is_reference, parse_reference


@pytest.mark.parametrize(
    ("text", "reference", "namespace", "name"),
    [
        ("img", Reference("img"), "", "img"),
        ("img:1", Reference("img", "1"), "", "img"),
        ("a/img:1", Reference("a/img", "1"), "a", "img"),
        ("host:5000/a/img", Reference("host:5000/a/img"), "host:5000/a", "img"),
        ("host:5000/img:1", Reference("host:5000/img", "1"), "host:5000", "img"),
        ("img@sha256:0a", Reference("img", "", "sha256:0a"), "", "img"),
        ("a/img:1@sha256:0a", Reference("a/img", "1", "sha256:0a"), "a", "img"),
    ],
)
def test_parts(text: str, reference: Reference, namespace: str, name: str) -> None:
    read = parse_reference(text)
    assert read == reference
    assert (read.namespace, read.name) == (namespace, name)


@given(st.text(alphabet="ab:/@.-", max_size=16) | st.text(max_size=16))
def test_what_is_read_is_written_again(text: str) -> None:
    assert str(parse_reference(text)) == text


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("img", True),
        ("host:5000/a/img:1.2-r36.4.3", True),
        ("[::1]:5000/img", True),
        (f"a/img:1@sha256:{'0a' * 32}", True),
        (f"sha256:{'0a' * 32}", True),
        ("0123456789ab", True),
        ("", False),
        ("BAD REF", False),
        ("a/Img", False),
        ("img:", False),
        ("img:-1", False),
        ("img\n", False),
        ("img@sha256:0a", False),
        ("--rm", False),
    ],
)
def test_what_an_engine_would_take(text: str, taken: bool) -> None:
    assert is_reference(text) is taken
