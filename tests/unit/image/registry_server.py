"""A registry in a thread: honest by default, and faulty where a test says so."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def digest_of(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


@dataclass
class Reply:
    """An answer; ``hold`` keeps it back until the server stops, ``cut`` sends so many bytes.

    ``drip`` sends a byte now and then: never nothing for long, and never all.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: bool = False
    cut: int | None = None
    drip: bool = False


@dataclass
class Request:
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "GET"

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


#: a fault answers in place of the registry, or gives None to let it answer
Fault = Callable[[Request], "Reply | None"]


class FakeRegistry:
    """``/v2/`` with repositories, manifests and blobs; ``requests`` is all that was asked."""

    def __init__(self) -> None:
        self.tags: dict[str, list[str]] = {}
        self.documents: dict[str, tuple[str, bytes]] = {}
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self.page = 1000
        self.end = threading.Event()
        self.host = ""

    def push(
        self,
        repository: str,
        tag: str,
        *,
        labels: Mapping[str, str] | None = None,
        arch: str = "amd64",
        media_type: str = OCI_MANIFEST,
    ) -> str:
        """One image; the digest of its manifest."""
        config = {"architecture": arch, "os": "linux", "created": "2026-01-01T00:00:00Z"}
        digest = self.document(
            repository, media_type, self.manifest(repository, config, labels or {}), tag
        )
        return digest

    def push_index(self, repository: str, tag: str, entries: Mapping[str, str]) -> str:
        """An index: architecture -> digest of a manifest that was pushed."""
        listed = [
            {
                "mediaType": OCI_MANIFEST,
                "digest": digest,
                "size": len(self.documents[f"/v2/{repository}/manifests/{digest}"][1]),
                "platform": {"os": "linux", "architecture": arch},
            }
            for arch, digest in entries.items()
        ]
        listed.append(
            {
                "digest": "sha256:" + "0" * 64,
                "size": 2,
                "platform": {"os": "unknown", "architecture": "unknown"},
            }
        )
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}
        return self.document(repository, OCI_INDEX, index, tag)

    def manifest(
        self, repository: str, config: Mapping[str, Any], labels: Mapping[str, str]
    ) -> dict[str, Any]:
        body = json.dumps({**config, "config": {"Labels": labels}}).encode()
        digest = digest_of(body)
        self.documents[f"/v2/{repository}/blobs/{digest}"] = ("application/octet-stream", body)
        return {"schemaVersion": 2, "config": {"digest": digest, "size": len(body)}, "layers": []}

    def document(
        self, repository: str, media_type: str, value: Any, tag: str, body: bytes = b""
    ) -> str:
        body = body or json.dumps(value).encode()
        digest = digest_of(body)
        for name in (tag, digest):
            self.documents[f"/v2/{repository}/manifests/{name}"] = (media_type, body)
        known = self.tags.setdefault(repository, [])
        if tag not in known:
            known.append(tag)
        return digest

    def fail(self, part: str, *replies: Reply) -> None:
        """Answer requests whose path holds ``part`` with these; the last one for ever."""
        left = list(replies)

        def fault(request: Request) -> Reply | None:
            if part not in request.path:
                return None
            return left.pop(0) if len(left) > 1 else left[0]

        self.faults.append(fault)

    def fail_first(self, part: str, *replies: Reply) -> None:
        """Answer the first requests whose path holds ``part`` with these, then as usual."""
        left = list(replies)
        self.faults.append(lambda r: left.pop(0) if left and part in r.path else None)

    def answer(self, request: Request) -> Reply:
        for fault in self.faults:
            reply = fault(request)
            if reply is not None:
                return reply
        if request.method in ("POST", "PUT"):
            return self._take(request)
        if request.path == "/v2/":
            return Reply(body=b"{}")
        if request.path.endswith("/tags/list"):
            return self._list(request)
        if request.path in self.documents:
            kind, body = self.documents[request.path]
            return Reply(
                200, body, {"Content-Type": kind, "Docker-Content-Digest": digest_of(body)}
            )
        return Reply(404, b'{"errors":[{"code":"NAME_UNKNOWN"}]}')

    def _take(self, request: Request) -> Reply:
        """A blob's upload in two requests, or a manifest; digests are checked."""
        repository, _, rest = request.path.removeprefix("/v2/").partition("/blobs/uploads/")
        if rest:
            told = request.query["digest"][0]
            if told != digest_of(request.body):
                return Reply(400, b'{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}')
            self.documents[f"/v2/{repository}/blobs/{told}"] = ("", request.body)
            return Reply(201)
        if request.method == "POST":
            return Reply(202, headers={"Location": f"/v2/{repository}/blobs/uploads/1?state=x"})
        if "/manifests/" not in request.path:
            return Reply(405)
        repository, _, tag = request.path.removeprefix("/v2/").partition("/manifests/")
        kind = request.headers.get("content-type", "")
        self.document(repository, kind, json.loads(request.body), tag, request.body)
        return Reply(201, headers={"Docker-Content-Digest": digest_of(request.body)})

    def _list(self, request: Request) -> Reply:
        repository = request.path.removeprefix("/v2/").removesuffix("/tags/list")
        if repository not in self.tags:
            return Reply(404, b'{"errors":[{"code":"NAME_UNKNOWN"}]}')
        tags, last = sorted(self.tags[repository]), request.query.get("last", [""])[0]
        rest = [tag for tag in tags if tag > last]
        shown, more = rest[: self.page], rest[self.page :]
        link = f'<{request.path}?last={shown[-1]}&n={self.page}>; rel="next"' if more else ""
        body = json.dumps({"name": repository, "tags": shown}).encode()
        return Reply(200, body, {"Link": link} if link else {})


def asked(registry: FakeRegistry, part: str) -> Sequence[Request]:
    return [item for item in registry.requests if part in item.path]


@contextlib.contextmanager
def serving(registry: FakeRegistry) -> Iterator[FakeRegistry]:
    """The registry on a port of this machine; ``registry.host`` is where."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            request = Request(
                parts.path,
                parse_qs(parts.query),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
                self.command,
            )
            registry.requests.append(request)
            reply = registry.answer(request)
            if reply.hold:
                registry.end.wait(30)
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if reply.drip:
                with contextlib.suppress(OSError):
                    while not registry.end.wait(0.02):
                        self.wfile.write(b" ")
                self.close_connection = True
                return
            if self.command != "HEAD":
                self.wfile.write(reply.body[: reply.cut])
            if reply.cut is not None:
                self.close_connection = True

        do_POST = do_PUT = do_HEAD = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    registry.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        registry.end.set()
        server.shutdown()
        server.server_close()
        thread.join()
