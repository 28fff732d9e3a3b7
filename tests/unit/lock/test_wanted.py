"""What definitions say they take from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.lock.platform import lock_platform
from jetson_containers.lock.wanted import Install, Wanted, read_install, wanted
from jetson_containers.platform.derive import Overrides, derive
from tests.unit.lock.worlds import X86, chain, wheel_header, write


def of(tmp_path: Path, header: str = "", body: str = "") -> Wanted:
    write(tmp_path, "app", header, body)
    [package] = chain(tmp_path, "app").packages
    return wanted(package)


@pytest.mark.parametrize(
    ("text", "install"),
    [
        ("", Install("W")),
        ("a==1 b[x]==2", Install("W", ("a==1", "b[x]==2"))),
        ("--index U t==1 -- a==1", Install("W", ("a==1",), (("U", "t==1"),))),
        ("--index U t==1 v==2", Install("W", (), (("U", "t==1"), ("U", "v==2")))),
        (
            "--build --instead x==1 --without y a==1",
            Install("W", ("a==1",), (), ("x==1",), ("y",), True),
        ),
        ("--instead", Install("W", instead=("",))),
    ],
)
def test_the_words_of_an_installer_are_read(text, install):
    assert read_install("W", text) == install


def test_a_pin_of_another_index_is_shown_with_the_name_of_the_index(tmp_path):
    header = (
        "build_args: {WHEELS: '--index https://host/x torch==2 -- a==1'}\n"
        "sources: [{pypi: torch, version: '2', index: torch/x}, {pypi: a, version: '1'}]"
    )
    assert of(tmp_path, header).wheels == ("torch==2 from torch/x", "a==1")


def test_sources_alone_are_pins_too(tmp_path):
    found = of(tmp_path, "sources: [{pypi: a, version: '1'}]")
    assert found.install == Install("", ("a==1",))


def test_words_without_sources_belong_to_some_other_installer(tmp_path):
    assert of(tmp_path, "build_args: {WHEELS: 'whatever this is'}").install is None


def test_pins_of_a_package(tmp_path):
    assert of(tmp_path, wheel_header("a==1", "b==2")).wheels == ("a==1", "b==2")


@pytest.mark.parametrize(
    ("header", "body", "git"),
    [
        ("sources: [{git: 'https://host/a', ref: v1}]", "", [("https://host/a", "v1")]),
        ("build_args: {A_REPO: me/a, A_BRANCH: main}", "", [("https://github.com/me/a", "main")]),
        ("build_args: {A_URL: 'https://host/a', A_TAG: v1}", "", [("https://host/a", "v1")]),
        (
            "build_args: {A_BRANCH: v1}",
            "ARG A_BRANCH\nRUN git clone --depth=1 \\\n  --branch=${A_BRANCH} https://host/a /a\n",
            [("https://host/a", "v1")],
        ),
        (
            "build_args: {A_TAG: v1, NAME: a}",
            'RUN git clone -b "$A_TAG" "https://host/${NAME}" && git clone https://host/b\n',
            [("https://host/a", "v1")],
        ),
        (
            "build_args: {A_VERSION: '1.2'}",
            "RUN git clone --branch v${A_VERSION} https://host/a || git clone https://host/a\n",
            [("https://host/a", "v1.2")],
        ),
        ("", "RUN git clone --branch v${UNKNOWN} https://host/a\n", []),
        # the source says it already
        (
            "build_args: {SOURCE_REF: v1}\nsources: [{git: 'https://host/a', ref: v1}]",
            "",
            [("https://host/a", "v1")],
        ),
        ("build_args: {A_REPO: me/a, A_BRANCH: ''}", "", []),
        ("", "ADD https://host/a.git#v1:sub /a\n", [("https://host/a.git", "v1")]),
        ("", "ADD git@host:me/a.git#v1 /a\n", [("git@host:me/a.git", "v1")]),
    ],
)
def test_refs_with_the_repository_they_are_of(tmp_path, header, body, git):
    found = of(tmp_path, header, body)
    assert list(found.git) == git
    assert found.unclear == ()


def test_scripts_that_a_step_sees_clone_too(tmp_path):
    directory = write(tmp_path, "app", "build_args: {A_BRANCH: main}", "COPY build.sh /\n")
    (directory / "build.sh").write_text('git clone --branch "$A_BRANCH" https://host/a /a\n')
    [package] = chain(tmp_path, "app").packages
    assert wanted(package).git == (("https://host/a", "main"),)


def test_a_ref_of_no_repository_is_named(tmp_path):
    assert of(tmp_path, "build_args: {A_BRANCH: main}").unclear == ("A_BRANCH=main",)


@pytest.mark.parametrize(
    ("header", "body", "urls"),
    [
        (f"sources: [{{url: 'https://h/a', sha256: {'a' * 64}}}]", "", {"https://h/a": "a" * 64}),
        ("build_args: {A_URL: 'https://h/a.tar.gz'}", "", {"https://h/a.tar.gz": ""}),
        ("build_args: {A_URL: 'https://h/index'}", "", {}),
        ("", "ADD https://h/key.gpg /k\n", {"https://h/key.gpg": ""}),
        (
            "",
            f"ADD --checksum=sha256:{'b' * 64} \\\n  https://h/a.zip /a\n",
            {"https://h/a.zip": "b" * 64},
        ),
        ("", "ADD https://h/${X}.zip /a\n", {}),
        ("build_args: {X: b}", "ADD https://h/${X}.zip /a\n", {"https://h/b.zip": ""}),
        ("", "# ADD https://h/a.zip /a\n", {}),
    ],
)
def test_addresses_with_the_checksum_that_is_stated(tmp_path, header, body, urls):
    assert of(tmp_path, header, body).urls == urls


@pytest.mark.parametrize(
    ("distro", "expected"),
    [
        ("ubuntu:22.04", "x86_64-manylinux_2_35"),
        ("ubuntu:24.04", "x86_64-manylinux_2_39"),
        ("debian:12", "x86_64-manylinux_2_36"),
    ],
)
def test_distributions_are_for_the_targets_own_glibc(distro, expected):
    assert lock_platform(derive(X86, Overrides(distro=distro))) == expected
