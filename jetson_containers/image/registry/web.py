"""HTTP that a tool inside ``$(...)`` can rely on: bounded in time and size, polite, discreet."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit

from jetson_containers.errors import UnreachableError
from jetson_containers.image.registry.faults import TooLarge, Unserved, UntrustedAnswer
from jetson_containers.image.registry.retry import PASSING, backoff, retry_after
from jetson_containers.questions import ask_all

if TYPE_CHECKING:
    from requests import Response, Session

#: bytes of a listing, a manifest or a configuration; registries themselves refuse manifests of
#: more than 4 MiB (distribution/distribution, registry/handlers)
LIMIT = 4 << 20
_REDIRECTS = 5
_PIECE = 1 << 14


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: to connect, between two pieces of an answer, for everything together.

    ``attempts`` is how often one question is put to who answers, ``calls`` to who does not: a
    machine without a network should learn that soon.
    """

    connect: float = 5.0
    read: float = 10.0
    total: float = 30.0
    attempts: int = 4
    calls: int = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``url`` is where redirects led, header names are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises :class:`UntrustedAnswer` for half a document."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise UntrustedAnswer(
                f"{_shown(self.url)} answered with what is no JSON, or a part of it"
            ) from None

    def leads_to(self, address: str) -> str:
        """An address that it holds, which may be relative. Raises :class:`UntrustedAnswer`."""
        try:
            url = urljoin(self.url, address)
            _ = urlsplit(url).port
        except ValueError:
            raise UntrustedAnswer(
                f"{_shown(self.url)} leads to what is no address: {address[:80]!r}"
            ) from None
        return url


