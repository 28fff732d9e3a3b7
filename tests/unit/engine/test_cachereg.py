"""Stages looked for in registries: what is believed, and what a bad registry costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from jetson_containers.engine.cache import Kept
from jetson_containers.engine.cachereg import CachePlace, RegistryCache, parse_cache_place
from jetson_containers.engine.dryrun import DryRunEngine
from jetson_containers.engine.protocol import ImageInfo
from jetson_containers.errors import UnreachableError, UsageError
from jetson_containers.image import labels
from jetson_containers.image.registry.credentials import Login
from jetson_containers.image.registry.place import Place
from jetson_containers.image.registry.web import Patience
from jetson_containers.plan.model import Stage
from tests.unit.image.registry_server import FakeRegistry, Reply, Request, asked, serving

FIRST, SECOND = "1" * 64, "2" * 64


def stage(package: str, fingerprint: str, platform: str = "linux/amd64") -> Stage:
    return Stage(
        id=f"{package}-{fingerprint[:12]}",
        package=package,
        version=None,
        fingerprint=fingerprint,
        parent=None,
        base="base:1",
        context="/tree",
        dockerfile="Dockerfile",
        shown="tree",
        build_args=(),
        contexts=(),
        secrets=(),
        device=None,
        build_flags=(),
        labels=(),
        tests=(),
        reference=f"jetson-stage/{package.lower()}:{fingerprint[:16]}",
        platform=platform,
        reason="",
        layers=1,
    )


LIB, APP = stage("Lib", FIRST), stage("app", SECOND)


@dataclass
class Shelf:
    """A registry, and the cache that asks it; ``said`` are the warnings."""

    server: FakeRegistry
    said: list[str] = field(default_factory=list)

    def cache(self, *hosts: str, login: Login | None = None) -> RegistryCache:
        places = [CachePlace(Place(host, "team")) for host in hosts or (self.server.host,)]
        patience = Patience(connect=1, read=1, total=2, attempts=2, calls=1)
        return RegistryCache(places, lambda host: login, self.said.append, patience=patience)

    def keep(self, one: Stage, **more: str) -> str:
        """Push a stage; the digest of its manifest."""
        told = {labels.FINGERPRINT: more.pop("says", one.fingerprint)}
        repository = f"team/{one.package.lower()}"
        return self.server.push(repository, one.fingerprint[:16], labels=told, **more)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with serving(FakeRegistry()) as server:
        yield Shelf(server)


def test_what_is_there_is_found_by_digest_and_the_rest_is_not(shelf: Shelf) -> None:
    digest = shelf.keep(LIB)
    found = shelf.cache().find([LIB, APP])
    place = f"{shelf.server.host}/team/lib"
    assert list(found) == [FIRST]
    assert found[FIRST].reference == f"{place}@{digest}"
    assert found[FIRST].source == f"registry {place}:{FIRST[:16]}"
    assert shelf.said == []


def test_the_first_place_that_has_a_stage_is_taken(shelf: Shelf) -> None:
    with serving(FakeRegistry()) as second:
        other = Shelf(second)
        other.keep(LIB)
        other.keep(APP)
        shelf.keep(LIB)
        found = shelf.cache(shelf.server.host, second.host).find([LIB, APP])
    assert shelf.server.host in found[FIRST].source
    assert second.host in found[SECOND].source


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"says": SECOND}, "its label says 2222222222222222, not 1111111111111111"),
        ({"says": ""}, "its label says nothing"),
        ({"arch": "arm64"}, "it is for arm64"),
    ],
)
def test_another_image_under_the_stages_name_is_refused(
    shelf: Shelf, more: dict[str, str], why: str
) -> None:
    shelf.keep(LIB, **more)
    assert shelf.cache().find([LIB]) == {}
    assert len(shelf.said) == 1
    assert f"team/lib:{FIRST[:16]} is refused: {why}" in shelf.said[0]


@pytest.mark.parametrize("part", ["/manifests/", "/blobs/"])
def test_a_registry_that_lies_about_a_digest_is_said_and_not_used(
    shelf: Shelf, part: str
) -> None:
    shelf.keep(LIB)
    shelf.keep(APP)
    path = next(p for p in shelf.server.documents if part in p and "/lib/" in p)
    kind, body = shelf.server.documents[path]
    told = {"Content-Type": kind, "Docker-Content-Digest": "sha256:" + "0" * 64}
    lie = Reply(200, body.replace(b"{", b"{ ", 1), told)
    shelf.server.faults.append(lambda r: lie if "/lib/" in r.path and part in r.path else None)
    assert list(shelf.cache().find([LIB, APP])) == [SECOND]
    assert len(shelf.said) == 1
    assert "is refused" in shelf.said[0]
    assert "is not what its digest says" in shelf.said[0]


@pytest.mark.parametrize(
    "reply", [Reply(401), Reply(403), Reply(429), Reply(500), Reply(503), Reply(hold=True)]
)
def test_a_registry_that_does_not_serve_is_a_single_warning(shelf: Shelf, reply: Reply) -> None:
    shelf.server.fail("/v2/", reply)
    cache = shelf.cache()
    assert cache.find([LIB, APP]) == {}
    before = len(shelf.server.requests)
    assert cache.find([LIB, APP]) == {}
    assert len(shelf.server.requests) == before, "a place that was given up is asked again"
    assert len(shelf.said) == 1
    assert shelf.said[0].startswith(
        f"{shelf.server.host}/team is not asked any further, and nothing is kept there: "
    )


def test_a_host_that_nobody_answers_at_does_not_keep_the_others_from_being_used(
    shelf: Shelf,
) -> None:
    shelf.keep(LIB)
    found = shelf.cache("127.0.0.1:1", shelf.server.host).find([LIB])
    assert list(found) == [FIRST]
    assert len(shelf.said) == 1


def test_a_short_trouble_is_no_trouble(shelf: Shelf) -> None:
    shelf.keep(LIB)
    shelf.server.fail_first("/manifests/", Reply(503))
    assert list(shelf.cache().find([LIB])) == [FIRST]
    assert len(asked(shelf.server, "/manifests/")) == 2
    assert shelf.said == []


class Pushing(DryRunEngine):
    """Pushes the image of a stage to registries in threads; their faults end where it arrives.

    As engines do, it looks at the name first."""

    def __init__(self, *servers: FakeRegistry) -> None:
        super().__init__(lambda argv: None)
        self.servers = {server.host: server for server in servers}
        self.pushed: list[str] = []

    def push(self, reference: str, on_line: Callable[[str], None]) -> None:
        self.pushed.append(reference)
        name, _, tag = reference.rpartition(":")
        host, _, repository = name.partition("/")
        server = self.servers[host]
        path = f"/v2/{repository}/manifests/{tag}"
        if server.answer(Request(path, {}, {}, method="HEAD")).status >= 500:
            raise UnreachableError(f"unexpected status from HEAD request to {path}")
        server.faults.clear()
        whole = next(one for one in (FIRST, SECOND) if one.startswith(tag))
        server.push(repository, tag, labels={labels.FINGERPRINT: whole})


IMAGE = ImageInfo("sha256:0", (), {}, "", 1)


def stored(cache: RegistryCache, engine: Pushing, one: Stage) -> Kept:
    return cache.store(one, IMAGE, engine, lambda line: None)


def test_a_slow_registry_switches_off_itself_alone(shelf: Shelf) -> None:
    """It keeps neither the threads nor the patience of the one that has nothing, and answers."""
    many = [stage(f"p{n}", f"{n:064x}") for n in range(20)]
    with serving(FakeRegistry()) as slow:
        slow.fail("/v2/", Reply(headers={"Content-Length": "9000"}, drip=True))
        cache = shelf.cache(slow.host, shelf.server.host)
        shelf.keep(APP)
        begun = time.monotonic()
        assert list(cache.find([*many, LIB, APP])) == [SECOND]
        assert time.monotonic() - begun < 4
        assert len(shelf.said) == 1, shelf.said
        assert shelf.said[0].startswith(f"{slow.host}/team is not asked any further")
        engine = Pushing(shelf.server, slow)
        kept = stored(cache, engine, LIB)
    assert kept.places == (f"{shelf.server.host}/team",)
    assert kept.missed == (f"{slow.host}/team is not asked any further",)
    assert engine.pushed == [f"{shelf.server.host}/team/lib:{FIRST[:16]}"]


def test_a_place_that_is_only_read_keeps_nothing_and_is_no_fault(shelf: Shelf) -> None:
    cache = shelf.cache()
    cache.places = [CachePlace(place.place, writable=False) for place in cache.places]
    engine = Pushing(shelf.server)
    assert stored(cache, engine, LIB) == Kept()
    assert engine.pushed == []
    shelf.server.fail("/v2/", Reply(401))
    cache.find([LIB])
    assert "is not asked any further: " in shelf.said[0]


def test_what_one_place_does_not_take_another_keeps(shelf: Shelf) -> None:
    cache = shelf.cache("127.0.0.1:1", shelf.server.host)
    kept = stored(cache, Pushing(shelf.server), LIB)
    assert kept.places == (f"{shelf.server.host}/team",)
    assert len(kept.missed) == 1 and "127.0.0.1:1" in kept.missed[0]


def bad_manifest(shelf: Shelf) -> None:
    path = f"/team/lib/manifests/{FIRST[:16]}"

    def fault(request: Request) -> Reply | None:
        written = any(one.method == "PUT" and path in one.path for one in shelf.server.requests)
        return Reply(500) if path in request.path and not written else None

    shelf.server.faults.append(fault)


def lost_configuration(shelf: Shelf) -> None:
    part = "/team/lib/blobs/"
    shelf.server.faults.append(
        lambda r: Reply(404) if part in r.path and r.method == "GET" else None
    )


@pytest.mark.parametrize("spoil", [bad_manifest, lost_configuration])
@pytest.mark.parametrize("others", [[], [APP]])
def test_an_entry_that_the_registry_cannot_give_is_replaced_and_the_others_are_used(
    shelf: Shelf, spoil: Callable[[Shelf], None], others: list[Stage]
) -> None:
    shelf.keep(LIB)
    shelf.keep(APP)
    spoil(shelf)
    cache = shelf.cache()
    assert list(cache.find([LIB, *others])) == [one.fingerprint for one in others]
    assert len(shelf.said) == 1
    assert shelf.said[0].startswith(f"{shelf.server.host}/team/lib:{FIRST[:16]} is refused: ")
    engine = Pushing(shelf.server)
    assert stored(cache, engine, LIB) == Kept((f"{shelf.server.host}/team",))
    assert len(engine.pushed) == 1
    assert list(cache.find([LIB])) == [FIRST]


@pytest.mark.parametrize(
    ("text", "writable"),
    [("ghcr.io/acme", True), ("ghcr.io/acme,mode=rw", True), ("127.0.0.1:5000/a/b,mode=ro", False)],
)
def test_a_place_is_read_and_written_back(text: str, writable: bool) -> None:
    place = parse_cache_place(text)
    assert place.writable is writable
    assert parse_cache_place(str(place)) == place


@pytest.mark.parametrize(
    "text", ["", "ghcr.io/acme,mode=x", "ghcr.io/acme,rw", "ghcr.io/Up,mode=ro"]
)
def test_other_words_are_no_place(text: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_cache_place(text)
    assert told.value.what.startswith("--cache-registry ")
    assert text in told.value.what
