"""Questions to an engine over its socket alone: quick, and without the SDK.

Docker Engine API: ``GET /info`` (SystemInfo), ``GET /images/json`` (ImageSummary),
``GET /images/{name}/json`` (ImageInspect).
"""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jetson_containers.engine.address import EngineAddress, get, header_of
from jetson_containers.errors import UnreachableError
from jetson_containers.platform.facts import Engine
from jetson_containers.platform.read import engine_of

#: seconds for an answer; an engine that builds at the same time can take its time
PATIENCE = 30.0
#: parts of an image's name that are looked for: registries allow more, nobody uses them
_DEEPEST = 10


def engine_facts(
    address: EngineAddress, environ: Mapping[str, str], *, sudo: bool = False
) -> Engine:
    """What the engine says of itself and of the machine it runs on (:func:`engine_evidence`).

    Raises as :func:`engine_info`.
    """
    return engine_of(engine_evidence(engine_info(address, environ, sudo=sudo)))


def engine_info(
    address: EngineAddress, environ: Mapping[str, str], *, sudo: bool = False
) -> Mapping[str, Any]:
    """``GET /info``; raises :class:`UnreachableError` without an answer.

    With ``sudo`` root asks, who may ask the person at the terminal for a password.
    """
    if sudo or address.host.startswith("ssh://"):
        return _through_client(address, environ, sudo=sudo)
    return _object(address, "/info")


def engine_evidence(
    info: Mapping[str, Any], api_version: str = "", free: int | None = None
) -> dict[str, Any]:
    """What evidence keeps of ``GET /info``: no names, no addresses.

    ``free`` are the bytes that are free under the data root, where that is on this machine.
    Law: any object gives evidence; what is missing in it or of another kind is empty.
    """
    security = [str(item) for item in _list(info.get("SecurityOptions"))]
    devices = [item for item in _list(info.get("DiscoveredDevices")) if isinstance(item, Mapping)]
    runtimes = info.get("Runtimes")
    said = {
        "server_version": str(info.get("ServerVersion") or ""),
        "api_version": api_version,
        "architecture": str(info.get("Architecture") or ""),
        "kernel": str(info.get("KernelVersion") or ""),
        "os": str(info.get("OperatingSystem") or ""),
        "runtimes": sorted(map(str, runtimes if isinstance(runtimes, Mapping) else ())),
        "default_runtime": str(info.get("DefaultRuntime") or ""),
        "cdi_devices": sorted(str(item.get("ID", "")) for item in devices),
        "cdi_directories": [str(item) for item in _list(info.get("CDISpecDirs"))],
        "storage_driver": str(info.get("Driver") or ""),
        "data_root": str(info.get("DockerRootDir") or ""),
        "cgroup_version": str(info.get("CgroupVersion") or ""),
        "cgroup_driver": str(info.get("CgroupDriver") or ""),
        "rootless": any("name=rootless" in item for item in security),
        "userns": any("name=userns" in item for item in security),
    }
    return said if free is None else {**said, "data_root_free": free}


def image_summaries(
    address: EngineAddress, *, without: str = ""
) -> tuple[Mapping[str, Any], ...]:
    """Every local image as the engine lists it: references, labels, creation time.

    ``without`` is the first part of names, ``jetson-stage``, that the caller has no use for:
    engines with containerd's store need milliseconds for each layer of each image that they list.
    An engine that is not known to read patterns as Docker does lists them all the same.
    """
    path = "/images/json"
    if without and _is_docker(address):
        filters = {"reference": patterns_without(without)}
        path += f"?filters={quote(json.dumps(filters))}"
    found = _asked(address, path)
    if not isinstance(found, list):
        raise _unreadable(address)
    return tuple(item for item in found if isinstance(item, dict))


def patterns_without(first: str) -> list[str]:
    """Patterns (Go's ``path.Match``, in which ``*`` stops at ``/``) that together match every
    name but those whose first part is ``first`` and that have one part more.

    Docker Engine API, ``GET /images/json``, filter ``reference``.
    """
    found = ["*", *("/".join("*" * parts) for parts in range(3, _DEEPEST + 1))]
    for at, letter in enumerate(first):
        escaped = f"\\{letter}" if letter in "-]^\\" else letter
        found.append(f"{first[:at]}[^{escaped}]*/*")
        found += [f"{first[:at]}/*"] if at else []
    return [*found, f"{first}?*/*"]


def _is_docker(address: EngineAddress) -> bool:
    """Docker names itself in its answers; Podman, which reads patterns otherwise, does not."""
    try:
        named = header_of(address.host, "/_ping", "Server", address.tls_dir, timeout=PATIENCE)
    except (OSError, ValueError, http.client.HTTPException):
        return False
    return named.startswith("Docker/")


def image_architecture(address: EngineAddress, digest: str) -> str:
    """The architecture in an image's configuration, as Docker names it; empty when it is gone."""
    body = _body(address, f"/images/{quote(digest, safe=':')}/json")
    try:
        found = json.loads(body) if body else {}
    except (RecursionError, ValueError):
        return ""
    return str(found.get("Architecture", "")) if isinstance(found, dict) else ""


def image_document(address: EngineAddress, reference: str) -> Mapping[str, Any]:
    """What the engine knows of a local image (``Architecture``, ``Config``); empty without it."""
    body = _body(address, f"/images/{quote(reference, safe=':/@')}/json")
    try:
        found = json.loads(body) if body else {}
    except (RecursionError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(address: EngineAddress, path: str) -> Mapping[str, Any]:
    found = _asked(address, path)
    if not isinstance(found, dict) or not found:
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
    except (RecursionError, ValueError):
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
    except (OSError, subprocess.SubprocessError, RecursionError, ValueError) as error:
        raise UnreachableError(
            f"the engine at {address.host} cannot be asked: {error}",
            hint="`docker info` shows why",
        ) from None
    if not isinstance(found, dict) or not found:
        raise _unreadable(address)
    return found


def _unreadable(address: EngineAddress) -> UnreachableError:
    return UnreachableError(
        f"what answers at {address.host} is no container engine",
        hint="correct DOCKER_HOST, or unset it",
    )
