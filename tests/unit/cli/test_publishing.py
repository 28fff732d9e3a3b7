"""``push`` and ``pull``: words that cannot be meant are refused before any engine is asked."""

from __future__ import annotations

import pytest

from jetson_containers.cli.main import main


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("push", "Upper:1", "--to", "host/a"), "'Upper:1' is no reference of an image"),
        (("push", "a:1", "--to", "host/A"), "--to 'host/A' names no place in a registry"),
        (("push", "a:1", "--to", ""), "--to '' names no place in a registry"),
        (("push", "a:1", "--to", "http://h:1/x"), "in lower case, without http://"),
        (("push", "a:1", "--index", ""), "--index '' is no reference of an image"),
        (("push", "a:1", "--index", "http://h:1/x:1"), "in lower case, without http://"),
        (
            ("push", "a:1", "--to", "h.io/b", "--insecure-registry", "a b"),
            "--insecure-registry 'a b' is no host",
        ),
        (("pull", "a:1", "--insecure-registry", "http://h:1"), "HOST[:PORT], without http://"),
        (("sbom", "a:1", "--insecure-registry", "a b"), "--insecure-registry 'a b' is no host"),
        (("autotag", "a", "--insecure-registry", "a b"), "--insecure-registry 'a b' is no host"),
        (("push", "x/a:1", "y/a:1", "--to", "h.io/b"), "several images would be h.io/b/a:1"),
        (
            ("push", "a:1", "--index", "h.io/b@sha256:" + "0" * 64),
            "a push has a tag, not a digest",
        ),
        (("pull", "a b"), "'a b' is no reference of an image"),
        (("pull", "a", "--platform", "arm64"), "--platform 'arm64' is no platform"),
        (("pull", "a", "--platform", "arm64"), "write OS/ARCH[/VARIANT], such as linux/arm64"),
        (("pull", "a", "--platform", "linux/"), "--platform 'linux/' is no platform"),
    ],
)
def test_words_that_cannot_be_meant(
    words: tuple[str, ...],
    what: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/no.sock")
    assert main(words) == 2
    assert what in capsys.readouterr().err


@pytest.mark.parametrize("words", [(), ("a:1",), ("a:1", "--to", "x", "--index", "y/z:1")])
def test_a_push_goes_to_exactly_one_place(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["push", *words])
    assert stop.value.code == 2
    assert "usage: jetson-containers push" in capsys.readouterr().err


def test_an_engine_that_is_gone_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/no.sock")
    assert main(["push", "a:1", "--to", "h.io/b"]) == 3
    assert "/nonexistent/no.sock" in capsys.readouterr().err
