"""The directories of this machine that ``run`` hands over or writes to."""

from __future__ import annotations

import os
import shlex
import socket
from collections.abc import Mapping
from pathlib import Path

from jetson_containers.engine.locate import default_cache_dir
from jetson_containers.errors import UsageError
from jetson_containers.launch.display import display_number, for_containers, read_cookies
from jetson_containers.launch.display import write_cookies as cookie_bytes

#: the variable that names the data directory for good
VARIABLE = "JETSON_CONTAINERS_DATA"


def data_directory(wanted: str | None, environ: Mapping[str, str], root: Path) -> Path:
    """The directory for /data; it may have to be made, unless somebody named it.

    In this order: ``wanted``, :data:`VARIABLE`, ``data`` in the checkout ``root``, and where that
    is no checkout or cannot be written, the user's own data directory (XDG Base Directory
    Specification).
    """
    named = wanted if wanted is not None else environ.get(VARIABLE) or None
    if named is not None:
        path = Path(named).expanduser().absolute()
        if not path.is_dir():
            raise UsageError(
                f"the data directory {path} does not exist", hint=f"mkdir -p {shlex.quote(named)}"
            )
        return path
    path = root / "data"
    if (root / "packages").is_dir() and (path.is_dir() or os.access(root, os.W_OK)):
        return path
    base = environ.get("XDG_DATA_HOME", "")
    if not base.startswith("/"):
        base = str(Path(environ.get("HOME") or "/root") / ".local" / "share")
    return Path(base) / "jetson-containers"


def make_directory(path: Path) -> None:
    """Make ``path`` and what is missing above it.

    Root makes it for the owner of the directory that it stands in: under ``sudo`` the checkout is
    still the user's.
    """
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        above = path.parent.stat()
        os.chown(path, above.st_uid, above.st_gid)


def cookie_file(environ: Mapping[str, str]) -> Path | None:
    """Where the cookies of the display are for containers: one file a display, used again.

    It lies in the session's runtime directory, which only this user can enter and which goes with
    the session; without one in the user's cache. A container may still read it after this process
    has become another, so nobody could remove it in time. ``None`` without a display.
    """
    number = display_number(environ.get("DISPLAY", ""))
    if not number:
        return None
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and os.access(runtime, os.W_OK):
        return Path(runtime) / "jetson-containers" / "display" / number
    return default_cache_dir(environ) / "display" / number


def cookies_for(environ: Mapping[str, str]) -> bytes:
    """The session's cookies in the form for containers; empty where there are none."""
    known = environ.get("XAUTHORITY") or str(Path(environ.get("HOME") or "/root") / ".Xauthority")
    try:
        raw = Path(known).read_bytes()
    except OSError:
        return b""
    own = for_containers(read_cookies(raw), environ.get("DISPLAY", ""), socket.gethostname())
    return cookie_bytes(own)


def write_cookies(path: Path, content: bytes) -> None:
    """Write the file in place: a container that has it mounted sees what is new.

    The directory is closed to others. The file is not: a container's user may be any.
    """
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    path.write_bytes(content)
    path.chmod(0o644)
