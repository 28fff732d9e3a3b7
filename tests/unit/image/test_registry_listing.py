"""Repositories as lists of images: of any registry, of Docker Hub, and from the last time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.errors import UnreachableError, UsageError
from jetson_containers.image.listed import ListedImage
from jetson_containers.image.registry import hub
from jetson_containers.image.registry.cache import FRESH, Kept, ListingCache
from jetson_containers.image.registry.faults import UntrustedAnswer
from jetson_containers.image.registry.listing import list_repository, worth_reading
from jetson_containers.image.registry.place import HUB, Place, parse_place, spellings
from jetson_containers.image.registry.web import LIMIT, Web
from tests.unit.image.registry_server import FakeRegistry, Reply, asked, digest_of, serving

RECORDED = Path(__file__).parents[2] / "data" / "dockerhub-page.json"


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with serving(FakeRegistry()) as registry:
        yield registry


def nobody(host: str) -> None:
    return None


class TestAnyRegistry:
    def test_every_image_with_what_it_says(self, server: FakeRegistry) -> None:
        server.push("acme/app", "1", labels={"a": "b"})
        server.push("acme/app", "2", arch="arm64")
        found = list_repository(Place(server.host, "acme"), "app", "amd64", Web(), nobody)
        assert found.faults == ()
        told = {image.reference: (image.architectures, image.labels) for image in found.images}
        assert told == {
            f"{server.host}/acme/app:1": (("amd64",), {"a": "b"}),
            f"{server.host}/acme/app:2": (("arm64",), {}),
        }

    def test_one_that_cannot_be_verified_is_left_out(self, server: FakeRegistry) -> None:
        server.push("acme/app", "1")
        server.push("acme/app", "2", labels={"a": "b"})
        kind, body = server.documents["/v2/acme/app/manifests/1"]
        lie = {"Content-Type": kind, "Docker-Content-Digest": digest_of(b"")}
        server.fail("/manifests/1", Reply(200, body, lie))
        found = list_repository(Place(server.host, "acme"), "app", "amd64", Web(), nobody)
        assert [image.reference for image in found.images] == [f"{server.host}/acme/app:2"]
        assert [type(fault) for fault in found.faults] == [UntrustedAnswer]

    def test_a_list_that_is_too_large_counts_as_not_read(self, server: FakeRegistry) -> None:
        server.fail("/tags/list", Reply(200, b" " * (LIMIT + 1)))
        with pytest.raises(UnreachableError, match="larger than 4 MiB"):
            list_repository(Place(server.host, "acme"), "app", "amd64", Web(), nobody)

    def test_of_many_the_likely_ones_are_read(self) -> None:
        tags = ("1-amd64-cu130-24.04", "9-r36.4.0", "latest", "10-amd64-cu130-24.04")
        assert worth_reading("acme/app", tags, "amd64", 3) == (
            "10-amd64-cu130-24.04",
            "1-amd64-cu130-24.04",
            "latest",
        )


class TestDockerHub:
    @pytest.fixture
    def listed(self, server: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
        monkeypatch.setattr(hub, "ADDRESS", f"http://{server.host}")
        return server

    def pages(self, server: FakeRegistry, *pages: Any) -> None:
        """Pages of a listing, each leading to the next as Docker Hub's do."""
        path = "/v2/namespaces/dustynv/repositories/sglang/tags"
        for number, page in enumerate(pages, 1):
            more = f"http://{server.host}{path}?page={number + 1}" if number < len(pages) else None
            body = json.dumps({**page, "next": more}).encode()
            server.faults.append(
                lambda r, n=str(number), b=body: (
                    Reply(200, b)
                    if r.path == path and r.query.get("page", ["1"]) == [n]
                    else None
                )
            )

    def test_the_recorded_page(self, listed: FakeRegistry) -> None:
        page = json.loads(RECORDED.read_text())
        first, second = page["results"][:2], page["results"][2:]
        self.pages(listed, {**page, "results": first}, {**page, "results": second})
        found = list_repository(Place(HUB, "dustynv"), "sglang", "arm64", Web(), nobody)
        assert found.images[0] == ListedImage(
            "dustynv/sglang:0.4.7-r36.4-cu128-24.04",
            "registry",
            ("arm64",),
            "2025-05-06T04:12:04.33542Z",
        )
        assert len(found.images) == len(page["results"])
        assert len(listed.requests) == 2

    def test_the_same_tags_under_ever_new_addresses(self, listed: FakeRegistry) -> None:
        page = {"results": [{"name": "1"}]}
        self.pages(listed, *[page] * 9)
        with pytest.raises(UntrustedAnswer, match="no end"):
            hub.hub_tags(Web(), "dustynv", "sglang", address=hub.ADDRESS)
        assert len(listed.requests) == 2

    def test_an_unknown_repository_is_empty(self, listed: FakeRegistry) -> None:
        assert hub.hub_tags(Web(), "dustynv", "nothing", address=hub.ADDRESS) == ()

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(403),
            Reply(200, b"{"),
            Reply(200, b"[]"),
            Reply(200, b'{"results": 1}'),
            Reply(200, b'{"results": [], "next": "http://elsewhere.example/"}'),
            Reply(200, b'{"results": [], "next": "?page_size=100"}'),
            Reply(200, b'{"results": [], "next": 7}'),
        ],
    )
    def test_what_is_no_listing(self, reply: Reply, listed: FakeRegistry) -> None:
        listed.fail("/tags", reply)
        with pytest.raises(UnreachableError):
            hub.hub_tags(Web(), "dustynv", "sglang", address=hub.ADDRESS)
        assert len(asked(listed, "/tags")) == 1


