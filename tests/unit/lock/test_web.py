"""Checksums and documents, from a server on this machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.lock.questions import answer
from jetson_containers.lock.web import checksum, document

CONTENT = b"content" * 1000


class Handler(BaseHTTPRequestHandler):
    """Paths say what happens."""

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/file":
            self.reply(200, CONTENT)
        elif path == "/json":
            self.reply(200, b'{"info": {"version": "1.2", "n": 3}, "list": ["a", "b"]}')
        elif path == "/short":
            self.reply(200, CONTENT, length=len(CONTENT) + 5)
        else:
            self.reply(int(path[1:]) if path[1:].isdigit() else 404, b"")

    def reply(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_a_checksum_is_of_the_content(host):
    told: list[str] = []
    assert checksum(f"http://{host}/file", told.append) == hashlib.sha256(CONTENT).hexdigest()
    assert len(told) == 1


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_server_that_does_not_tell_is_unreachable(host, status):
    with pytest.raises(UnreachableError):
        checksum(f"http://{host}/{status}", print)


def test_what_is_not_there_is_denied(host):
    with pytest.raises(BuilderError, match="is not there: it answered 404") as caught:
        checksum(f"http://{host}/nothing", print)
    assert not isinstance(caught.value, UnreachableError)


@pytest.mark.parametrize("path", ["short", "refused"])
def test_a_connection_that_fails_or_breaks_off_is_unreachable(host, path):
    address = f"http://{host}/short" if path == "short" else "http://127.0.0.1:1/"
    with pytest.raises(UnreachableError):
        checksum(address, print)


def test_questions_for_documents(host):
    def ask(question: str) -> str:
        return answer(question, {}, str)

    address = f"http://{host}/json"
    assert ask(f"handle_text_request {address}") == document(address)
    assert ask(f"handle_json_request {address}") == document(address)
    assert ask(f"get_json_value_from_url {address} info.version") == "1.2"
    assert ask(f"get_json_value_from_url {address} list.1") == "b"
    assert ask(f"get_json_value_from_url {address} info.n") == "3"
    with pytest.raises(BuilderError, match="has no 'missing'"):
        ask(f"get_json_value_from_url {address} info.missing")
    with pytest.raises(BuilderError, match="holds no JSON"):
        ask(f"handle_json_request http://{host}/file")
