"""Logins of the Docker client: its configuration file, and the helper programs that it names.

Source: docker/cli, cli/config; docker-credential-helpers, the ``get`` protocol.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jetson_containers.errors import Location
from jetson_containers.image.registry.faults import CredentialsError

#: what the client calls Docker Hub in its configuration
HUB_KEY = "https://index.docker.io/v1/"
_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


@dataclass(frozen=True, slots=True)
class Login:
    """A name with a password, or a token that stands for both; neither is ever printed."""

    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The header's value of the Basic scheme (RFC 7617)."""
        pair = f"{self.username}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode()


def docker_logins(environ: Mapping[str, str], limit: float = 10.0) -> DockerLogins:
    """The logins of the Docker client that reads that environment."""
    home = Path(environ.get("HOME") or "/root") / ".docker"
    return DockerLogins(Path(environ.get("DOCKER_CONFIG") or home), environ, limit)


@dataclass(frozen=True, slots=True)
class DockerLogins:
    """The logins in a directory of the Docker client (``$DOCKER_CONFIG`` or ``~/.docker``).

    ``environ`` is a helper's environment; ``limit`` is how many seconds it may take.
    """

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    limit: float = 10.0

    def of(self, host: str) -> Login | None:
        """The login for a registry, or ``None``.

        A helper for the host wins over the common one, that over the file. Raises
        :class:`CredentialsError` when there is one and it cannot be had.
        """
        document = self._document()
        key = HUB_KEY if host in _HUB else host
        helpers = _dict(document.get("credHelpers"))
        helper = helpers.get(host) or helpers.get(key) or document.get("credsStore")
        if helper:
            found = self._ask(str(helper), key)
            if found is not None:
                return found
        for name, entry in _dict(document.get("auths")).items():
            if name == key or _host(name) == _host(key):
                found = self._entry(_dict(entry))
                if found is not None:
                    return found
        return None

    @property
    def _file(self) -> Path:
        return self.folder / "config.json"

    def _document(self) -> Mapping[str, Any]:
        try:
            document = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise self._wrong(f"the logins cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError):
            raise self._wrong("the logins cannot be read: it is no JSON") from None
        return _dict(document)

    def _entry(self, entry: Mapping[str, Any]) -> Login | None:
        """``auth`` is ``name:password`` in Base64; ``identitytoken`` stands for a password."""
        if token := entry.get("identitytoken"):
            return Login(token=str(token))
        if entry.get("username"):
            return Login(str(entry["username"]), str(entry.get("password", "")))
        if not (packed := entry.get("auth")):
            return None
        try:
            name, colon, password = base64.b64decode(str(packed)).decode().partition(":")
        except ValueError:
            name, colon, password = "", "", ""
        if not colon or not name:
            raise self._wrong("a login is no name with a password")
        return Login(name, password.rstrip("\0"))

    def _ask(self, helper: str, key: str) -> Login | None:
        """``docker-credential-HELPER get``: the address on stdin, a JSON object on stdout."""
        if not re.fullmatch(r"[\w.-]+", helper, re.ASCII):
            raise self._wrong(f"{helper!r} is no name of a credential helper")
        program = f"docker-credential-{helper}"
        try:
            done = subprocess.run(
                [program, "get"],
                input=key,
                env={**self.environ},
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise self._wrong(f"{program} gave no answer within {self.limit:g} s") from None
        except OSError as error:
            raise self._wrong(f"{program} cannot be run: {error.strerror}") from None
        if done.returncode != 0:
            said = (done.stdout.strip() or done.stderr.strip()).splitlines()[:1]
            # the protocol's own words for "I know nobody there"
            if said and "credentials not found" in said[0]:
                return None
            raise self._wrong(f"{program} failed with exit code {done.returncode}")
        try:
            answer = _dict(json.loads(done.stdout))
        except ValueError:
            raise self._wrong(f"{program} answered with what is no JSON") from None
        name, secret = str(answer.get("Username", "")), str(answer.get("Secret", ""))
        if not secret:
            return None
        return Login(token=secret) if name == "<token>" else Login(name, secret)

    def _wrong(self, what: str) -> CredentialsError:
        return CredentialsError(
            what, where=Location(str(self._file)), hint="mend that file, or `docker login` again"
        )


def _host(key: str) -> str:
    """``host:port`` of a key, which may be an address: ``https://host/v1/``."""
    return re.sub(r"^https?://", "", key).partition("/")[0]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
