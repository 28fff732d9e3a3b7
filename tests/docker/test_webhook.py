"""A webhook is told the end of a real build; its address is in nothing that the build leaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.docker.trees import Tree


@pytest.fixture
def posted() -> Iterator[tuple[str, list[dict]]]:
    """An address that takes everything, and what it was told."""
    bodies: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret-token", bodies
    server.shutdown()
    server.server_close()
    thread.join()


def test_success_and_failure_are_told_each_to_its_address(tree: Tree, posted):
    url, bodies = posted
    tree.environ = {
        "JC_BUILD_SUCCESS_WEBHOOK_URL": f"{url}-success",
        "JC_BUILD_FAILURE_WEBHOOK_URL": f"{url}-failure",
        "no_proxy": "127.0.0.1",
    }
    tree.add("a", "RUN true")
    tree.add("b", "RUN echo fatal: no such thing && false", depends="a")
    done = tree.build(tree.name("a"))
    assert done.returncode == 0, done.stderr
    failed = tree.build(tree.name("b"))
    assert failed.returncode == 1
    success, failure = bodies
    assert (success["status"], success["images"]) == ("success", [tree.reference("a")])
    assert success["targets"] == ["x86-cu130"]
    assert failure["status"] == "failure"
    assert "fatal: no such thing" in failure["failures"][0]["lines"]
    left = [path for path in tree.folder.parent.rglob("*") if path.is_file()]
    assert any(path.name == "journal.jsonl" for path in left)
    assert not any(b"secret-token" in path.read_bytes() for path in left)
    assert "secret-token" not in done.stderr + failed.stderr
