"""The client of the registry protocol against a registry that keeps it, and one that does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from jetson_containers.errors import UnreachableError
from jetson_containers.image.registry.client import Registry
from jetson_containers.image.registry.credentials import Login
from jetson_containers.image.registry.faults import (
    CredentialsError,
    LoginNeeded,
    TooLarge,
    UntrustedAnswer,
)
from jetson_containers.image.registry.web import Patience, Web
from tests.unit.image.registry_server import (
    DOCKER_MANIFEST,
    OCI_MANIFEST,
    FakeRegistry,
    Reply,
    asked,
    digest_of,
    serving,
)

REPOSITORY = "acme/app"


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with serving(FakeRegistry()) as registry:
        yield registry


def client(server: FakeRegistry, time: Time, login: Login | None = None) -> Registry:
    web = Web(
        Patience(connect=5, read=5, total=30, attempts=3),
        clock=time.clock,
        sleep=time.sleep,
        wall=time.clock,
    )
    return Registry(server.host, web, lambda host: login)


def test_all_pages_of_tags_are_read(server: FakeRegistry, time: Time) -> None:
    for number in range(7):
        server.push(REPOSITORY, f"1.{number}")
    server.page = 3
    assert client(server, time).tags(REPOSITORY) == tuple(f"1.{n}" for n in range(7))
    assert len(asked(server, "tags/list")) == 3


def test_an_unknown_repository_has_no_tags(server: FakeRegistry, time: Time) -> None:
    assert client(server, time).tags("acme/other") == ()
    assert client(server, time).image("acme/other", "1", "amd64") is None


def test_what_is_no_registry_has_no_list(server: FakeRegistry, time: Time) -> None:
    server.fail("", Reply(404, b"<html>"))
    with pytest.raises(UnreachableError, match="answers 404"):
        client(server, time).tags(REPOSITORY)


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_an_image_tells_its_architecture_and_labels(
    media_type: str, server: FakeRegistry, time: Time
) -> None:
    digest = server.push(REPOSITORY, "1", labels={"a": "b"}, arch="arm64", media_type=media_type)
    image = client(server, time).image(REPOSITORY, "1", "amd64")
    assert image is not None
    assert (image.architectures, image.labels, image.digest) == (("arm64",), {"a": "b"}, digest)
    assert image.created == "2026-01-01T00:00:00Z"
    assert client(server, time).image(REPOSITORY, digest, "amd64") == image


def test_of_an_index_the_platform_is_read(server: FakeRegistry, time: Time) -> None:
    entries = {
        arch: server.push(REPOSITORY, f"1-{arch}", labels={"for": arch}, arch=arch)
        for arch in ("amd64", "arm64")
    }
    server.push_index(REPOSITORY, "1", entries)
    image = client(server, time).image(REPOSITORY, "1", "arm64")
    assert image is not None
    assert image.labels == {"for": "arm64"} and image.architectures == ("amd64", "arm64")
    other = client(server, time).image(REPOSITORY, "1", "riscv64")
    assert other is not None
    assert other.labels == {} and other.architectures == ("amd64", "arm64")


def test_a_configuration_wins_over_its_index(server: FakeRegistry, time: Time) -> None:
    server.push_index(REPOSITORY, "1", {"amd64": server.push(REPOSITORY, "x", arch="arm64")})
    image = client(server, time).image(REPOSITORY, "1", "amd64")
    assert image is not None and image.architectures == ("arm64",)


class TestAuthorization:
    def challenge(self, server: FakeRegistry, header: str, wanted: str) -> None:
        """Let nobody in but who says ``wanted``."""
        server.faults.append(
            lambda request: (
                None
                if request.authorization == wanted or "/token" in request.path
                else Reply(401, b"{}", {"WWW-Authenticate": header})
            )
        )

    def bearer(self, server: FakeRegistry) -> None:
        realm = f'Bearer realm="http://{server.host}/token",service="shop"'
        self.challenge(server, realm, "Bearer secret")
        server.fail("/token", Reply(body=b'{"token": "secret"}'))

    def test_a_token_is_fetched_once(self, server: FakeRegistry, time: Time) -> None:
        server.push(REPOSITORY, "1")
        self.bearer(server)
        registry = client(server, time)
        assert registry.tags(REPOSITORY) == ("1",)
        assert registry.image(REPOSITORY, "1", "amd64") is not None
        (token,) = asked(server, "/token")
        assert token.query == {"service": ["shop"], "scope": [f"repository:{REPOSITORY}:pull"]}
        assert token.authorization == ""

    def test_a_login_is_shown_where_tokens_are_given(
        self, server: FakeRegistry, time: Time
    ) -> None:
        server.push(REPOSITORY, "1")
        self.bearer(server)
        assert client(server, time, Login("me", "pass")).tags(REPOSITORY) == ("1",)
        assert asked(server, "/token")[0].authorization == Login("me", "pass").basic

    def test_an_identity_token_is_exchanged(self, server: FakeRegistry, time: Time) -> None:
        server.push(REPOSITORY, "1")
        self.bearer(server)
        assert client(server, time, Login(token="long")).tags(REPOSITORY) == ("1",)
        form = asked(server, "/token")[0].body.decode()
        assert "grant_type=refresh_token" in form and "refresh_token=long" in form

    def test_basic(self, server: FakeRegistry, time: Time) -> None:
        server.push(REPOSITORY, "1")
        login = Login("me", "pass")
        self.challenge(server, 'Basic realm="shop"', login.basic)
        assert client(server, time, login).tags(REPOSITORY) == ("1",)
        with pytest.raises(LoginNeeded, match="wants a login"):
            client(server, time).tags(REPOSITORY)

    @pytest.mark.parametrize(
        "header", ["", "Negotiate", "Bearer", 'Bearer realm="ftp://x/"', 'Bearer realm="http://x/"']
    )
    def test_a_challenge_that_cannot_be_met(
        self, header: str, server: FakeRegistry, time: Time
    ) -> None:
        self.challenge(server, header, "nobody")
        with pytest.raises(UnreachableError):
            client(server, time).tags(REPOSITORY)

    @pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b'{"token": "a\\nb"}', b'{"token": 1}'])
    def test_an_answer_without_a_token(
        self, body: bytes, server: FakeRegistry, time: Time
    ) -> None:
        realm = f'Bearer realm="http://{server.host}/token"'
        self.challenge(server, realm, "nobody")
        server.fail("/token", Reply(body=body))
        with pytest.raises(UntrustedAnswer):
            client(server, time).tags(REPOSITORY)

    def test_a_login_that_cannot_be_had_is_told(self, server: FakeRegistry, time: Time) -> None:
        """What is public stays open; what is not says why nobody came."""

        def broken(host: str) -> Login | None:
            raise CredentialsError("the helper is asleep")

        server.push(REPOSITORY, "1")
        self.bearer(server)
        web = Web(clock=time.clock, sleep=time.sleep, wall=time.clock)
        assert Registry(server.host, web, broken).tags(REPOSITORY) == ("1",)
        server.faults.insert(0, lambda request: Reply(403))
        server.faults.insert(0, lambda request: None if request.authorization else Reply(
            401, b"", {"WWW-Authenticate": 'Basic realm="x"'}))  # fmt: skip
        with pytest.raises(LoginNeeded, match="the helper is asleep"):
            Registry(server.host, web, broken).tags(REPOSITORY)

    def test_a_login_stays_with_its_host(self, server: FakeRegistry, time: Time) -> None:
        login = Login("me", "pass")
        server.push(REPOSITORY, "1")
        self.challenge(server, 'Basic realm="x"', login.basic)
        with serving(FakeRegistry()) as other:
            other.documents = server.documents
            server.fail_first(
                "/blobs/",
                Reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'}),
            )
            blob = next(path for path in server.documents if "/blobs/" in path)
            server.fail("/blobs/", Reply(307, b"", {"Location": f"http://{other.host}{blob}"}))
            assert client(server, time, login).image(REPOSITORY, "1", "amd64") is not None
            assert [item.authorization for item in other.requests] == [""]
        assert asked(server, "/blobs/")[-1].authorization == login.basic


class TestPatience:
    def test_an_overloaded_registry_is_asked_again_when_it_says(
        self, server: FakeRegistry, time: Time
    ) -> None:
        server.push(REPOSITORY, "1")
        date = "Fri, 15 Jan 2027 08:00:10 GMT"  # 10 s after the clock's beginning, less the 7
        server.fail_first(
            "tags/list",
            Reply(429, b"", {"Retry-After": "7"}),
            Reply(503, b"", {"Retry-After": date}),
        )
        assert client(server, time).tags(REPOSITORY) == ("1",)
        assert time.slept == [7.0, 3.0]

    def test_not_when_that_is_too_late(self, server: FakeRegistry, time: Time) -> None:
        server.fail("tags/list", Reply(429, b"", {"Retry-After": "3600"}))
        with pytest.raises(UnreachableError, match="asks to come again in 3600 s"):
            client(server, time).tags(REPOSITORY)
        assert time.slept == []

    def test_a_broken_registry_is_asked_three_times(
        self, server: FakeRegistry, time: Time
    ) -> None:
        server.fail("tags/list", Reply(500, b"", {"Retry-After": "soon"}))
        with pytest.raises(UnreachableError, match="answers 500"):
            client(server, time).tags(REPOSITORY)
        assert time.slept == [0.5, 1.0]

    def test_half_an_answer_is_none(self, server: FakeRegistry, time: Time) -> None:
        body = json.dumps({"name": REPOSITORY, "tags": ["1", "2"]}).encode()
        server.fail("tags/list", Reply(200, body, cut=len(body) // 2))
        with pytest.raises(UnreachableError, match="broke off"):
            client(server, time).tags(REPOSITORY)
        assert time.slept == [0.5]

    def test_half_a_document_is_none(self, server: FakeRegistry, time: Time) -> None:
        body = json.dumps({"name": REPOSITORY, "tags": ["1", "2"]}).encode()
        server.fail("tags/list", Reply(200, body[:-3]))
        with pytest.raises(UntrustedAnswer, match="no JSON"):
            client(server, time).tags(REPOSITORY)

    def test_nobody_waits_for_ever(self, server: FakeRegistry, time: Time) -> None:
        server.fail("tags/list", Reply(hold=True))
        web = Web(Patience(read=0.05), clock=time.clock, sleep=time.sleep)
        with pytest.raises(UnreachableError, match="does not answer in time"):
            Registry(server.host, web, lambda host: None).tags(REPOSITORY)

    def test_nobody_there(self, server: FakeRegistry, time: Time) -> None:
        with serving(FakeRegistry()) as gone:
            pass
        with pytest.raises(UnreachableError, match="cannot be reached"):
            client(gone, time).tags(REPOSITORY)


class TestLies:
    """What contradicts itself is refused."""

    def refused(self, server: FakeRegistry, time: Time, match: str, reference: str = "1") -> None:
        with pytest.raises(UntrustedAnswer, match=match):
            client(server, time).image(REPOSITORY, reference, "amd64")

    def test_a_digest_that_is_another(self, server: FakeRegistry, time: Time) -> None:
        server.push(REPOSITORY, "1")
        kind, body = server.documents[f"/v2/{REPOSITORY}/manifests/1"]
        told = {"Content-Type": kind, "Docker-Content-Digest": digest_of(b"other")}
        server.fail("/manifests/1", Reply(200, body, told))
        self.refused(server, time, "not what its digest says")

    def test_another_manifest_under_a_digest(self, server: FakeRegistry, time: Time) -> None:
        own, other = server.push(REPOSITORY, "1"), server.push("acme/other", "1", arch="arm64")
        kind, body = server.documents[f"/v2/acme/other/manifests/{other}"]
        server.fail(own, Reply(200, body, {"Content-Type": kind}))
        self.refused(server, time, "not what its digest says", own)
        server.push_index(REPOSITORY, "2", {"amd64": own})
        self.refused(server, time, "not what its digest says", "2")

    def test_another_configuration(self, server: FakeRegistry, time: Time) -> None:
        server.push(REPOSITORY, "1")
        server.fail("/blobs/", Reply(200, b'{"architecture": "amd64"}'))
        self.refused(server, time, "the configuration of .* not what its digest says")

    def test_another_repositorys_manifest(self, server: FakeRegistry, time: Time) -> None:
        server.push(REPOSITORY, "1")
        server.push("acme/other", "1")
        to = {"Location": "/v2/acme/other/manifests/1"}
        server.fail(f"{REPOSITORY}/manifests", Reply(307, b"", to))
        self.refused(server, time, "offers another manifest")

    def test_a_list_may_leave_out_the_namespace(
        self, server: FakeRegistry, time: Time
    ) -> None:
        server.fail("tags/list", Reply(200, b'{"name": "app", "tags": ["1"]}'))
        assert client(server, time).tags(REPOSITORY) == ("1",)

    @pytest.mark.parametrize("name", [b'"acme/other"', b'"pp"', b'""', b"1", b"null"])
    def test_another_repositorys_list(
        self, name: bytes, server: FakeRegistry, time: Time
    ) -> None:
        server.fail("tags/list", Reply(200, b'{"name": %s, "tags": ["1"]}' % name))
        with pytest.raises(UntrustedAnswer, match="answered for another"):
            client(server, time).tags(REPOSITORY)

    @pytest.mark.parametrize("link", ["http://elsewhere.example/v2/", "/v2/acme/other/tags/list"])
    def test_a_list_that_goes_on_elsewhere(
        self, link: str, server: FakeRegistry, time: Time
    ) -> None:
        body = json.dumps({"name": REPOSITORY, "tags": []}).encode()
        server.fail("tags/list", Reply(200, body, {"Link": f'<{link}>; rel="next"'}))
        with pytest.raises(UntrustedAnswer, match="goes on elsewhere"):
            client(server, time).tags(REPOSITORY)

    def test_a_list_without_end(self, server: FakeRegistry, time: Time) -> None:
        body = json.dumps({"name": REPOSITORY, "tags": []}).encode()
        link = {"Link": f'</v2/{REPOSITORY}/tags/list?last=1>; rel="next"'}
        server.fail("tags/list", Reply(200, body, link))
        with pytest.raises(UntrustedAnswer, match="no end"):
            client(server, time).tags(REPOSITORY)

    @pytest.mark.parametrize("tags", [["1"], []])
    def test_the_same_tags_under_ever_new_addresses(
        self, tags: list[str], server: FakeRegistry, time: Time
    ) -> None:
        body = json.dumps({"name": REPOSITORY, "tags": tags}).encode()
        pages = [
            Reply(200, body, {"Link": f'</v2/{REPOSITORY}/tags/list?last={n}>; rel="next"'})
            for n in range(9)
        ]
        server.fail("tags/list", *pages)
        with pytest.raises(UntrustedAnswer, match="no end"):
            client(server, time).tags(REPOSITORY)
        assert len(asked(server, "tags/list")) == (2 if tags else 1)

    def test_a_last_page_may_repeat(self, server: FakeRegistry, time: Time) -> None:
        body = json.dumps({"name": REPOSITORY, "tags": ["1"]}).encode()
        more = {"Link": f'</v2/{REPOSITORY}/tags/list?last=1>; rel="next"'}
        server.fail("tags/list", Reply(200, body, more), Reply(200, body))
        assert client(server, time).tags(REPOSITORY) == ("1",)

    def test_a_redirect_to_nowhere(self, server: FakeRegistry, time: Time) -> None:
        server.fail("tags/list", Reply(302, b"", {"Location": "http://["}))
        with pytest.raises(UnreachableError):
            client(server, time).tags(REPOSITORY)

    def test_redirects_in_a_circle(self, server: FakeRegistry, time: Time) -> None:
        server.fail("tags/list", Reply(302, b"", {"Location": "?again"}))
        with pytest.raises(UntrustedAnswer, match="in a circle"):
            client(server, time).tags(REPOSITORY)

    def test_two_gigabytes_of_labels(self, server: FakeRegistry, time: Time) -> None:
        """Not read: neither where the manifest says so, nor where only the answer does."""
        digest = "sha256:" + "1" * 64
        manifest = {"schemaVersion": 2, "config": {"digest": digest, "size": 2 << 30}}
        server.document(REPOSITORY, OCI_MANIFEST, manifest, "1")
        with pytest.raises(TooLarge, match="bytes of configuration"):
            client(server, time).image(REPOSITORY, "1", "amd64")
        manifest["config"] = {"digest": digest, "size": 2}
        server.document(REPOSITORY, OCI_MANIFEST, manifest, "1")
        server.fail("/blobs/", Reply(200, b"{}", {"Content-Length": str(2 << 30)}))
        with pytest.raises(TooLarge, match="larger than 4 MiB"):
            client(server, time).image(REPOSITORY, "1", "amd64")

    @pytest.mark.parametrize(
        "document",
        [
            {"schemaVersion": 1, "name": REPOSITORY},
            {"schemaVersion": 2},
            {"schemaVersion": 2, "manifests": 3},
            {"schemaVersion": 2, "config": {"digest": "sha256:1", "size": 1}},
            {"schemaVersion": 2, "config": {"digest": "sha256:" + "1" * 64, "size": "1"}},
            [],
        ],
    )
    def test_what_is_no_manifest(
        self, document: object, server: FakeRegistry, time: Time
    ) -> None:
        server.document(REPOSITORY, OCI_MANIFEST, document, "1")
        self.refused(server, time, REPOSITORY)

    def test_what_is_no_image(self, server: FakeRegistry, time: Time) -> None:
        value = server.manifest(REPOSITORY, {"chart": "1"}, {})
        server.document(REPOSITORY, OCI_MANIFEST, value, "1")
        self.refused(server, time, "no container image")


def test_without_tls_only_this_machine_is_spoken_to(time: Time) -> None:
    web = Web(clock=time.clock, sleep=time.sleep)
    with pytest.raises(UntrustedAnswer, match="without TLS"):
        web.fetch("http://registry.example/v2/")


def test_a_certificate_that_is_not_trusted(monkeypatch: pytest.MonkeyPatch, time: Time) -> None:
    """Asking again would not change it."""
    import requests

    def refuse(*words: object, **options: object) -> None:
        raise requests.exceptions.SSLError(
            "HTTPSConnectionPool(host='x'): (Caused by SSLError(SSLCertVerificationError(1, "
            "'[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed "
            "certificate (_ssl.c:1006)')))"
        )

    monkeypatch.setattr(requests.Session, "request", refuse)
    web = Web(clock=time.clock, sleep=time.sleep)
    with pytest.raises(UnreachableError, match=r"verify failed: self-signed certificate\n") as told:
        web.fetch("https://registry.example/v2/")
    assert "REQUESTS_CA_BUNDLE" in told.value.hint and time.slept == []
