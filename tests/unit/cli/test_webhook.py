"""Webhooks: forms, limits, and a server that answers well, badly, slowly or not at all."""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.cli import webhook
from jetson_containers.cli.context import Context
from jetson_containers.engine.protocol import Interrupted, StepFailed
from jetson_containers.engine.record import ImageRecord, RunRecord
from jetson_containers.errors import BuilderError, Problems
from jetson_containers.report.notice import FORMS, Failure, Notice, form_of, payload

DONE = RunRecord((), (), (ImageRecord("llm:amd64", "sha256:1", 1),), (), 5.0)
FAILED = StepFailed("building llm failed", lines=["fatal: no such thing"])


class Server(ThreadingHTTPServer):
    """Keeps what is posted; answers with ``status``, or hangs until it is closed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 204
        self.bodies: list[dict] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-token"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.bodies.append(json.loads(self.rfile.read(length)))
        if not self.server.status:
            self.server.closing.wait(30)
            return
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        return


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    result = Server()
    thread = threading.Thread(target=result.serve_forever, args=(0.01,))
    thread.start()
    yield result
    result.closing.set()
    result.shutdown()
    result.server_close()
    thread.join()


def tell(server: Server, outcome, form: str = "", unplanned=(), **environ: str) -> None:
    args = argparse.Namespace(packages=["llm"], webhook_form=form)
    given = {webhook.SUCCESS: server.url, webhook.FAILURE: server.url, **environ}
    webhook.tell_webhook(Context(args, given), ["llm"], (), outcome, unplanned, 65.0)


def test_a_success_is_told_with_the_fields_of_the_ecosystem(server):
    tell(server, DONE, CUDA_VERSION="13.0")
    (body,) = server.bodies
    assert body["status"] == "success"
    assert body["packages"] == ["llm"]
    assert body["build_command"] == "jetson-containers build llm"
    assert body["environment"] == {"CUDA_VERSION": "13.0"}
    assert body["images"] == ["llm:amd64"]
    assert body["seconds"] == 65.0


@pytest.mark.parametrize("form", FORMS)
def test_a_failure_is_told_with_its_lines(server, form):
    tell(server, Problems([FAILED, BuilderError("another")]), form)
    text = json.dumps(server.bodies[0])
    assert "fatal: no such thing" in text
    assert "another" in text


def test_errors_of_a_run_that_went_on_and_of_planning_are_failures(server):
    tell(server, RunRecord((), (), (), (FAILED,), 5.0))
    tell(server, DONE, unplanned=[BuilderError("no such package")])
    assert [body["status"] for body in server.bodies] == ["failure", "failure"]


def test_an_interrupted_run_and_one_without_an_address_tell_nobody(server):
    tell(server, Interrupted("interrupted"))
    tell(server, DONE, **{webhook.SUCCESS: ""})
    assert server.bodies == []


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_success_is_a_warning_without_the_address(server, status, capsys):
    server.status = status
    tell(server, DONE)
    told = capsys.readouterr().err
    assert f"warning: the webhook of {webhook.SUCCESS} was not told" in told
    assert f"status {status}" in told
    assert "secret-token" not in told
    assert len(server.bodies) == 1, "a redirection was followed"


def test_a_server_that_hangs_costs_no_more_than_the_limit(server):
    server.status = 0
    begun = time.monotonic()
    assert webhook.post(server.url, {}, patience=0.3) == "no answer in 0.3 s"
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "url", ["no address secret-token", "http://[secret-token", "ftp://secret-token/", "http://"]
)
def test_an_address_that_is_none_is_not_repeated(url):
    problem = webhook.post(url, {})
    assert problem
    assert "secret-token" not in problem


def test_nobody_listening_is_told_without_the_address():
    assert webhook.post("http://127.0.0.1:9/secret-token", {}) == "no connection"


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://discord.com/api/webhooks/1/x", "discord"),
        ("https://canary.discord.com/api/webhooks/1/x", "discord"),
        ("https://hooks.slack.com/services/T/B/x", "slack"),
        ("https://example.com/discord.com", "plain"),
        ("https://notdiscord.com/x", "plain"),
        ("no address", "plain"),
    ],
)
def test_the_form_follows_the_host(url, form):
    assert form_of(url) == form


SPECIAL = ("x" * 5000, "```", "@everyone", "<!here>")
texts = st.text(max_size=50) | st.sampled_from(SPECIAL)


@given(st.lists(texts, max_size=30), st.lists(texts, max_size=30))
def test_what_is_posted_keeps_the_limits_of_the_services(some, lines):
    notice = Notice(
        tuple(some),
        tuple(some),
        tuple(some),
        1.0,
        "2026-11-21T10:00:00Z",
        "host",
        " ".join(some),
        tuple(Failure(text, tuple(lines)) for text in some),
    )
    discord = payload(notice, "discord")
    (embed,) = discord["embeds"]
    parts = [embed["title"], embed.get("description", "")]
    parts += [text for field in embed["fields"] for text in (field["name"], field["value"])]
    assert sum(map(len, parts)) <= 6000
    assert len(discord["content"]) <= 2000
    assert len(embed["title"]) <= 256
    assert all(len(field["value"]) <= 1024 for field in embed["fields"])
    assert discord["allowed_mentions"] == {"parse": []}
    for block in payload(notice, "slack")["blocks"]:
        assert len(block["text"]["text"]) <= 3000
        assert "<!here>" not in block["text"]["text"]


def test_credentials_in_addresses_are_left_out():
    failure = Failure("cannot reach https://user:word@host/simple", ("GET http://tok@host/",))
    notice = Notice((), (), (), 1.0, "", "", "build --x https://a:b@c/", (failure,))
    for form in FORMS:
        text = json.dumps(payload(notice, form))
        assert "word@" not in text
        assert "tok@" not in text
        assert "a:b@" not in text
