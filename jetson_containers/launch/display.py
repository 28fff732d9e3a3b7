"""The X display of the session, and the cookie that opens it. Pure.

A cookie in ``~/.Xauthority`` is tied to a host name, and a container may have another one. So a
copy is made whose entries are of the wildcard family, which fits every name.

Sources: Xauth(3) and libXau (``Xauth.h``, ``AuRead.c``) for the file, X(7) for display names.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from jetson_containers.launch import given as own
from jetson_containers.launch.given import Pairs
from jetson_containers.launch.present import X_SOCKETS
from jetson_containers.launch.shared import bind

#: address families of libXau: this machine by its name, and any
LOCAL, WILD = 256, 0xFFFF
#: where the cookies are seen in a container
XAUTHORITY = "/run/jetson-containers/Xauthority"


@dataclass(frozen=True, slots=True)
class Cookie:
    """One entry of an Xauthority file; ``number`` is the display's, empty for every display."""

    family: int
    address: bytes
    number: bytes
    name: bytes
    data: bytes


def read_cookies(raw: bytes) -> tuple[Cookie, ...]:
    """The entries of an Xauthority file, up to its end or to where it is damaged.

    Law: ``read_cookies(write_cookies(cookies)) == cookies``.
    """
    found: list[Cookie] = []
    place = 0
    while place + 2 <= len(raw):
        (family,) = struct.unpack_from(">H", raw, place)
        place += 2
        parts = []
        for _ in range(4):
            if place + 2 > len(raw):
                return tuple(found)
            (size,) = struct.unpack_from(">H", raw, place)
            parts.append(raw[place + 2 : place + 2 + size])
            place += 2 + size
        if place > len(raw):
            break
        found.append(Cookie(family, *parts))
    return tuple(found)


def write_cookies(cookies: Iterable[Cookie]) -> bytes:
    """The bytes of an Xauthority file."""
    return b"".join(
        struct.pack(">H", cookie.family)
        + b"".join(
            struct.pack(">H", len(part)) + part
            for part in (cookie.address, cookie.number, cookie.name, cookie.data)
        )
        for cookie in cookies
    )


def display_number(display: str) -> str:
    """``10`` of ``localhost:10.0``; empty where there is none."""
    number = display.rpartition(":")[2].partition(".")[0]
    return number if ":" in display and number.isdecimal() else ""


def for_containers(cookies: Iterable[Cookie], display: str, hostname: str) -> tuple[Cookie, ...]:
    """The cookies that open ``display``, for every host name; this machine's own first.

    For a display on another machine (``pc:0``) those of all addresses with its number: which of
    them it is, only a name server could tell.
    """
    number = display_number(display).encode()
    if not number:
        return ()
    fitting = [cookie for cookie in cookies if cookie.number in (number, b"")]
    host = display.rpartition(":")[0]
    if host in ("", "unix", "localhost") or host.startswith("/"):
        fitting = [cookie for cookie in fitting if cookie.family in (LOCAL, WILD)]
        fitting.sort(key=lambda cookie: cookie.address != hostname.encode())
    return tuple(dict.fromkeys(replace(cookie, family=WILD, address=b"") for cookie in fitting))


def display_options(
    given: Pairs, environ: Mapping[str, str], present: Collection[str], cookies: str
) -> Iterator[str]:
    """``DISPLAY``, the sockets of local displays, and the file ``cookies`` unless it is empty."""
    display = environ.get("DISPLAY", "")
    if not display or own.variables(given) & {"DISPLAY", "XAUTHORITY"}:
        return
    yield from ("--env", f"DISPLAY={display}")
    if X_SOCKETS in present and X_SOCKETS not in own.mount_points(given):
        yield from bind(X_SOCKETS, X_SOCKETS)
    if cookies:
        yield from bind(cookies, XAUTHORITY, read_only=True)
        yield from ("--env", f"XAUTHORITY={XAUTHORITY}")
