"""Directories of ``run``: data and cookies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jetson_containers.cli.run_data import (
    cookie_file,
    cookies_for,
    data_directory,
    make_directory,
    write_cookies,
)
from jetson_containers.errors import UsageError
from jetson_containers.launch.display import LOCAL, WILD, Cookie, read_cookies
from jetson_containers.launch.display import write_cookies as cookie_bytes


def test_the_checkout_holds_the_data(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    assert data_directory(None, {}, tmp_path) == tmp_path / "data"
    assert not (tmp_path / "data").exists()


def test_without_a_checkout_the_users_own_directory_does(tmp_path: Path) -> None:
    assert data_directory(None, {"HOME": "/h"}, tmp_path) == Path(
        "/h/.local/share/jetson-containers"
    )
    environ = {"HOME": "/h", "XDG_DATA_HOME": "/x"}
    assert data_directory(None, environ, tmp_path) == Path("/x/jetson-containers")


def test_a_named_directory_wins_and_must_be_there(tmp_path: Path) -> None:
    environ = {"JETSON_CONTAINERS_DATA": str(tmp_path)}
    assert data_directory(None, environ, Path("/")) == tmp_path
    (tmp_path / "mine").mkdir()
    assert data_directory(str(tmp_path / "mine"), environ, Path("/")) == tmp_path / "mine"
    for wrong in ({}, environ):
        with pytest.raises(UsageError, match="does not exist"):
            data_directory(str(tmp_path / "gone"), wrong, Path("/"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_makes_it_for_the_owner_of_the_place(tmp_path: Path) -> None:
    os.chown(tmp_path, 1234, 1235)
    make_directory(tmp_path / "share" / "data")
    for made in (tmp_path / "share", tmp_path / "share" / "data"):
        assert (made.stat().st_uid, made.stat().st_gid) == (1234, 1235)
    make_directory(tmp_path)


def test_cookies_lie_in_the_sessions_directory(tmp_path: Path) -> None:
    environ = {"DISPLAY": ":7.0", "XDG_RUNTIME_DIR": str(tmp_path), "XDG_CACHE_HOME": "/c"}
    assert cookie_file(environ) == tmp_path / "jetson-containers/display/7"
    assert cookie_file({**environ, "XDG_RUNTIME_DIR": "/nonexistent"}) == Path(
        "/c/jetson-containers/display/7"
    )
    assert cookie_file({**environ, "DISPLAY": ""}) is None


def test_the_sessions_cookies_fit_every_host(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_bytes(cookie_bytes([Cookie(LOCAL, b"me", b"7", b"n", b"key")]))
    environ = {"DISPLAY": ":7", "XAUTHORITY": str(own)}
    assert read_cookies(cookies_for(environ)) == (Cookie(WILD, b"", b"7", b"n", b"key"),)
    assert cookies_for({**environ, "DISPLAY": ":8"}) == b""
    assert cookies_for({"DISPLAY": ":7", "HOME": str(tmp_path)}) == b""


def test_cookies_are_closed_to_others_and_renewed_in_place(tmp_path: Path) -> None:
    file = tmp_path / "display" / "7"
    write_cookies(file, b"old")
    first = file.stat()
    write_cookies(file, b"new")
    assert file.read_bytes() == b"new" and file.stat().st_ino == first.st_ino
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [item.name for item in file.parent.iterdir()] == ["7"]
