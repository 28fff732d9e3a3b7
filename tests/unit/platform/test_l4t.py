"""The L4T table and its range rule."""

import pytest

from jetson_containers.errors import TargetError
from jetson_containers.platform.l4t import find_l4t, l4t_releases, newest_l4t, parse_l4t

LISTED = {
    "32.4.3": ("4.4", "18.04", "3.6", "10.2"),
    "32.7.1": ("4.6.1", "18.04", "3.6", "10.2"),
    "32.7.6": ("4.6.6", "18.04", "3.6", "10.2"),
    "34.1.1": ("5.0.1", "20.04", "3.8", "11.4"),
    "35.1.0": ("5.0.2", "20.04", "3.8", "11.4"),
    "35.2.1": ("5.1", "20.04", "3.8", "11.4"),
    "35.3.1": ("5.1.1", "20.04", "3.8", "11.4"),
    "35.4.1": ("5.1.2", "20.04", "3.8", "11.4"),
    "35.5.0": ("5.1.3", "20.04", "3.8", "11.4"),
    "35.6.0": ("5.1.4", "20.04", "3.8", "11.4"),
    "35.6.2": ("5.1.5", "20.04", "3.8", "11.4"),
    "35.6.4": ("5.1.6", "20.04", "3.8", "11.4"),
    "36.2.0": ("6.0", "22.04", "3.10", "12.2"),
    "36.3.0": ("6.0", "22.04", "3.10", "12.2"),
    "36.4.0": ("6.1", "22.04", "3.10", "12.6"),
    "36.4.2": ("6.1.1", "22.04", "3.10", "12.6"),
    "36.4.3": ("6.2", "22.04", "3.10", "12.6"),
    "36.4.7": ("6.2.1", "22.04", "3.10", "12.6"),
    "36.5.0": ("6.2.1", "22.04", "3.10", "12.6"),
    "38.2.2": ("7.0", "24.04", "3.12", "13.0"),
    "38.4.0": ("7.1", "24.04", "3.12", "13.0"),
    "39.2.0": ("7.2", "24.04", "3.12", "13.2"),
}

#: asked -> (taken, inferred)
RANGE = {
    "36.4.3": ("36.4.3", False),
    "36.4.5": ("36.4.4", True),
    "36.4.99": ("36.4.7", True),
    "36.9.1": ("36.5.0", True),
    "35.6.3": ("35.6.2", True),
    "34.2.0": ("34.1.1", True),
    "38.3.0": ("38.2.2", True),
    "39.2.7": ("39.2.7", False),
    "39.5.0": ("39.2.0", True),
}


@pytest.mark.parametrize("version", LISTED)
def test_listed(version: str) -> None:
    release = find_l4t(parse_l4t(version)).release
    found = tuple(map(str, (release.jetpack, release.ubuntu, release.python, release.cuda)))
    assert found == LISTED[version]
    assert release.source


@pytest.mark.parametrize("asked", RANGE)
def test_unlisted_takes_the_nearest_lower(asked: str) -> None:
    match = find_l4t(parse_l4t(asked))
    assert (str(match.release.version), match.inferred) == RANGE[asked]


@pytest.mark.parametrize(
    ("asked", "says"),
    [("33.1.0", "major version 33"), ("40.0.0", "major version 40"), ("36.1.0", "older than")],
)
def test_never_another_major(asked: str, says: str) -> None:
    with pytest.raises(TargetError, match=says):
        find_l4t(parse_l4t(asked))


@pytest.mark.parametrize("text", ["36.4.3", "r36.4.3", "R36.4.3", " 36.4.3 "])
def test_spellings(text: str) -> None:
    assert str(parse_l4t(text)) == "36.4.3"


@pytest.mark.parametrize("text", ["", "36.x", "jp62", "36.4.3.1"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(TargetError, match="not an L4T version"):
        parse_l4t(text)


def test_oldest_first_and_newest() -> None:
    versions = [release.version for release in l4t_releases()]
    assert versions == sorted(set(versions))
    assert newest_l4t().version == versions[-1]
