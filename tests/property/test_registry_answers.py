"""What registries answer: a list of tags, an image or a typed error, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from jetson_containers.errors import BuilderError
from jetson_containers.image.registry.client import Registry
from jetson_containers.image.registry.hub import hub_tags
from jetson_containers.image.registry.web import LIMIT, Answer, Web

HOST = "registry.example"
LIST = "/v2/acme/app/tags/list"
HUB = "https://hub.docker.com/v2/namespaces/acme/repositories/app/tags"


class Scripted(Web):
    """Gives out answers one after the other, the last one for ever."""

    def __init__(self, answers: list[tuple[int, Mapping[str, str], bytes]]) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked = 0

    def fetch(self, url: str, **how: Any) -> Answer:
        self.asked += 1
        status, headers, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Answer(url, status, headers, body[: how.get("limit", LIMIT)])


words = st.text(max_size=8) | st.sampled_from(["1", "2", "r36.4.0", "acme/app", "next"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
addresses = (
    st.text(max_size=20)
    | st.sampled_from(["http://[", "//[x/", "?page=2", f"https://{HOST}{LIST}?n=2", HUB, f"{HUB}/"])
    | st.integers(1, 5).map(lambda number: f"{LIST}?last={number}")
    | st.integers(1, 5).map(lambda number: f"{HUB}?page={number}")
)
tag_lists = st.fixed_dictionaries(
    {"name": st.just("acme/app") | values}, optional={"tags": st.lists(words, max_size=3) | values}
)
hub_pages = st.fixed_dictionaries(
    {"results": st.lists(st.dictionaries(st.just("name"), words) | values, max_size=3) | values},
    optional={"next": addresses | values},
)
digests = st.sampled_from(["sha256:" + "0" * 64, "sha512:", ""]) | words
parts = st.fixed_dictionaries({}, optional={"digest": digests, "size": st.integers() | values})
manifests = st.fixed_dictionaries(
    {"schemaVersion": st.just(2) | values},
    optional={
        "mediaType": words,
        "config": parts | values,
        "manifests": st.lists(parts | values, max_size=3) | values,
    },
)


def bodies(documents: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """A document, a part of one, or none."""
    whole = documents.map(lambda value: json.dumps(value).encode())
    return whole | whole.map(lambda body: body[: len(body) // 2]) | st.binary(max_size=8)


def answers(
    documents: st.SearchStrategy[Any],
) -> st.SearchStrategy[list[tuple[int, Mapping[str, str], bytes]]]:
    headers = st.fixed_dictionaries(
        {},
        optional={
            "link": addresses.map(lambda to: f'<{to}>; rel="next"') | words,
            "www-authenticate": st.sampled_from(
                ['Bearer realm="https://h/token"', 'Bearer realm="x"', "Basic", ""]
            ),
            "docker-content-digest": digests,
            "content-type": words,
        },
    )
    status = st.just(200) | st.sampled_from([204, 400, 401, 403, 404, 418])
    return st.lists(st.tuples(status, headers, bodies(documents)), min_size=1, max_size=4)


def told(ask: Callable[[], object]) -> object:
    """What was told, or the error, which has words."""
    try:
        return ask()
    except BuilderError as error:
        assert error.what
        return error


NOWHERE = '<http://[>; rel="next"'


@example([(200, {"link": NOWHERE}, b'{"name": "acme/app", "tags": ["1"]}')])
@given(answers(tag_lists))
def test_lists_of_tags(script: list[tuple[int, Mapping[str, str], bytes]]) -> None:
    web = Scripted(script)
    registry = Registry(HOST, web, lambda host: None)
    found = told(lambda: registry.tags("acme/app"))
    assert isinstance(found, tuple | BuilderError)
    # two questions and a token for a page, one for the registry itself, and an end
    assert web.asked <= 3 * (len(script) + 2) + 1


@example([(200, {}, b'{"results": [{"name": "1"}], "next": "http://["}')])
@given(answers(hub_pages))
def test_docker_hubs_pages(script: list[tuple[int, Mapping[str, str], bytes]]) -> None:
    web = Scripted(script)
    found = told(lambda: hub_tags(web, "acme", "app"))
    assert isinstance(found, tuple | BuilderError)
    assert web.asked <= len(script) + 1


@given(answers(manifests))
def test_images(script: list[tuple[int, Mapping[str, str], bytes]]) -> None:
    for ask in ("image", "digest"):
        registry = Registry(HOST, Scripted(script), lambda host: None)
        if ask == "image":
            told(lambda registry=registry: registry.image("acme/app", "1", "arm64"))
        else:
            found = told(lambda registry=registry: registry.digest("acme/app", "1"))
            assert found is None or isinstance(found, str | BuilderError)
