"""apt's source lists in both forms, and lists for another release of the same distribution."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.engine.apt_sources import (
    AptSource,
    for_release,
    parse_deb822,
    parse_one_line,
    read_sources,
)
from jetson_containers.engine.provision import recipe

DEB822 = """\
# the archive
Types: deb deb-src
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://user:secret@mirror.test/security
Suites: bookworm-security
Components: main
Architectures: amd64

Types: deb
URIs: http://other.test/tool
Suites: stable
Components: main

Enabled: no
Types: deb
URIs: http://mirror.test/debian
Suites: bookworm-backports
Components: main
"""

ONE_LINE = """\
# comment
deb [arch=amd64,arm64 signed-by=/usr/share/keyrings/k.gpg] http://mirror.test/ubuntu noble main universe # x
deb-src http://mirror.test/ubuntu noble main
deb http://mirror.test/ubuntu noble-security main
deb cdrom:[Disc]/ noble main
"""  # noqa: E501


def test_deb822() -> None:
    archive, security, other = parse_deb822(DEB822)
    assert archive.uris == ("http://mirror.test/debian",)
    assert archive.suites == ("bookworm", "bookworm-updates")
    assert "abc" in dict(archive.options)["Signed-By"]
    assert security.without_credentials().uris == ("http://mirror.test/security",)
    assert other.suites == ("stable",)


def test_one_line() -> None:
    archive, security, *_ = parse_one_line(ONE_LINE)
    assert archive.components == ("main", "universe")
    assert dict(archive.options) == {
        "Architectures": "amd64 arm64",
        "Signed-By": "/usr/share/keyrings/k.gpg",
    }
    assert security.suites == ("noble-security",)


def test_newer_release_from_the_same_mirror() -> None:
    borrowed = for_release(parse_deb822(DEB822), "bookworm", "trixie")
    assert [source.suites for source in borrowed] == [
        ("trixie", "trixie-updates"),
        ("trixie-security",),
    ]
    assert all(source.components == ("main",) for source in borrowed)
    assert not any(name == "Architectures" for source in borrowed for name, _ in source.options)


def test_no_entry_for_the_release() -> None:
    assert for_release(parse_deb822(DEB822), "noble") == ()
    assert for_release(parse_one_line("deb cdrom:x noble main"), "noble") == ()


def test_both_forms_are_read(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(ONE_LINE)
    (tmp_path / "sources.list.d" / "a.sources").write_text(DEB822)
    (tmp_path / "sources.list.d" / "a.sources.disabled").write_text(DEB822)
    assert len(read_sources(tmp_path)) == 6
    assert read_sources(tmp_path / "nothing") == ()


_words = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789:/.-", min_size=1, max_size=12),
    min_size=1,
    max_size=3,
).map(tuple)


@given(_words, _words, _words, st.booleans())
def test_render_is_read_back(
    uris: tuple[str, ...], suites: tuple[str, ...], components: tuple[str, ...], signed: bool
) -> None:
    options = (("Signed-By", "/k.gpg"),) if signed else ()
    source = AptSource(uris, suites, components, options)
    assert parse_deb822(source.render()) == (source,)


def test_a_key_inside_is_read_back() -> None:
    source = parse_deb822(DEB822)[0]
    assert parse_deb822(source.render()) == (source,)


def test_recipes() -> None:
    twelve, thirteen = recipe("debian", "12"), recipe("debian", "13")
    assert twelve is not None and twelve.borrowed == "trixie" and "docker-cli" in twelve.packages
    assert thirteen is not None and thirteen.borrowed is None
    noble = recipe("ubuntu", "24.04")
    assert noble is not None and "docker-cli" not in noble.packages
    assert recipe("fedora", "40") is None and recipe("debian", "") is None
