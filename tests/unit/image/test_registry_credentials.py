"""Logins as the Docker client keeps them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.image.registry.auth import parse_challenge
from jetson_containers.image.registry.credentials import HUB_KEY, DockerLogins, Login
from jetson_containers.image.registry.faults import CredentialsError
from jetson_containers.image.registry.retry import backoff, retry_after

HOST = "registry.example:5000"
AUTH = base64.b64encode(b"me:pa:ss").decode()


def logins(folder: Path, document: Any, limit: float = 10.0) -> DockerLogins:
    (folder / "config.json").write_text(json.dumps(document))
    return DockerLogins(folder, {"PATH": f"{folder}:/usr/bin:/bin"}, limit)


def helper(folder: Path, script: str, name: str = "shop") -> None:
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": AUTH}, Login("me", "pa:ss")),
        ({"username": "me", "password": "x"}, Login("me", "x")),
        ({"auth": AUTH, "identitytoken": "t"}, Login(token="t")),
        ({}, None),
        ("text", None),
    ],
)
@pytest.mark.parametrize("key", [HOST, f"https://{HOST}", f"https://{HOST}/v1/"])
def test_the_file(entry: Any, expected: Login | None, key: str, tmp_path: Path) -> None:
    assert logins(tmp_path, {"auths": {key: entry}}).of(HOST) == expected
    assert logins(tmp_path, {"auths": {key: entry}}).of("other.example") is None


def test_docker_hub_has_a_name_of_its_own(tmp_path: Path) -> None:
    known = logins(tmp_path, {"auths": {HUB_KEY: {"auth": AUTH}}})
    assert known.of("docker.io") == Login("me", "pa:ss")
    assert known.of("registry-1.docker.io") == Login("me", "pa:ss")


def test_without_a_file_there_is_no_login(tmp_path: Path) -> None:
    assert DockerLogins(tmp_path).of(HOST) is None


def test_a_helper_is_asked(tmp_path: Path) -> None:
    helper(
        tmp_path,
        'test "$1" = get && read -r host\n'
        'printf \'{"ServerURL": "%s", "Username": "me", "Secret": "of %s"}\' "$host" "$host"',
    )
    for document in ({"credsStore": "shop"}, {"credHelpers": {HOST: "shop"}}):
        assert logins(tmp_path, document).of(HOST) == Login("me", f"of {HOST}")
    helper(tmp_path, 'echo \'{"Username": "<token>", "Secret": "t"}\'')
    assert logins(tmp_path, {"credsStore": "shop"}).of(HOST) == Login(token="t")


def test_a_helper_that_knows_nobody_leaves_the_file(tmp_path: Path) -> None:
    helper(tmp_path, "echo credentials not found in native keychain; exit 1")
    known = logins(tmp_path, {"credsStore": "shop", "auths": {HOST: {"auth": AUTH}}})
    assert known.of(HOST) == Login("me", "pa:ss")


@pytest.mark.parametrize(
    ("script", "match"),
    [
        ("exit 3", "exit code 3"),
        ("echo no", "no JSON"),
        ("exec sleep 60", "no answer within 0.2 s"),
    ],
)
def test_a_helper_that_fails(script: str, match: str, tmp_path: Path) -> None:
    helper(tmp_path, script)
    with pytest.raises(CredentialsError, match=match):
        logins(tmp_path, {"credsStore": "shop"}, 0.2).of(HOST)


@pytest.mark.parametrize(
    ("document", "match"),
    [
        ({"credsStore": "nobody"}, "docker-credential-nobody cannot be run"),
        ({"credsStore": "../../bin/sh"}, "no name of a credential helper"),
        ({"auths": {HOST: {"auth": "!"}}}, "no name with a password"),
        ({"auths": {HOST: {"auth": "bWU="}}}, "no name with a password"),
    ],
)
def test_a_configuration_that_is_wrong(document: Any, match: str, tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=match):
        logins(tmp_path, document).of(HOST)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(CredentialsError, match="cannot be read"):
        DockerLogins(tmp_path).of(HOST)
    (tmp_path / "config.json").rmdir()
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CredentialsError, match="no JSON"):
        DockerLogins(tmp_path).of(HOST)


def test_secrets_are_not_shown() -> None:
    assert "pass" not in repr(Login("me", "pass", "passport"))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Bearer realm="a",service="s"', ("bearer", {"realm": "a", "service": "s"})),
        ('basic realm="x"', ("basic", {"realm": "x"})),
        ('Bearer realm="https://a/t", Basic realm="x"', ("bearer", {"realm": "https://a/t"})),
        ("Negotiate", ("", {})),
        ("", ("", {})),
    ],
)  # fmt: skip
def test_challenges(header: str, expected: object) -> None:
    assert parse_challenge(header) == expected


@given(st.text())
def test_any_header_is_read(text: str) -> None:
    assert parse_challenge(text)[0] in ("", "bearer", "basic")
    wait = retry_after(text, 0.0)
    assert wait is None or wait >= 0


def test_waiting_grows_to_an_end() -> None:
    assert [backoff(attempt) for attempt in (1, 2, 3, 4, 5, 6, 60)] == [0.5, 1, 2, 4, 8, 8, 8]


def test_when_to_come_again() -> None:
    assert retry_after("12", 0.0) == 12
    assert retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 20.0) == 40
    assert retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 90.0) == 0
    assert retry_after("-1", 0.0) is None
