"""Questions to an engine over its socket alone: quick, and without the SDK.

Docker Engine API: ``GET /info`` (SystemInfo), ``GET /images/json`` (ImageSummary),
``GET /images/{name}/json`` (ImageInspect).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jetson_containers.engine.address import EngineAddress, get
from jetson_containers.errors import UnreachableError
from jetson_containers.platform.facts import Engine

#: seconds for an answer; an engine that builds at the same time can take its time
PATIENCE = 30.0


def engine_facts(
    address: EngineAddress, environ: Mapping[str, str], *, sudo: bool = False
) -> Engine:
    """Version, runtimes, CDI devices, whether it is rootless.

    Raises :class:`UnreachableError` without an answer. With ``sudo`` root asks, who
    may ask the person at the terminal for a password.
    """
    if sudo or address.host.startswith("ssh://"):
        info = _through_client(address, environ, sudo=sudo)
    else:
        info = _object(address, "/info")
    devices = info.get("DiscoveredDevices") or ()
    security = info.get("SecurityOptions") or ()
    return Engine(
        server_version=str(info.get("ServerVersion", "")),
        default_runtime=str(info.get("DefaultRuntime", "")),
        runtimes=tuple(sorted(info.get("Runtimes") or ())),
        cdi_devices=tuple(str(item.get("ID", "")) for item in devices if isinstance(item, dict)),
        more={"rootless": any("name=rootless" in str(item) for item in security)},
    )


def image_summaries(address: EngineAddress) -> tuple[Mapping[str, Any], ...]:
    """Every local image as the engine lists it: references, labels, creation time."""
    found = _asked(address, "/images/json")
    if not isinstance(found, list):
        raise _unreadable(address)
    return tuple(item for item in found if isinstance(item, dict))


def image_architecture(address: EngineAddress, digest: str) -> str:
    """The architecture in an image's configuration, as Docker names it; empty when it is gone."""
    body = _body(address, f"/images/{quote(digest, safe=':')}/json")
    try:
        found = json.loads(body) if body else {}
    except ValueError:
        return ""
    return str(found.get("Architecture", "")) if isinstance(found, dict) else ""


def image_document(address: EngineAddress, reference: str) -> Mapping[str, Any]:
    """What the engine knows of a local image (``Architecture``, ``Config``); empty without it."""
    body = _body(address, f"/images/{quote(reference, safe=':/@')}/json")
    try:
        found = json.loads(body) if body else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _object(address: EngineAddress, path: str) -> Mapping[str, Any]:
    found = _asked(address, path)
    if not isinstance(found, dict):
        raise _unreadable(address)
    return found


def _asked(address: EngineAddress, path: str) -> Any:
    body = _body(address, path)
    if body is None:
        raise UnreachableError(
            f"the engine at {address.host} gave no answer to {path}",
            hint="`jetson-containers engine status` tells its state",
        )
    try:
        return json.loads(body)
    except ValueError:
        raise _unreadable(address) from None


def _body(address: EngineAddress, path: str) -> bytes | None:
    return get(address.host, path, timeout=PATIENCE, tls_dir=address.tls_dir)


def _through_client(
    address: EngineAddress, environ: Mapping[str, str], *, sudo: bool
) -> Mapping[str, Any]:
    """``docker info`` for an engine that only the client, or only root, can reach."""
    argv = [address.docker or "docker", "info", "--format", "{{json .}}"]
    if sudo:
        argv = ["sudo", "--preserve-env=DOCKER_HOST", *argv]
    try:
        done = subprocess.run(
            argv,
            env={**environ, **address.environ()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if sudo else subprocess.PIPE,
            timeout=None if sudo else PATIENCE,
            check=True,
        )
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UnreachableError(
            f"the engine at {address.host} cannot be asked: {error}",
            hint="`docker info` shows why",
        ) from None
    return found if isinstance(found, dict) else {}


def _unreadable(address: EngineAddress) -> UnreachableError:
    return UnreachableError(
        f"what answers at {address.host} is no container engine",
        hint="correct DOCKER_HOST, or unset it",
    )
