"""``autotag`` with registries that answer, fail, or lie: exit code, stdout, and what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jetson_containers.cli import autotag_registry
from jetson_containers.cli.main import main
from jetson_containers.image.registry import hub
from tests.unit.image.images import labels
from tests.unit.image.registry_server import (
    OCI_MANIFEST,
    FakeRegistry,
    Reply,
    asked,
    digest_of,
    serving,
)

X86 = "amd64-cu130-24.04"
LOOP = '</v2/acme/app/tags/list?last=1>; rel="next"'
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with serving(FakeRegistry()) as registry:
        yield registry


class Autotag:
    """The verb for a machine of a known kind without local images, and one registry.

    What is asked for here is in no catalogue, so none has to be loaded.
    """

    def __init__(self, server: FakeRegistry, folder: Path, capture: Capture) -> None:
        self.place = f"{server.host}/acme"
        self.local = folder / "local.json"
        self.local.write_text("[]")
        self.packages = folder / "packages"
        self.packages.mkdir()
        self.capture = capture
        self.out = self.err = ""

    def __call__(self, *words: str) -> int:
        code = main([
            *("autotag", "--target", "x86-cu130", "--local-images", str(self.local)),
            *("--only-dirs", "--package-dirs", str(self.packages)),
            *("--registry", self.place, "--timeout", "20", *words),
        ])  # fmt: skip
        self.out, self.err = self.capture.readouterr()
        assert "Traceback" not in self.err
        return code


@pytest.fixture
def autotag(
    server: FakeRegistry, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> Autotag:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setattr("jetson_containers.image.registry.web.backoff", lambda attempt: 0.0)
    return Autotag(server, tmp_path, capsys)


def test_the_newest_that_runs_here(server: FakeRegistry, autotag: Autotag) -> None:
    for tag, arch in ((f"1-{X86}", "amd64"), (f"2-{X86}", "amd64"), ("9-r36.4.0", "arm64")):
        server.push("acme/app", tag, arch=arch)
    assert autotag("app") == 0
    assert autotag.out == f"{autotag.place}/app:2-{X86}\n"
    assert autotag("app:9") == 1
    assert autotag.out == "" and "wrong-arch" in autotag.err


def test_a_label_wins_over_the_tag(server: FakeRegistry, autotag: Autotag) -> None:
    """What is tagged as fitting and is not; what is tagged with a word and fits."""
    server.push("acme/app", f"9-{X86}", labels=labels("orin-jp62", "app:9"), arch="arm64")
    server.push("acme/app", "stable", labels=labels("x86-cu130", "part:1", "app:2"))
    assert autotag("app", "--json") == 0
    assert [(item["image"].rpartition(":")[2], item["accepted"], item["verified_by"])
            for item in json.loads(autotag.out)["candidates"]] == [
        ("stable", True, "label"),
        (f"9-{X86}", False, "label"),
    ]  # fmt: skip


def test_several_packages_by_their_label(server: FakeRegistry, autotag: Autotag) -> None:
    server.push("acme/app", f"9-{X86}")
    server.push("acme/app", f"2-{X86}", labels=labels("x86-cu130", "part:1", "app:2"))
    assert autotag("app", "part:1") == 0
    assert autotag.out == f"{autotag.place}/app:2-{X86}\n"


@pytest.mark.parametrize("told", ["no JSON", "[]", "{}", '{"system": 1}', "null", '{"cuda": "x"}'])
def test_labels_that_are_none_leave_the_tag(
    told: str, server: FakeRegistry, autotag: Autotag
) -> None:
    broken = {**labels("x86-cu130", "app:9"), "io.jetson-containers.target": told}
    server.push("acme/app", f"1-{X86}", labels=broken)
    assert autotag("app", "--json") == 0
    (found,) = json.loads(autotag.out)["candidates"]
    assert found["verified_by"] == "tag" and found["label_problem"]
    assert "is judged by its tag: the label io.jetson-containers.target" in autotag.err


def test_labels_that_lie_about_the_architecture(
    server: FakeRegistry, autotag: Autotag
) -> None:
    server.push("acme/app", f"1-{X86}", labels=labels("x86-cu130", "app:1"), arch="arm64")
    assert autotag("app") == 1
    assert autotag.out == "" and "wrong-arch" in autotag.err


def test_labels_that_lie_are_no_help(server: FakeRegistry, autotag: Autotag) -> None:
    """An image with such labels is judged by its tag, and comes after all that say the truth."""
    server.push("acme/app", f"2-{X86}", labels=labels("orin-jp62", "app:2"))
    assert autotag("app") == 0
    assert autotag.out == f"{autotag.place}/app:2-{X86}\n"
    assert "is judged by its tag: the label" in autotag.err
    server.push("acme/app", f"1-{X86}")
    assert autotag("app", "--refresh") == 0
    assert autotag.out == f"{autotag.place}/app:1-{X86}\n"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'}), "wants a login"),
        (Reply(403), "wants a login"),
        (Reply(429, b"", {"Retry-After": "999"}), "come again in 999 s"),
        (Reply(429, b"", {"Retry-After": "0"}), "answers 429"),
        (Reply(500), "answers 500"),
        (Reply(200, b'{"name": "acme/app", "tags": ["1-amd'), "no JSON"),
        (Reply(200, b'{"name": "acme/app", "tags": ["1"]}', cut=9), "broke off"),
        (Reply(200, b'{"name": "acme/other", "tags": ["1"]}'), "answered for another"),
        (Reply(200, b"<html>"), "no JSON"),
        (Reply(200, b'{"name": "acme/app", "tags": ["1"]}', {"Link": LOOP}), "has no end"),
    ],
)
def test_a_registry_that_fails(
    reply: Reply, said: str, server: FakeRegistry, autotag: Autotag
) -> None:
    server.push("acme/app", f"1-{X86}")
    server.fail("tags/list", reply)
    assert autotag("app") == 3
    assert autotag.out == "" and said in autotag.err
    # what is here is found, and the trouble is told
    autotag.local.write_text(json.dumps([{"reference": f"app:1-{X86}"}]))
    assert autotag("app", "--prefer", "registry,local") == 0
    assert autotag.out == f"app:1-{X86}\n" and said in autotag.err
    assert autotag("app", "--prefer", "registry,local", "--quiet") == 0
    assert autotag.err == ""


@pytest.mark.parametrize(
    "reply", [Reply(hold=True), Reply(200, headers={"Content-Length": "99999"}, drip=True)]
)
def test_a_registry_that_never_answers(
    reply: Reply, server: FakeRegistry, autotag: Autotag
) -> None:
    server.fail("", reply)
    assert autotag("app", "--timeout", "0.2") == 3
    assert autotag.out == ""


def test_nobody_waits_twice(
    server: FakeRegistry, autotag: Autotag, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alias is another name, and the same registry."""
    monkeypatch.setattr(
        "jetson_containers.cli.autotag_names.Names.resolved",
        lambda _, request: tuple(replace(item, name="app") for item in request),
    )
    server.push("acme/app", f"1-{X86}")
    server.fail("acme/thing", Reply(500))
    assert autotag("thing", "--disable", "local") == 3
    assert asked(server, "acme/app") == []
    server.faults.clear()
    assert autotag("thing", "--disable", "local") == 0
    assert autotag.out == f"{autotag.place}/app:1-{X86}\n"


