"""The display of the session and its cookie."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.launch.display import (
    LOCAL,
    WILD,
    Cookie,
    display_number,
    display_options,
    for_containers,
    read_cookies,
    write_cookies,
)

TEXT = st.binary(max_size=20)
COOKIES = st.lists(st.builds(Cookie, st.integers(0, WILD), TEXT, TEXT, TEXT, TEXT))


def cookie(family: int, address: str, number: str, data: bytes = b"k") -> Cookie:
    return Cookie(family, address.encode(), number.encode(), b"MIT-MAGIC-COOKIE-1", data)


@given(COOKIES)
def test_what_is_written_is_read(cookies: list[Cookie]) -> None:
    assert read_cookies(write_cookies(cookies)) == tuple(cookies)


@given(COOKIES, st.integers(1, 10))
def test_a_damaged_end_costs_only_the_last_entry(cookies: list[Cookie], cut: int) -> None:
    raw = write_cookies(cookies)
    assert read_cookies(raw[: max(0, len(raw) - cut)]) == tuple(cookies[:-1])


@given(st.binary())
def test_any_bytes_are_read(raw: bytes) -> None:
    assert raw.startswith(write_cookies(read_cookies(raw)))


@pytest.mark.parametrize(
    ("display", "number"),
    [(":0", "0"), (":1.0", "1"), ("localhost:10.0", "10"), ("pc:2", "2"), ("", ""), ("0", ""),
     ("wayland-0", ""), (":", ""), (":../x", "")],
)  # fmt: skip
def test_numbers_of_displays(display: str, number: str) -> None:
    assert display_number(display) == number


def test_the_own_machines_cookies_come_first_and_fit_every_name() -> None:
    known = [cookie(LOCAL, "old-name", "0", b"1"), cookie(LOCAL, "me", "0", b"2"),
             cookie(LOCAL, "me", "1", b"3"), cookie(0, "\x7f\0\0\1", "0", b"4")]  # fmt: skip
    assert for_containers(known, ":0", "me") == (
        cookie(WILD, "", "0", b"2"), cookie(WILD, "", "0", b"1"),
    )  # fmt: skip
    assert for_containers(known, ":2", "me") == ()
    assert for_containers(known, "", "me") == ()
    assert len(for_containers(known, "pc:0", "me")) == 3


def test_xauth_reads_what_is_written(tmp_path: Path) -> None:
    if shutil.which("xauth") is None:
        pytest.skip("no xauth")
    file, copy = tmp_path / "own", tmp_path / "copy"
    key = "0123456789abcdef0123456789abcdef"
    xauth = ("xauth", "-f")
    subprocess.run([*xauth, file, "add", "me/unix:7", ".", key], check=True, capture_output=True)
    copy.write_bytes(write_cookies(for_containers(read_cookies(file.read_bytes()), ":7", "me")))
    listed = subprocess.run([*xauth, copy, "nlist"], check=True, capture_output=True, text=True)
    assert listed.stdout.split() == [
        "ffff", "0000", "0001", "37", "0012", b"MIT-MAGIC-COOKIE-1".hex(), "0010", key,
    ]  # fmt: skip


def options(own: tuple[str, str] | None, cookies: str, display: str = ":0") -> str:
    given_options = [own] if own else []
    environ = {"DISPLAY": display}
    return " ".join(display_options(given_options, environ, ["/tmp/.X11-unix"], cookies))


def test_options() -> None:
    plain = "--env DISPLAY=:0 --volume /tmp/.X11-unix:/tmp/.X11-unix"
    assert options(None, "") == plain
    assert options(None, "/r/0") == (
        f"{plain} --volume /r/0:/run/jetson-containers/Xauthority:ro "
        "--env XAUTHORITY=/run/jetson-containers/Xauthority"
    )
    assert options(("env", "DISPLAY=:1"), "/r/0") == ""
    assert options(None, "", display="") == ""
