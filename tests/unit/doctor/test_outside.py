"""Wheel indexes and registries: what they are asked, and what follows from their answers."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jetson_containers.doctor import outside, registries, wheel_indexes
from jetson_containers.doctor.gather import with_answers
from jetson_containers.doctor.model import Host, WheelIndex
from jetson_containers.image.registry.place import Place
from jetson_containers.platform.named import named_target
from tests.golden.doctor import ROOT
from tests.unit.doctor.hosts import said, server, severities

PAGE = """<html><body>
<a href="/x/torch-2.9.1%2Bcu130-x.whl">torch-2.9.1+cu130-cp312-cp312-linux_aarch64.whl</a><br>
<a href="/x/torch-2.8.0-cp310-cp310-manylinux_2_28_x86_64.whl">
  torch-2.8.0-cp310-cp310-manylinux_2_28_x86_64.whl</a>
<a href="/x/torch-1.0.tar.gz">torch-1.0.tar.gz</a> <a href="/">up</a>
</body></html>"""
INDEX = WheelIndex("jetson/a", "https://index.example/a", {"torch": ("2.8.0", "2.9.1")})


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    """An index with one distribution, on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = {"/torch/": (200, PAGE), "/": (200, ""), "/broken/": (503, "")}
            status, text = found.get(self.path, (404, ""))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_an_index_tells_the_versions_that_it_holds(index: str) -> None:
    assert outside.ask_index(index, "torch") == "answered 1.0 2.8.0 2.9.1+cu130"
    assert outside.ask_index(index, "") == "answered"
    assert outside.ask_index(index, "missing") == "absent"
    assert outside.ask_index(index, "broken") == "unreachable"
    assert outside.ask_index("http://127.0.0.1:1", "torch") == "unreachable"


def test_an_index_that_pip_cannot_reach_is_unreachable() -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    env |= {"PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_CONFIG_FILE": "/dev/null"}
    answer = outside.ask_default_index("torch", named_target("x86-cu130"), env)
    assert answer == "unreachable"


def test_a_registry_that_cannot_be_reached_is_unreachable() -> None:
    assert outside.ask_registry("127.0.0.1:1/image:1", {}) == "unreachable"


@pytest.mark.parametrize("name", ["orin-jp62", "thor-jp72", "x86-cu129"])
def test_every_index_of_a_target_is_asked(name: str) -> None:
    from jetson_containers.doctor.indexes import wheel_indexes as of_target

    found = of_target(named_target(name), ROOT / "packages")
    asked = outside.questions(named_target(name), found, {})
    assert {key.split()[1] for key in asked if key.startswith("wheel-index ")} == {
        index.name for index in found
    }
    assert registries.question(named_target(name).base_image) in asked


def judged(*answers: str | None, index: WheelIndex = INDEX) -> list[str]:
    names = wheel_indexes.questions(index)
    commands = {
        wheel_indexes.question(index.name, name): answer
        for name, answer in zip(names, answers, strict=True)
        if answer
    }
    return severities(wheel_indexes.CHECK, replace(server(commands=commands), indexes=(index,)))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("answered 2.8.0 2.9.1", "ok"),
        ("answered 2.8.0 2.9.1+cu130 not-a-version", "ok"),
        ("answered 2.8.0", "warning"),
        ("answered", "warning"),
        ("absent", "warning"),
        ("unreachable", "warning"),
        (None, "info"),
    ],
)
def test_what_an_index_answers_is_held_against_the_pins(
    answer: str | None, expected: str
) -> None:
    assert judged(answer) == [expected]


@pytest.mark.parametrize(
    ("answer", "expected"), [("answered", "ok"), ("absent", "warning"), ("unreachable", "warning")]
)
def test_an_index_without_pins_has_only_to_be_there(answer: str, expected: str) -> None:
    assert judged(answer, index=WheelIndex("kernels", "https://index.example/b")) == [expected]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("found", "ok"), ("absent", "warning"), ("unreachable", "warning"), (None, "info")],
)
def test_the_registry_of_the_base_image(answer: str | None, expected: str) -> None:
    host = server()
    assert host.target is not None
    question = registries.question(host.target.base_image)
    asked = server(commands={question: answer} if answer else {})
    assert severities(registries.CHECK, asked) == [expected]


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    """``host:port`` of what answers as a registry that wants a login, and as Docker Hub's list."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = {
                "/v2/": (401, ""),
                "/v2/namespaces/acme/repositories?page_size=1": (200, '{"count": 7}'),
                "/v2/namespaces/odd/repositories?page_size=1": (200, "<html>"),
            }
            status, text = found.get(self.path, (404, ""))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_place_of_images_tells_whether_it_answers(registry: str) -> None:
    hub = f"http://{registry}"
    assert outside.ask_place(Place(registry, "acme")) == "answered"
    assert outside.ask_place(Place("docker.io", "acme"), hub=hub) == "answered 7"
    assert outside.ask_place(Place("docker.io", "nobody"), hub=hub) == "absent"
    assert outside.ask_place(Place("docker.io", "odd"), hub=hub) == "unreachable"
    assert outside.ask_place(Place("127.0.0.1:1", "acme")) == "unreachable"


@pytest.mark.parametrize(
    ("answer", "severity", "word"),
    [
        ("answered", "ok", "answers"),
        ("answered 7", "ok", "7 repositories"),
        ("absent", "warning", "has no images"),
        ("unreachable", "warning", "could not be asked"),
    ],
)
def test_each_place_of_images_is_judged(answer: str, severity: str, word: str) -> None:
    place = Place("pc:5000", "acme")
    host = server()
    assert host.target is not None
    assert registries.place_question(str(place)) in outside.questions(
        host.target, (), {}, [place]
    )
    asked = server(commands={registries.place_question(str(place)): answer})
    verdict = said(registries.CHECK, asked)[-1]
    assert verdict.severity == severity
    assert verdict.message.startswith("pc:5000/acme") and word in verdict.message


def test_who_does_not_answer_in_time_is_unreachable() -> None:
    never = threading.Event()
    host = server()
    asked = {"registry a": lambda: str(never.wait()), "registry b": lambda: "found"}
    evidence = with_answers(host.evidence, asked, limit=0.2)
    never.set()
    assert evidence.commands["registry a"] == "unreachable"
    assert evidence.commands["registry b"] == "found"


def test_no_address_of_the_default_index_is_told() -> None:
    index = WheelIndex("default", "", {"torch": ("9",)})
    host: Host = replace(
        server(commands={wheel_indexes.question("default", "torch"): "answered 8"}),
        indexes=(index,),
    )
    assert "://" not in said(wheel_indexes.CHECK, host)[0].message
