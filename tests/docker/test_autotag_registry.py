"""``autotag`` on a real registry that holds what ``build`` pushed there."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker import DockerClient

from jetson_containers.cli import autotag_build
from jetson_containers.cli.main import main
from jetson_containers.engine.locate import default_cache_dir
from jetson_containers.engine.processes import end
from jetson_containers.image.registry.credentials import docker_logins
from jetson_containers.image.registry.remote import manifest_digest
from jetson_containers.image.registry.web import Web
from tests import services
from tests.docker.trees import Tree
from tests.unit.image.images import labels

X86 = "amd64-cu130-24.04"


@dataclass
class Shop:
    """A registry's namespace with the images of a tree, and the verb asking there alone."""

    tree: Tree
    client: DockerClient
    place: str

    @property
    def app(self) -> str:
        return self.tree.name("app")

    def push(self, tag: str, told: dict[str, str]) -> None:
        """An image that somebody else pushed under the package's name."""
        repository = f"{self.place}/{self.app}"
        container = self.client.containers.create(self.tree.base)
        try:
            changes = [f"LABEL {name}={json.dumps(text)}" for name, text in told.items()]
            container.commit(repository, tag, changes="\n".join(changes) or None)
        finally:
            container.remove()
        for line in self.client.images.push(repository, tag=tag, stream=True, decode=True):
            assert "error" not in line, line
        self.client.images.remove(f"{repository}:{tag}")

    def autotag(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = self.tree.argv("autotag", *words, "--registry", self.place, "--refresh")
        return subprocess.run(
            argv, env=self.tree.env(), capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def shop(tree: Tree, client: DockerClient, registry: str) -> Shop:
    """``app`` on ``part``, built, pushed, and removed from the engine."""
    for short, version, depends in (("part", "2.0", ""), ("app", "1.5", "part")):
        header = "alias: thing" if short == "app" else ""
        folder = tree.add(short, f"RUN echo {short} > /{short}", depends=depends, header=header)
        file = folder / "Dockerfile"
        name = f"name: {tree.name(short)}"
        file.write_text(file.read_text().replace(f"{name}\n", f"{name}:{version}\n"))
    place = f"{registry}/{tree.prefix}"
    done = tree.build(tree.name("app"), "--push", place)
    assert done.returncode == 0, done.stderr
    for tag in [tag for image in client.images.list() for tag in image.tags]:
        if tree.name("app") in tag and "jetson-stage" not in tag:
            client.images.remove(tag)
    return Shop(tree, client, place)


def test_what_was_pushed_is_found(shop: Shop) -> None:
    found = shop.autotag(shop.app)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == f"{shop.place}/{shop.app}:1.5-{X86}\n"
    # it is what can be pulled
    assert shop.client.images.pull(found.stdout.strip()).labels
    # all that it holds is in its label, also under other names
    for words in ([shop.app, f"{shop.tree.name('part')}:2.0"], ["thing"]):
        assert shop.autotag(*words, "--disable", "local").stdout == found.stdout
    assert shop.autotag(f"{shop.app}:1.6").returncode == 1
    judged = shop.autotag("--why-not", found.stdout.strip(), shop.app, "--disable", "local")
    assert judged.returncode == 0 and "told by its label, exact" in judged.stderr


def test_a_label_wins_over_a_tag(shop: Shop) -> None:
    """Neither a newer tag on an image whose labels tell of another machine or another package is
    taken, nor one of the same version that nothing but the tag vouches for."""
    shop.push(f"9-{X86}", labels("orin-jp62", f"{shop.app}:9"))
    shop.push(f"8-{X86}", labels("x86-cu130", "other:8"))
    shop.push(f"1.5-{X86.replace('24.04', '22.04')}", {})
    found = shop.autotag(shop.app, "--json")
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert told["image"] == f"{shop.place}/{shop.app}:1.5-{X86}"
    told = {item["image"].rpartition(":")[2]: item for item in told["candidates"]
            if item["source"] == "registry"}  # fmt: skip
    assert [reason["code"] for reason in told[f"8-{X86}"]["reasons"]] == ["missing-package"]
    assert "says arm64" in told[f"9-{X86}"]["label_problem"]
    assert told["1.5-amd64-cu130-22.04"]["accepted"]
    assert told["1.5-amd64-cu130-22.04"]["verified_by"] == "tag"


def test_what_is_missing_is_built(
    tree: Tree,
    client: DockerClient,
    registry: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Where ``--prefer build`` names it; stdout holds the reference of what was built."""
    tree.add("app", "RUN true")
    before = autotag_build.build_argv
    # what a build here takes for its base
    more = tree.build_argv("--base", tree.base)[4:]
    monkeypatch.setattr(autotag_build, "build_argv", lambda *words: [*before(*words), *more])
    monkeypatch.setenv("XDG_CACHE_HOME", tree.env()["XDG_CACHE_HOME"])
    words = ("autotag", tree.name("app"), "--registry", f"{registry}/{tree.prefix}")
    options = ("--prefer", "local,registry,build", "--quiet")
    assert main(tree.argv(*words, *options)[3:]) == 0
    reference = capfd.readouterr().out.removesuffix("\n")
    assert reference.startswith(f"{tree.name('app')}:")
    assert client.images.get(reference).labels


#: ``me`` with the password ``secret``, as htpasswd writes it (bcrypt)
HTPASSWD = "me:$2b$04$J76sj/m15VSpkZb8Hz5zQOEzLpb0XS62hT9Hbzg7oHuOxNJdrxH7u\n"


def test_a_registry_that_wants_a_login(
    client: DockerClient,
    tiny_base: str,
    image_name: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The Docker client's file and its helpers open it; without them it is said what is wanted."""
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    auth = {"auth": {"htpasswd": {"realm": "x", "path": str(tmp_path / "htpasswd")}}}
    host, identity = services.start_registry(
        tmp_path / "registry", default_cache_dir(os.environ), auth
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    try:
        repository = f"{host}/{image_name('app')}"
        client.images.get(tiny_base).tag(repository, "1")
        login = {"username": "me", "password": "secret"}
        for line in client.images.push(
            repository, tag="1", auth_config=login, stream=True, decode=True
        ):
            assert "error" not in line, line
        pushed = client.images.get(f"{repository}:1").attrs["RepoDigests"]
        client.images.remove(f"{repository}:1")
        place, _, name = repository.rpartition("/")
        words = [
            *("autotag", name, "--target", "x86-cu130", "--registry", place),
            *("--disable", "local,build", "--explain", "--refresh"),
        ]

        def verdict() -> tuple[int, str]:
            return main(words), capfd.readouterr().err

        code, said = verdict()
        assert code == 3 and f"hint: docker login {host}" in said
        config = tmp_path / "config.json"
        packed = base64.b64encode(b"me:secret").decode()
        config.write_text(json.dumps({"auths": {host: {"auth": packed}}}))
        code, said = verdict()
        # the image says nothing of itself, and its tag neither: it is seen, and not offered
        assert code == 1 and "unreadable-tag" in said and f"{repository}:1" in said
        # the same logins serve whoever asks for a digest: lock and doctor
        digest = manifest_digest(f"{repository}:1", Web(), docker_logins(os.environ).of)
        assert f"{repository}@{digest}" in pushed
        config.write_text(json.dumps({"credHelpers": {host: "test"}}))
        helper = tmp_path / "docker-credential-test"
        helper.write_text('#!/bin/sh\necho \'{"Username": "me", "Secret": "secret"}\'\n')
        helper.chmod(0o755)
        assert verdict()[0] == 1
        helper.write_text("#!/bin/sh\nexit 5\n")
        code, said = verdict()
        assert code == 3 and "docker-credential-test failed with exit code 5" in said
    finally:
        end([identity], patience=5.0)