def test_a_registry_that_recovers(server: FakeRegistry, autotag: Autotag) -> None:
    server.push("acme/app", f"1-{X86}")
    server.fail_first("", Reply(500), Reply(429, b"", {"Retry-After": "0"}), Reply(503))
    assert autotag("app") == 0
    assert autotag.out == f"{autotag.place}/app:1-{X86}\n"


def test_another_repositorys_manifest_is_not_offered(
    server: FakeRegistry, autotag: Autotag
) -> None:
    """By its digest it is refused; where nothing gives it away, its label says what it holds."""
    server.push("acme/other", "1", labels=labels("x86-cu130", "other:1"))
    kind, body = server.documents["/v2/acme/other/manifests/1"]
    server.push("acme/app", f"1-{X86}")
    own = digest_of(server.documents[f"/v2/acme/app/manifests/1-{X86}"][1])
    server.fail(
        f"acme/app/manifests/1-{X86}",
        Reply(200, body, {"Content-Type": kind, "Docker-Content-Digest": own}),
    )
    assert autotag("app") == 3
    assert autotag.out == "" and "not what its digest says" in autotag.err
    server.faults.clear()
    server.documents[f"/v2/acme/app/manifests/1-{X86}"] = kind, body
    blob = next(path for path in server.documents if path.startswith("/v2/acme/other/blobs/"))
    server.documents[blob.replace("other", "app")] = server.documents[blob]
    assert autotag("app") == 1
    assert autotag.out == "" and "missing-package" in autotag.err


