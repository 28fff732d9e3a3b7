"""What the registry of a reference says of it: asked once, with the logins of its host."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jetson_containers.errors import BuilderError, UnreachableError, UsageError
from jetson_containers.image.registry.credentials import Login
from jetson_containers.image.registry.place import HUB, Place
from jetson_containers.image.registry.remote import manifest_digest, remote_image, remote_place
from jetson_containers.image.registry.web import Patience, Web
from tests.unit.image.registry_server import FakeRegistry, Reply, Request, serving

DIGEST = "sha256:" + "7" * 64


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with serving(FakeRegistry()) as registry:
        yield registry


def nobody(host: str) -> Login | None:
    return None


def test_places() -> None:
    assert remote_place("ubuntu") == Place(HUB, "library/ubuntu")
    assert remote_place("docker.io/ubuntu") == Place(HUB, "library/ubuntu")
    assert remote_place("acme/app") == Place(HUB, "acme/app")
    assert remote_place("localhost:5000/app") == Place("localhost:5000", "app")
    with pytest.raises(UsageError):
        remote_place("a b")


def test_a_digest_is_told_without_the_manifest(server: FakeRegistry) -> None:
    """The index's own, where a tag is for several platforms; it counts as no pull."""
    one = server.push("acme/app", "one")
    both = server.push_index("acme/app", "both", {"amd64": one})
    assert manifest_digest(f"{server.host}/acme/app:one", Web(), nobody) == one
    assert manifest_digest(f"{server.host}/acme/app:both", Web(), nobody) == both
    assert {request.method for request in server.requests} == {"HEAD"}


@pytest.mark.parametrize("told", [{}, {"Docker-Content-Digest": "junk"}])
def test_a_digest_that_is_not_told_is_that_of_the_manifest(
    told: dict[str, str], server: FakeRegistry
) -> None:
    digest = server.push("acme/app", "1")
    server.faults.append(
        lambda request: Reply(200, headers=told) if request.method == "HEAD" else None
    )
    assert manifest_digest(f"{server.host}/acme/app:1", Web(), nobody) == digest


def test_logins_open_a_closed_registry(server: FakeRegistry) -> None:
    login = Login("name", "password")

    def closed(request: Request) -> Reply | None:
        challenge = {"WWW-Authenticate": 'Basic realm="x"'}
        return None if request.authorization == login.basic else Reply(401, headers=challenge)

    server.faults.append(closed)
    digest = server.push("acme/app", "1")
    reference = f"{server.host}/acme/app:1"
    with pytest.raises(UnreachableError, match="wants a login"):
        manifest_digest(reference, Web(), nobody)
    assert manifest_digest(reference, Web(), {server.host: login}.get) == digest
    found = remote_image(reference, "amd64", Web(), {server.host: login}.get)
    assert found is not None and found.digest == digest


def test_a_reference_with_a_digest_is_its_own_answer() -> None:
    assert manifest_digest(f"nowhere.invalid/app@{DIGEST}", Web(), nobody) == DIGEST


def test_an_image_that_a_registry_does_not_have_is_denied(server: FakeRegistry) -> None:
    with pytest.raises(BuilderError, match="has no image") as caught:
        manifest_digest(f"{server.host}/app:none", Web(), nobody)
    assert not isinstance(caught.value, UnreachableError)


@pytest.mark.parametrize("reply", [Reply(418), Reply(403)])
def test_an_answer_that_makes_no_sense_is_none(reply: Reply, server: FakeRegistry) -> None:
    server.fail("/v2/", reply)
    with pytest.raises(UnreachableError):
        manifest_digest(f"{server.host}/app:1", Web(), nobody)


@pytest.mark.parametrize("part", ["/manifests/", "/blobs/"])
def test_a_page_that_trickles_ends_with_the_patience(part: str, server: FakeRegistry) -> None:
    """Each byte is in time, and the whole never is."""
    server.push("acme/app", "1")
    server.fail(part, Reply(200, headers={"Content-Length": "99999"}, drip=True))
    web = Web(Patience(read=20, total=0.3))
    with pytest.raises(UnreachableError, match="too slow"):
        remote_image(f"{server.host}/acme/app:1", "amd64", web, nobody)
    assert web.clock() < web.deadline + 1
