"""Questions to wheel indexes and registries; each answer is one text that can be recorded.

An answer begins with ``answered``, ``absent`` or ``unreachable``, then come versions. Addresses,
credentials and error texts are not part of it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from jetson_containers.doctor import registries, wheel_indexes
from jetson_containers.doctor.model import WheelIndex
from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.lock.platform import lock_platform
from jetson_containers.platform.target import Target

if TYPE_CHECKING:
    from requests import Response

    from jetson_containers.image.registry.place import Place

#: seconds for one question
PATIENCE = 30.0
#: bytes of an index page that are read; PyTorch's are below 1 MB
_PAGE = 8 << 20
#: the text of a link to a wheel, or to a source distribution
_FILE = re.compile(
    r">\s*[\w.]+-(\d[^-<>\s]*)-[^<>]*\.whl\s*<|>\s*[\w.-]+?-(\d[^<>\s]*)\.tar\.gz\s*<"
)


def questions(
    target: Target,
    indexes: tuple[WheelIndex, ...],
    env: Mapping[str, str],
    places: Collection[Place] = (),
) -> dict[str, Callable[[], str]]:
    """What to ask for a target, by the name under which the answer is recorded.

    ``places`` are those in which autotag looks for images.
    """
    asked: dict[str, Callable[[], str]] = {
        registries.question(target.base_image): partial(ask_registry, target.base_image, env)
    }
    for place in places:
        asked[registries.place_question(str(place))] = partial(ask_place, place)
    for index in indexes:
        for name in wheel_indexes.questions(index):
            key = wheel_indexes.question(index.name, name)
            if index.url:
                asked[key] = partial(ask_index, index.url, name)
            elif name:
                asked[key] = partial(ask_default_index, name, target, env)
            else:
                asked[key] = partial(ask_default_index, "pip", target, env)
    return asked


def ask_registry(reference: str, env: Mapping[str, str]) -> str:
    """Whether the registry of an image has it."""
    from jetson_containers.image.registry.credentials import docker_logins
    from jetson_containers.image.registry.remote import manifest_digest
    from jetson_containers.image.registry.web import Patience, Web

    try:
        manifest_digest(reference, Web(Patience(total=PATIENCE)), docker_logins(env).of)
    except UnreachableError:
        return "unreachable"
    except BuilderError:
        return "absent"
    return "found"


def ask_place(place: Place, *, hub: str = "") -> str:
    """Whether a registry answers; of a namespace of Docker Hub also how many repositories it has.

    One that asks for a login answers too (OCI distribution specification, ``GET /v2/``). ``hub``
    is another address of Docker Hub's listing.
    """
    from urllib.parse import urlsplit

    from jetson_containers.image.registry.hub import ADDRESS
    from jetson_containers.image.registry.place import HUB
    from jetson_containers.image.registry.web import Patience, Web, is_loopback

    if place.host == HUB:
        address = f"{hub or ADDRESS}/v2/namespaces/{place.namespace}/repositories?page_size=1"
    else:
        near = is_loopback(urlsplit(f"//{place.host}").hostname or "")
        address = f"{'http' if near else 'https'}://{place.host}/v2/"
    try:
        answer = Web(Patience(total=PATIENCE)).fetch(address)
        if place.host != HUB:
            return "answered" if answer.status in (200, 401) else "unreachable"
        if answer.status == 404:
            return "absent"
        told = answer.json() if answer.status == 200 else None
    except BuilderError:
        return "unreachable"
    count = told.get("count") if isinstance(told, dict) else None
    return f"answered {count}" if type(count) is int else "unreachable"


def ask_index(url: str, distribution: str) -> str:
    """The versions of ``distribution`` in an index; without a name, whether it answers at all."""
    import requests

    address = f"{url.rstrip('/')}/{distribution}/" if distribution else f"{url.rstrip('/')}/"
    try:
        with requests.get(address, stream=True, timeout=(10, PATIENCE)) as response:
            if response.status_code in (404, 410):
                return "absent"
            if response.status_code >= 400:
                return "unreachable"
            page = _read(response) if distribution else b""
    except requests.RequestException:
        return "unreachable"
    return " ".join(["answered", *versions_in(unquote(page.decode("utf-8", "replace")))])


def _read(response: Response) -> bytes:
    page = b""
    for piece in response.iter_content(1 << 16):
        page += piece
        if len(page) > _PAGE:
            break
    return page


def versions_in(page: str) -> tuple[str, ...]:
    """The versions of the files that a page of the simple repository API lists (PEP 503)."""
    found = (wheel or source for wheel, source in _FILE.findall(page))
    return tuple(sorted(set(found)))


def ask_default_index(distribution: str, target: Target, env: Mapping[str, str]) -> str:
    """The versions that pip's configured index has for the target; no address is needed."""
    minor = int(lock_platform(target).rpartition("_")[2])
    accepted = [f"manylinux_2_{number}_{target.arch}" for number in range(minor, 4, -1)]
    accepted += [f"manylinux2014_{target.arch}", f"linux_{target.arch}"]
    argv = [
        *(sys.executable, "-m", "pip", "index", "versions", "--disable-pip-version-check"),
        *("--no-input", "--retries", "1", "--timeout", "10"),
        *("--only-binary=:all:", *(f"--platform={item}" for item in accepted)),
        *("--python-version", str(target.python), distribution),
    ]
    try:
        done = subprocess.run(
            argv,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unreachable"
    match = re.search(r"^Available versions: (.+)$", done.stdout, re.MULTILINE)
    if match:
        return " ".join(["answered", *re.split(r",\s*", match[1].strip())])
    # pip says "no matching distribution" of an index that it could not reach, too
    reached = not re.search(r"retrying|connection|timed out", done.stderr, re.IGNORECASE)
    return "absent" if reached and "No matching distribution" in done.stderr else "unreachable"