def test_an_image_of_too_many_labels_is_left_out(
    server: FakeRegistry, autotag: Autotag
) -> None:
    digest = "sha256:" + "1" * 64
    manifest = {"schemaVersion": 2, "config": {"digest": digest, "size": 2 << 30}}
    server.document("acme/app", OCI_MANIFEST, manifest, f"1-{X86}")
    assert autotag("app") == 1
    assert autotag.out == "" and "2147483648 bytes of configuration" in autotag.err


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "the logins cannot be read"),
        ('{"auths": ', "it is no JSON"),
        ('{"credsStore": "asleep"}', "docker-credential-asleep cannot be run"),
    ],
)
def test_logins_that_cannot_be_had(
    config: str | None, said: str, server: FakeRegistry, autotag: Autotag, tmp_path: Path
) -> None:
    """They matter where a login is wanted, and there they are the reason."""
    file = tmp_path / "docker" / "config.json"
    file.parent.mkdir()
    if config is None:
        file.mkdir()
    else:
        file.write_text(config)
    server.push("acme/app", f"1-{X86}")
    assert autotag("app") == 0
    server.fail("", Reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'}))
    assert autotag("app", "--refresh", "--prefer", "local,registry") == 0
    assert said in autotag.err  # the last answer is used, and the trouble is told
    assert autotag("app:7", "--refresh") == 3
    assert autotag.out == "" and said in autotag.err


class TestCache:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
        """The time of day that listings are kept with."""
        now = [1_000_000.0]
        before = autotag_registry.Registries.of

        def of(*words: object) -> autotag_registry.Registries:
            made = before(*words)  # type: ignore[arg-type]
            made.now = lambda: now[0]
            return made

        monkeypatch.setattr(autotag_registry.Registries, "of", of)
        yield now

    def test_it_is_used_while_fresh(
        self, server: FakeRegistry, autotag: Autotag, clock: list[float]
    ) -> None:
        server.push("acme/app", f"1-{X86}")
        assert autotag("app") == 0 and autotag.err == ""
        server.push("acme/app", f"2-{X86}")
        clock[0] += 720
        assert autotag("app") == 0
        assert autotag.out.endswith(f":1-{X86}\n")
        assert "as it was 12 min ago (--refresh asks again)" in autotag.err
        assert len(asked(server, "tags/list")) == 1
        assert autotag("app", "--refresh") == 0
        assert autotag.out.endswith(f":2-{X86}\n")

    def test_it_is_asked_again_when_old(
        self, server: FakeRegistry, autotag: Autotag, clock: list[float]
    ) -> None:
        server.push("acme/app", f"1-{X86}")
        autotag("app")
        server.push("acme/app", f"2-{X86}")
        clock[0] += 3601
        assert autotag("app") == 0
        assert autotag.out.endswith(f":2-{X86}\n")

    def test_offline_it_is_used_at_any_age(
        self, server: FakeRegistry, autotag: Autotag, clock: list[float]
    ) -> None:
        assert autotag("app", "--offline") == 3
        assert "was never asked" in autotag.err
        server.push("acme/app", f"1-{X86}")
        autotag("app")
        clock[0] += 864_000
        before = len(server.requests)
        assert autotag("app", "--offline") == 0
        assert autotag.out.endswith(f":1-{X86}\n") and "10 days ago" in autotag.err
        # what it was is known, and none of it fits
        assert autotag("app:3", "--offline") == 1
        assert len(server.requests) == before

    def test_it_stands_in_for_a_registry_that_fails(
        self, server: FakeRegistry, autotag: Autotag, clock: list[float]
    ) -> None:
        server.push("acme/app", f"1-{X86}")
        autotag("app")
        clock[0] += 7200
        server.fail("", Reply(500))
        assert autotag("app") == 0
        assert autotag.out.endswith(f":1-{X86}\n")
        assert "answers 500" in autotag.err and "2 h ago" in autotag.err
        # the failure counts where nothing fits
        assert autotag("app:7") == 3

    def test_an_incomplete_list_is_not_kept(
        self, server: FakeRegistry, autotag: Autotag
    ) -> None:
        server.push("acme/app", f"1-{X86}")
        server.push("acme/app", f"2-{X86}")
        server.fail(f"/manifests/2-{X86}", Reply(500))
        assert autotag("app") == 0
        assert autotag.out.endswith(f":1-{X86}\n") and "answers 500" in autotag.err
        server.faults.clear()
        assert autotag("app") == 0
        assert autotag.out.endswith(f":2-{X86}\n")

    def test_a_torn_file_is_asked_for_again(
        self, server: FakeRegistry, autotag: Autotag, tmp_path: Path
    ) -> None:
        server.push("acme/app", f"1-{X86}")
        autotag("app")
        (file,) = (tmp_path / "cache" / "jetson-containers" / "listings").iterdir()
        file.write_text(file.read_text()[:40])
        assert autotag("app") == 0
        assert autotag.out.endswith(f":1-{X86}\n") and autotag.err == ""


class TestPlaces:
    def test_several_registries(self, server: FakeRegistry, autotag: Autotag) -> None:
        server.push("acme/app", f"1-{X86}")
        server.push("beta/app", f"2-{X86}")
        assert autotag("app", "--registry", f"{server.host}/beta") == 0
        assert autotag.out == f"{server.host}/beta/app:2-{X86}\n"

    def test_one_that_fails_does_not_hide_the_other(
        self, server: FakeRegistry, autotag: Autotag
    ) -> None:
        server.push("acme/app", f"1-{X86}")
        server.fail("beta/", Reply(500))
        assert autotag("app", "--registry", f"{server.host}/beta") == 0
        assert autotag.out == f"{autotag.place}/app:1-{X86}\n"
        assert "answers 500" in autotag.err

    def test_a_namespace_in_the_request(self, server: FakeRegistry, autotag: Autotag) -> None:
        server.push("acme/app", f"9-{X86}")
        server.push("beta/app", f"2-{X86}")
        assert autotag(f"{server.host}/beta/app") == 0
        assert autotag.out == f"{server.host}/beta/app:2-{X86}\n"

    def test_what_names_no_registry(self, autotag: Autotag) -> None:
        assert autotag("app", "--registry", "a b") == 2
        assert "names no registry" in autotag.err

    def test_without_tls_elsewhere(self, autotag: Autotag) -> None:
        """Nothing goes out in the clear unless that is asked for."""
        assert autotag("app", "--registry", "http://registry.example/x") == 2


def test_docker_hub_as_it_was_recorded(
    server: FakeRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """Without any option the listing of ``dustynv`` there is read, and nothing is pulled."""
    monkeypatch.setattr(hub, "ADDRESS", f"http://{server.host}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    page = (Path(__file__).parents[2] / "data" / "dockerhub-page.json").read_bytes()
    server.fail("/v2/namespaces/dustynv/repositories/sglang/tags", Reply(200, page))
    words = ["autotag", "sglang", "--disable", "local", "--target"]
    assert main([*words, "orin-jp62"]) == 0
    assert capsys.readouterr().out == "dustynv/sglang:0.4.7-r36.4-cu128-24.04\n"
    assert main([*words, "xavier-jp5"]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("l4t-window") == 3
    assert len(server.requests) == 1  # both are arm64: the listing is that of the first


class TestWhyNot:
    def test_an_image_of_a_registry(self, server: FakeRegistry, autotag: Autotag) -> None:
        server.push("acme/app", "word", labels=labels("x86-cu130", "app:2"))
        image = f"{autotag.place}/app:word"
        assert autotag("--why-not", image, "app") == 0
        assert autotag.out == f"{image}\n" and "told by its label" in autotag.err
        assert autotag("--why-not", image, "app:3") == 1
        assert autotag.out == "" and "wrong-version" in autotag.err

    def test_a_local_image(self, autotag: Autotag) -> None:
        autotag.local.write_text(json.dumps([{"reference": "app:1-r36.4.0"}]))
        assert autotag("--why-not", "app:1-r36.4.0", "app") == 1
        assert "wrong-arch" in autotag.err

    def test_a_name_alone(self, autotag: Autotag) -> None:
        assert autotag("--why-not", "dustynv/vllm:r36.4.0", "vllm", "--offline") == 1
        assert "told by its tag" in autotag.err and "wrong-arch" in autotag.err

    def test_a_saved_listing(self, autotag: Autotag, tmp_path: Path) -> None:
        """It stands for Docker Hub, as it does for a search: what it does not list is not asked."""
        page = {
            "next": "https://h/v2/repositories/acme/app/tags?page=2",
            "results": [{"name": f"1-{X86}", "images": [{"architecture": "arm64"}]}],
        }
        (tmp_path / "hub.json").write_text(json.dumps(page))
        saved = ("--registry-snapshot", str(tmp_path / "hub.json"))
        assert autotag("--why-not", f"acme/app:1-{X86}", "app", *saved) == 1
        assert "wrong-arch" in autotag.err
        assert autotag("--why-not", f"acme/app:2-{X86}", "app", *saved) == 0
        assert autotag.err.startswith(f"acme/app:2-{X86} runs on this machine")

    def test_offline_the_last_answer_tells(self, server: FakeRegistry, autotag: Autotag) -> None:
        server.push("acme/app", "word", labels=labels("x86-cu130", "app:2"))
        assert autotag("app") == 0
        before = len(server.requests)
        assert autotag("--why-not", f"{autotag.place}/app:word", "app", "--offline") == 0
        assert "told by its label" in autotag.err and len(server.requests) == before

    def test_what_no_registry_has(self, autotag: Autotag) -> None:
        image = f"{autotag.place}/app:1-{X86}"
        assert autotag("--why-not", image, "app") == 0
        assert "no registry has" in autotag.err


