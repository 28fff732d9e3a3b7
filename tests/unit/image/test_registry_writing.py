"""What is pushed through the program's own client, and registries that do not keep their word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jetson_containers.errors import UnreachableError
from jetson_containers.image.registry.credentials import Login
from jetson_containers.image.registry.faults import LoginNeeded, UntrustedAnswer
from jetson_containers.image.registry.web import Patience, Web
from jetson_containers.image.registry.writable import WritableRegistry
from tests.unit.image.registry_server import (
    OCI_MANIFEST,
    FakeRegistry,
    Reply,
    asked,
    digest_of,
    serving,
)

REPOSITORY = "acme/app"
BODY = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": []}).encode()


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with serving(FakeRegistry()) as registry:
        yield registry


def client(server: FakeRegistry, login: Login | None = None) -> WritableRegistry:
    web = Web(Patience(total=5, attempts=2, calls=1), sleep=lambda seconds: None)
    return WritableRegistry(server.host, web, lambda host: login)


def test_a_blob_is_sent_once(server: FakeRegistry, tmp_path: Path) -> None:
    file = tmp_path / "layer"
    file.write_bytes(b"layer")
    digest = digest_of(b"layer")
    assert client(server).put_blob(REPOSITORY, digest, file)
    assert server.documents[f"/v2/{REPOSITORY}/blobs/{digest}"][1] == b"layer"
    assert not client(server).put_blob(REPOSITORY, digest, b"layer")
    assert len(asked(server, "/uploads/")) == 2


def test_a_blob_that_is_not_its_digest_is_refused(server: FakeRegistry) -> None:
    with pytest.raises(UnreachableError, match="answers 400 \\(DIGEST_INVALID: no\\)"):
        client(server).put_blob(REPOSITORY, digest_of(b"layer"), b"another")


def test_a_registry_that_only_says_it_keeps_a_blob_is_found_out(server: FakeRegistry) -> None:
    server.faults.append(lambda r: Reply(201) if r.method == "PUT" else None)
    with pytest.raises(UntrustedAnswer, match="was pushed, and is not there"):
        client(server).put_blob(REPOSITORY, digest_of(b"layer"), b"layer")


def test_a_manifest_is_read_back_as_it_was_put(server: FakeRegistry) -> None:
    digest = client(server).put(REPOSITORY, "1", BODY, OCI_MANIFEST)
    kept = client(server).document(REPOSITORY, "1")
    assert kept is not None
    assert (kept.digest, kept.body, kept.media_type) == (digest, BODY, OCI_MANIFEST)


@pytest.mark.parametrize("kept", ["nothing", "another"])
def test_a_registry_that_keeps_another_manifest_is_found_out(
    server: FakeRegistry, kept: str
) -> None:
    if kept == "another":
        server.document(REPOSITORY, OCI_MANIFEST, {"schemaVersion": 2}, "1")
    server.faults.append(lambda r: Reply(201) if r.method == "PUT" else None)
    with pytest.raises(UntrustedAnswer, match=f"the registry has {'sha' * (kept != 'nothing')}"):
        client(server).put(REPOSITORY, "1", BODY, OCI_MANIFEST)


def test_the_right_to_push_is_asked_for_when_the_registry_names_it(server: FakeRegistry) -> None:
    def gate(request: object) -> Reply | None:
        if request.path == "/token":  # type: ignore[attr-defined]
            scope = request.query["scope"][0]  # type: ignore[attr-defined]
            return Reply(body=json.dumps({"token": scope.rpartition(":")[2]}).encode())
        right = "pull,push" if request.method in ("PUT", "POST") else "pull"  # type: ignore[attr-defined]
        if right in request.authorization:  # type: ignore[attr-defined]
            return None
        realm = f'realm="http://{server.host}/token",scope="repository:{REPOSITORY}:{right}"'
        return Reply(401, headers={"WWW-Authenticate": f"Bearer {realm}"})

    server.faults.append(gate)
    registry = client(server, Login("me", "secret"))
    assert registry.document(REPOSITORY, "1") is None
    assert registry.put(REPOSITORY, "1", BODY, OCI_MANIFEST) == digest_of(BODY)
    assert "secret" not in json.dumps([item.path for item in server.requests])


@pytest.mark.parametrize("status", [401, 403, 405])
def test_a_registry_that_takes_nothing_says_who_may(server: FakeRegistry, status: int) -> None:
    server.faults.append(lambda r: Reply(status) if r.method == "PUT" else None)
    with pytest.raises(LoginNeeded):
        client(server).put(REPOSITORY, "1", BODY, OCI_MANIFEST)


def test_a_registry_that_breaks_off_a_push_is_asked_again(server: FakeRegistry) -> None:
    left = [Reply(503), None]
    server.faults.append(lambda r: left.pop(0) if r.method == "PUT" and left else None)
    assert client(server).put(REPOSITORY, "1", BODY, OCI_MANIFEST) == digest_of(BODY)