@dataclass
class Web:
    """Asks, again where that may help, until ``patience`` ends.

    ``plain`` names hosts (``host:port``) that may be spoken to without TLS; those of this machine
    always may. Environment proxies count, except for this machine; ``.netrc`` does not.
    ``remedy`` is what helps where nothing answers. ``clock`` is monotonic, ``wall`` is the time
    of day.
    """

    patience: Patience = Patience()
    plain: frozenset[str] = frozenset()
    remedy: str = "try again later, or use --offline"
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    wall: Callable[[], float] = time.time
    _own: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        self.deadline = self.clock() + self.patience.total

    def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        method: str = "",
        body: bytes | Path | None = None,
        limit: int = LIMIT,
    ) -> Answer:
        """``GET``, ``POST`` of a form, or ``method``; what asking again would not change.

        A ``body`` that is a file is sent from the disk. A method has to bear being repeated.
        Raises :class:`UnreachableError` without such an answer, :class:`TooLarge` beyond ``limit``
        bytes.
        """
        question = _Question(method or ("POST" if form else "GET"), form or body, limit)
        attempt = 0
        while True:
            attempt += 1
            fault = UnreachableError
            try:
                answer = self._followed(url, headers or {}, question)
            except _Passing as error:
                problem, wait, most = str(error), backoff(attempt), self.patience.calls
            else:
                if answer.status not in PASSING:
                    return answer
                problem, wait = f"answers {answer.status}", backoff(attempt)
                most = self.patience.attempts
                if answer.status >= 500:
                    fault = Unserved
                told = retry_after(answer.headers.get("retry-after", ""), self.wall())
                if told is not None:
                    wait = told
                    problem += f" and asks to come again in {told:.0f} s"
            if attempt >= most or self.clock() + wait >= self.deadline:
                raise fault(f"{_shown(url)} {problem}", hint=self.remedy)
            self.sleep(wait)

    def _followed(self, url: str, headers: Mapping[str, str], question: _Question) -> Answer:
        """Follow redirects; credentials stay with the host that they are for."""
        sent = dict(headers)
        for _ in range(_REDIRECTS + 1):
            self._allowed(url)
            answer = self._in_time(url, sent, question)
            to = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not to:
                return answer
            before, url = urlsplit(url), answer.leads_to(to)
            after = self._allowed(url)
            if (before.scheme, after.scheme) == ("https", "http"):
                raise UntrustedAnswer(f"{_shown(before.geturl())} leads from https to http")
            if (before.scheme, before.netloc) != (after.scheme, after.netloc):
                sent = {k: v for k, v in sent.items() if k.lower() != "authorization"}
                if isinstance(question.body, Mapping):
                    question = _Question("GET", None, question.limit)
        raise UntrustedAnswer(f"{_shown(url)} leads in a circle")

    def _allowed(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            _ = parts.port
        except ValueError:
            raise UntrustedAnswer(f"an address cannot be read: {url!r}") from None
        if not host or parts.scheme not in ("http", "https"):
            raise UntrustedAnswer(f"no web address: {_shown(url)}")
        if parts.scheme == "http" and not is_loopback(host) and parts.netloc not in self.plain:
            raise UntrustedAnswer(
                f"{_shown(url)} is without TLS",
                hint=f"trust it with --insecure-registry {parts.netloc}",
            )
        return parts

    def _in_time(self, url: str, headers: Mapping[str, str], question: _Question) -> Answer:
        """As :meth:`_once`, given up at the end of all patience.

        A socket's patience begins anew with every byte, and a name server has none to be told.
        """
        once = partial(self._once, self._session(url), url, headers, question)
        (answer,) = ask_all([once], seconds=max(0.0, self.deadline - self.clock()))
        if answer is None:
            raise UnreachableError(f"{_shown(url)} is too slow", hint=self.remedy)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _once(
        self, session: Session, url: str, headers: Mapping[str, str], question: _Question
    ) -> Answer:
        import requests
        import urllib3

        left = self.deadline - self.clock()
        if left <= 0:
            raise UnreachableError(f"{_shown(url)} is too slow", hint=self.remedy)
        patience = (min(self.patience.connect, left), min(self.patience.read, left))
        try:
            with (
                question.data() as data,
                session.request(
                    question.method,
                    url,
                    # compressed answers could grow without limit
                    headers={"Accept-Encoding": "identity", **headers},
                    data=data,
                    timeout=patience,
                    stream=True,
                    allow_redirects=False,
                ) as response,
            ):
                read = question.method != "HEAD"
                body = self._body(response, url, question.limit) if read else b""
                told = {name.lower(): value for name, value in response.headers.items()}
                return Answer(url, response.status_code, told, body)
        except requests.exceptions.SSLError as error:
            raise UnreachableError(
                f"{_shown(url)} cannot be trusted: {_tls_fault(error)}",
                hint="name a file with its authority in REQUESTS_CA_BUNDLE",
            ) from None
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise _Passing("does not answer in time") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            raise _Passing("cannot be reached, or broke off") from None

    def _body(self, response: Response, url: str, limit: int) -> bytes:
        if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            raise UntrustedAnswer(f"{_shown(url)} answers in an encoding that was not asked for")
        size = response.headers.get("Content-Length", "")
        length = int(size) if re.fullmatch(r"\d{1,18}", size, re.ASCII) else None
        if length is not None and length > limit:
            raise _too_large(url, limit)
        body = bytearray()
        for piece in response.raw.stream(_PIECE, decode_content=False):
            body += piece
            if len(body) > limit:
                raise _too_large(url, limit)
        # older versions of urllib3 do not tell
        if length is not None and len(body) != length:
            raise _Passing("broke off")
        return bytes(body)

    def _session(self, url: str) -> Session:
        """One a thread, and one without proxies for this machine."""
        import requests

        near = is_loopback(urlsplit(url).hostname or "")
        name = "near" if near else "far"
        session: Session | None = getattr(self._own, name, None)
        if session is None:
            session = requests.Session()
            # an own (empty) scheme keeps requests from filling in what .netrc holds
            session.auth = lambda request: request
            if near:
                session.trust_env = False
            setattr(self._own, name, session)
        return session


@dataclass(frozen=True, slots=True)
class _Question:
    """How is asked: the method, what is sent along (a form, bytes, a file), bytes of the answer."""

    method: str
    body: Mapping[str, str] | bytes | Path | None
    limit: int

    @contextlib.contextmanager
    def data(self) -> Iterator[Any]:
        """What is sent, from its beginning."""
        if isinstance(self.body, Path):
            with self.body.open("rb") as file:
                yield file
        else:
            yield self.body


class _Passing(Exception):
    """No answer this time; the text says why."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))


def _shown(url: str) -> str:
    """An address without its query, which may hold what signs it."""
    return url.partition("?")[0]


def _tls_fault(error: Exception) -> str:
    """What OpenSSL says, without the layers around it."""
    found = re.search(r"certificate verify failed: [^(\n]*|\[SSL: \w+\][^(\n]*", str(error))
    return found[0].strip() if found else "there is no TLS connection"


def _too_large(url: str, limit: int) -> TooLarge:
    return TooLarge(f"{_shown(url)} is larger than {limit >> 20} MiB, and was not read")
