"""Getting in: the challenge of a registry, and the token that answers it.

Source: distribution/distribution, "Token Authentication Specification" and "OAuth2".
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

from jetson_containers.image.registry.credentials import Login
from jetson_containers.image.registry.faults import (
    CredentialsError,
    LoginNeeded,
    UntrustedAnswer,
)
from jetson_containers.image.registry.web import LIMIT, Answer, Web

_CLIENT = "jetson-containers"


def parse_challenge(header: str) -> tuple[str, dict[str, str]]:
    """Scheme in lower case, and its parameters, of a ``WWW-Authenticate`` header.

    Of several challenges the first one that is ``Bearer`` or ``Basic`` counts; without one the
    scheme is empty.
    """
    found = re.search(r"\b(bearer|basic)\b", header, re.IGNORECASE)
    if not found:
        return "", {}
    rest = re.split(r",\s*(?:basic|bearer)\s+\w+=", header[found.end() :], flags=re.IGNORECASE)[0]
    return found[1].lower(), dict(re.findall(r'(\w+)="([^"]*)"', rest))


class Gate:
    """Asks one registry, and answers its challenges; a token serves until it is refused."""

    def __init__(self, host: str, web: Web, login: Callable[[str], Login | None]) -> None:
        self.host = host
        self.web = web
        self._login = login
        self._headers: dict[str, str] = {}
        self._lock = threading.Lock()
        #: why a configured login is not used, when it cannot be had
        self.trouble: CredentialsError | None = None

    def get(self, url: str, repository: str, *, accept: str = "*/*", limit: int) -> Answer:
        """An answer of the registry that is no challenge (:meth:`ask`)."""
        return self.ask("GET", url, repository, headers={"Accept": accept}, limit=limit)

    def ask(
        self,
        method: str,
        url: str,
        repository: str,
        *,
        headers: Mapping[str, str],
        body: bytes | Path | None = None,
        limit: int = LIMIT,
    ) -> Answer:
        """What the registry answers to ``method``, once its challenge is answered.

        Raises :class:`LoginNeeded` where the registry allows this to others only.
        """

        def asked(authorization: str | None) -> Answer:
            sent = {**headers, "Authorization": authorization} if authorization else headers
            return self.web.fetch(url, headers=sent, method=method, body=body, limit=limit)

        before = self._headers.get(repository)
        answer = asked(before)
        if answer.status == 401:
            with self._lock:
                if self._headers.get(repository) == before:
                    self._headers[repository] = self._answer_to(
                        answer.headers.get("www-authenticate", ""), repository
                    )
                header = self._headers[repository]
            answer = asked(header)
        if answer.status in (401, 403):
            raise self._refused(answer.status, repository)
        return answer

    def _answer_to(self, challenge: str, repository: str) -> str:
        scheme, fields = parse_challenge(challenge)
        login = self._known()
        if scheme == "basic" and login is not None and login.username:
            return login.basic
        if scheme == "bearer" and fields.get("realm"):
            return f"Bearer {self._token(fields, login, repository)}"
        raise self._refused(401, repository)

    def _known(self) -> Login | None:
        """A login that cannot be had is none: what is public stays open."""
        try:
            return self._login(self.host)
        except CredentialsError as error:
            self.trouble = error
            return None

    def _token(self, fields: dict[str, str], login: Login | None, repository: str) -> str:
        asked = {
            "service": fields.get("service", ""),
            "scope": fields.get("scope") or f"repository:{repository}:pull",
        }
        asked = {name: value for name, value in asked.items() if value}
        realm = fields["realm"]
        if login is not None and login.token:
            form = {"grant_type": "refresh_token", "refresh_token": login.token, **asked}
            answer = self.web.fetch(realm, form={"client_id": _CLIENT, **form})
        else:
            headers = {"Authorization": login.basic} if login is not None else {}
            mark = "&" if "?" in realm else "?"
            answer = self.web.fetch(f"{realm}{mark}{urlencode(asked)}", headers=headers)
        if answer.status != 200:
            raise self._refused(answer.status, repository)
        document = answer.json()
        token = document if isinstance(document, dict) else {}
        text = token.get("token") or token.get("access_token")
        if not isinstance(text, str) or not re.fullmatch(r"[!-~]+", text):
            raise UntrustedAnswer(f"{realm} gave no token")
        return text

    def _refused(self, status: int, repository: str) -> LoginNeeded:
        why = f" ({self.trouble.what})" if self.trouble else ""
        return LoginNeeded(
            f"{self.host} answers {status} for {repository}: it wants a login{why}",
            hint=f"docker login {self.host}",
        )