class TestCache:
    images = (ListedImage("a/b:1", "registry", ("amd64",), "2026", {"k": "v"}, "sha256:1"),)

    def test_what_is_kept_is_found(self, tmp_path: Path) -> None:
        cache = ListingCache(tmp_path / "new")
        assert cache.find("x/a/b", "amd64") is None
        cache.keep("x/a/b", "amd64", self.images, 100.0)
        assert cache.find("x/a/b", "amd64") == Kept(100.0, self.images)
        assert cache.find("x/a/b", "arm64") is None

    def test_an_hour_is_fresh(self) -> None:
        kept = Kept(100.0, ())
        assert kept.is_fresh(100.0 + FRESH - 1)
        assert not kept.is_fresh(100.0 + FRESH)
        assert not kept.is_fresh(99.0)

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "[" * 100_000])
    def test_a_torn_file_is_none(self, text: str, tmp_path: Path) -> None:
        cache = ListingCache(tmp_path)
        cache.keep("x", "amd64", self.images, 100.0)
        (file,) = tmp_path.iterdir()
        file.write_text(text)
        assert cache.find("x", "amd64") is None

    @given(
        key=st.sampled_from(["images", "asked", "key"]),
        value=st.none() | st.text(max_size=3) | st.lists(st.dictionaries(
            st.sampled_from(["reference", "labels", "digest"]), st.integers() | st.text()
        )),
    )  # fmt: skip
    def test_a_foreign_file_is_none(
        self, key: str, value: Any, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        cache = ListingCache(tmp_path_factory.mktemp("cache"))
        cache.keep("x", "amd64", self.images, 100.0)
        (file,) = cache.folder.iterdir()
        file.write_text(json.dumps({**json.loads(file.read_text()), key: value}))
        assert cache.find("x", "amd64") in (None, Kept(100.0, ()))

    def test_a_folder_that_cannot_be_written_is_no_fault(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        ListingCache(tmp_path / "file").keep("x", "amd64", self.images, 100.0)


class TestPlaces:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("dustynv", Place(HUB, "dustynv")),
            ("docker.io/dustynv", Place(HUB, "dustynv")),
            ("https://registry.example/a/b/", Place("registry.example", "a/b")),
            ("localhost:5000", Place("localhost:5000", "")),
            ("localhost/x", Place("localhost", "x")),
            ("127.0.0.1:5000/x", Place("127.0.0.1:5000", "x")),
        ],
    )
    def test_a_place_is_a_host_and_a_namespace(self, text: str, expected: Place) -> None:
        assert parse_place(text) == expected
        assert parse_place(str(expected)) == expected

    @pytest.mark.parametrize(
        "text", ["", "docker.io", "Upper", "a b", "host.example/..", "http://x/y", "h:x/y", "a?b"]
    )
    def test_what_is_none(self, text: str) -> None:
        with pytest.raises(UsageError, match="names no registry"):
            parse_place(text)

    def test_dashes_are_written_both_ways(self) -> None:
        assert spellings(["Nano_LLM"]) == ("nano_llm", "nano-llm")
        assert spellings(["app", "a b"]) == ("app",)
