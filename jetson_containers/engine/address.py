"""Where an engine listens and which client to talk to it with, as one value."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """An engine that answered, and how to reach it again.

    ``host`` is a Docker host URL (``unix:///run/docker.sock``). ``docker`` is the absolute path
    of a client binary, or ``None`` if there is none (the SDK still works). ``config_dir`` and
    ``tls_dir`` are values for ``DOCKER_CONFIG`` and ``DOCKER_CERT_PATH``, or ``None`` for the
    client's own default. ``buildx`` tells whether that client has the buildx plugin; without it
    only the classic builder can be used. ``source`` says where the address was found.
    """

    host: str
    docker: str | None = None
    config_dir: str | None = None
    private: bool = False
    buildx: bool = False
    tls_dir: str | None = None
    source: str = ""

    def environ(self) -> dict[str, str]:
        """What a subprocess needs in its environment, to be laid over the caller's own.

        ``DOCKER_HOST`` wins over ``DOCKER_CONTEXT`` in every client, so nothing is to be unset.
        """
        result = {"DOCKER_HOST": self.host}
        if self.config_dir:
            result["DOCKER_CONFIG"] = self.config_dir
        if self.tls_dir:
            result["DOCKER_TLS_VERIFY"] = "1"
            result["DOCKER_CERT_PATH"] = self.tls_dir
        return result

    @property
    def note(self) -> str:
        """One sentence on what this address cannot do, or an empty string."""
        if self.docker is None:
            return "no docker client on PATH: images are built with the classic builder"
        if not self.buildx:
            return f"{self.docker} has no buildx plugin: images are built with the classic builder"
        return ""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket; ``OSError`` if nobody listens."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def connection(host: str, timeout: float, tls_dir: str | None = None) -> http.client.HTTPConnection:
    """An unopened HTTP connection to a ``unix://`` or ``tcp://`` Docker host.

    Raises ``ValueError`` for another scheme and ``OSError`` if the certificates of ``tls_dir``
    cannot be read.
    """
    parts = urlsplit(host)
    if parts.scheme == "unix":
        return UnixConnection(parts.path, timeout)
    if parts.scheme not in ("tcp", "http", "https") or not parts.hostname:
        raise ValueError(f"no HTTP address: {host}")
    if tls_dir or parts.scheme == "https":
        context = ssl.create_default_context(
            cafile=str(Path(tls_dir) / "ca.pem") if tls_dir else None
        )
        if tls_dir:
            context.load_cert_chain(Path(tls_dir) / "cert.pem", Path(tls_dir) / "key.pem")
        return http.client.HTTPSConnection(
            parts.hostname, parts.port or 2376, timeout=timeout, context=context
        )
    return http.client.HTTPConnection(parts.hostname, parts.port or 2375, timeout=timeout)


def get(
    host: str, path: str, *, timeout: float = 2.0, tls_dir: str | None = None
) -> bytes | None:
    """The body of ``GET path``, or ``None`` if the engine does not answer with success."""
    try:
        status, body = ask_engine(host, path, tls_dir, timeout=timeout)
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return body if status == http.HTTPStatus.OK else None


def ask_engine(
    host: str, path: str, tls_dir: str | Path | None, *, timeout: float = 600.0
) -> tuple[int, bytes]:
    """The status and the body of ``GET path``.

    Raises ``OSError``, ``ValueError`` or ``http.client.HTTPException`` without an answer.
    """
    link = connection(host, timeout, str(tls_dir) if tls_dir else None)
    try:
        link.request("GET", path)
        response = link.getresponse()
        return response.status, response.read()
    finally:
        link.close()


def header_of(
    host: str, path: str, name: str, tls_dir: str | None, *, timeout: float
) -> str:
    """A header of the answer to ``GET path``, empty without it. Raises as :func:`ask_engine`."""
    link = connection(host, timeout, tls_dir)
    try:
        link.request("GET", path)
        return link.getresponse().getheader(name) or ""
    finally:
        link.close()


def answers(host: str, *, timeout: float = 2.0, tls_dir: str | None = None) -> bool:
    """Whether a Docker-compatible engine answers at ``host`` within ``timeout`` seconds."""
    return get(host, "/_ping", timeout=timeout, tls_dir=tls_dir) is not None


def server_version(
    host: str, *, timeout: float = 2.0, tls_dir: str | None = None
) -> Mapping[str, Any] | None:
    """The engine's ``/version`` document, or ``None`` if it does not answer."""
    body = get(host, "/version", timeout=timeout, tls_dir=tls_dir)
    if body is None:
        return None
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
