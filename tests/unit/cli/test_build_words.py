"""``build``: words of options that cannot be meant are named with their option, as typed."""

from __future__ import annotations

import argparse

import pytest

from jetson_containers.cli.build_parser import parser
from jetson_containers.cli.context import Context
from jetson_containers.cli.finding import check_finding_options
from jetson_containers.cli.wheel_options import wheel_keeper
from jetson_containers.errors import UsageError


def _args(*words: str) -> argparse.Namespace:
    return parser().parse_args(["x", *words])


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--jobs", "x"), "argument --jobs: 'x' is not a whole number above 0"),
        (("--jobs", "0"), "argument --jobs: '0' is not a whole number above 0"),
        (("--jobs", "1.5"), "argument --jobs: '1.5' is not a whole number above 0"),
        (("--test-timeout", "soon"), "--test-timeout: 'soon' is not a number of seconds above 0"),
        (("--test-timeout", "inf"), "--test-timeout: 'inf' is not a number of seconds above 0"),
        (("--min-free", "much"), "--min-free: 'much' is not a size in GB, 0 or more"),
        (("--min-free", "nan"), "--min-free: 'nan' is not a size in GB, 0 or more"),
    ],
)
def test_numbers(
    words: tuple[str, ...], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        _args(*words)
    assert stop.value.code == 2
    assert what in capsys.readouterr().err


def test_numbers_that_can_be_meant() -> None:
    args = _args("--jobs", "3", "--test-timeout", "1.5", "--min-free", "0")
    assert (args.jobs, args.test_timeout, args.min_free) == (3, 1.5, 0.0)


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        (("--cache-registry", ""), "--cache-registry '' names no registry", "HOST[:PORT]/"),
        (
            ("--cache-registry", "http://h:1/x,mode=ro"),
            "--cache-registry 'http://h:1/x,mode=ro' names no registry",
            "without http://",
        ),
        (
            ("--push", "http://127.0.0.1:5987/x"),
            "--push 'http://127.0.0.1:5987/x' names no place in a registry",
            "without http://",
        ),
        (("--push", "h.io/a", "--index", "a b"), "--index 'a b' is no tag", "latest"),
        (("--insecure-registry", "a b"), "--insecure-registry 'a b' is no host", "HOST[:PORT]"),
    ],
)
def test_registries(words: tuple[str, ...], what: str, hint: str) -> None:
    with pytest.raises(UsageError) as told:
        check_finding_options(_args(*words))
    assert told.value.what == what
    assert hint in told.value.hint


@pytest.mark.parametrize("host", ["registry.local", "registry:5000", "10.0.0.1:5000", "[::1]:5000"])
def test_hosts_without_tls(host: str) -> None:
    check_finding_options(_args("--insecure-registry", host, "--push", f"{host}/x", "--index", "1"))


@pytest.mark.parametrize("text", ["oci://", "oci://a b", "oci://http://h:1/x"])
def test_wheel_stores(text: str) -> None:
    with pytest.raises(UsageError) as told:
        wheel_keeper(Context.of(_args("--wheel-store", text)))
    assert told.value.what == f"--wheel-store {text!r} names no registry"
