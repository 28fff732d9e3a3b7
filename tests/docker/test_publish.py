"""Images pushed to a real registry and pulled from it, by the verbs of the command line."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from jetson_containers.engine.locate import default_cache_dir
from jetson_containers.engine.processes import end
from jetson_containers.image.registry.web import Patience, Web
from jetson_containers.image.registry.writable import WritableRegistry
from tests import services
from tests.docker.trees import ROOT

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass
class Yard:
    """An engine with small images, and a namespace of a registry."""

    client: DockerClient
    base: str
    name: Callable[[str], str]
    host: str
    folder: Path

    def image(self, name: str, text: str, platform: str = "linux/amd64") -> str:
        """An image of this test; other text makes another one."""
        reference = f"{self.name(name)}:1"
        dockerfile = f"FROM scratch\nLABEL text={text}\nCOPY text /\n"
        context = self.folder / f"{name}-{text}"
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text(dockerfile)
        (context / "text").write_text(text)
        done = subprocess.run(
            [
                *(_docker(), "buildx", "build", "--platform", platform, "--provenance=false"),
                *("--tag", reference, "--quiet", str(context)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return reference

    @property
    def namespace(self) -> str:
        return f"{self.host}/{self.name('x').rpartition('/')[2]}"

    def run(self, *words: str, config: Path | None = None) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(self.folder)}
        env |= {"DOCKER_CONFIG": str(config)} if config else {}
        return subprocess.run(
            [sys.executable, "-m", "jetson_containers.cli.main", *words],
            capture_output=True,
            text=True,
            env=env,
            check=False,
            timeout=120,
        )

    def told(self, *words: str) -> list[dict[str, Any]]:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        (found,) = (v for k, v in json.loads(done.stdout).items() if k != "format")
        return list(found)

    @property
    def registry(self) -> WritableRegistry:
        return WritableRegistry(self.host, Web(Patience(total=20)), lambda host: None)

    def tags(self) -> list[str]:
        return [tag for image in self.client.api.images() for tag in image["RepoTags"] or ()]


def _docker() -> str:
    from jetson_containers.engine.locate import locate

    address = locate(os.environ)
    assert address is not None and address.docker
    return str(address.docker)


@pytest.fixture
def yard(
    client: DockerClient,
    tiny_base: str,
    image_name: Callable[[str], str],
    registry: str,
    tmp_path: Path,
) -> Yard:
    return Yard(client, tiny_base, image_name, registry, tmp_path)


def test_an_image_is_pushed_once_and_its_digest_is_printed(yard: Yard) -> None:
    image = yard.image("app", "one")
    first = yard.run("push", image, "--to", yard.namespace)
    assert first.returncode == 0, first.stderr
    repository, _, digest = first.stdout.strip().partition("@")
    assert DIGEST.fullmatch(digest)
    assert first.stderr == f"pushed {repository}:1 ({digest})\n"
    again = yard.run("push", image, "--to", yard.namespace)
    assert again.stdout == first.stdout
    assert again.stderr == f"already there: {repository}:1 ({digest})\n"
    assert f"{repository}:1" not in yard.tags(), "the name that a push needs stays behind"
    assert image in yard.tags()


def test_an_image_that_has_the_name_already_keeps_it(yard: Yard) -> None:
    own = f"{yard.namespace}/own"
    yard.client.images.get(yard.image("app", "one")).tag(own, "1")
    (pushed,) = yard.told("push", f"{own}:1", "--to", yard.namespace)
    assert pushed["reference"] == f"{own}:1" and pushed["sent"]
    assert f"{own}:1" in yard.tags()
    yard.client.images.remove(f"{own}:1")


def test_another_image_under_the_same_tag_is_sent(yard: Yard) -> None:
    first = yard.told("push", yard.image("app", "one"), "--to", yard.namespace)
    second = yard.told("push", yard.image("app", "two"), "--to", yard.namespace)
    assert second[0]["sent"] and second[0]["digest"] != first[0]["digest"]
    assert second[0]["reference"] == first[0]["reference"]


def test_one_missing_image_costs_only_itself(yard: Yard) -> None:
    done = yard.run("push", "no/such:1", yard.image("app", "one"), "--to", yard.namespace)
    assert done.returncode == 1
    assert "there is no image no/such:1 here" in done.stderr
    assert DIGEST.search(done.stdout)


def test_what_was_pushed_is_pulled_by_its_digest(yard: Yard) -> None:
    image = yard.image("app", "one")
    (pushed,) = yard.told("push", image, "--to", yard.namespace)
    yard.client.images.remove(image)
    (pulled,) = yard.told("pull", pushed["reference"])
    assert (pulled["digest"], pulled["sent"]) == (pushed["digest"], True)
    assert yard.client.images.get(pushed["reference"]).labels == {"text": "one"}
    (again,) = yard.told("pull", pushed["reference"])
    assert not again["sent"]
    assert yard.tags().count(pushed["reference"]) == 1
    yard.client.images.remove(pushed["reference"])


def test_what_a_registry_lacks_cannot_be_pulled(yard: Yard) -> None:
    done = yard.run("pull", f"{yard.namespace}/app:1")
    assert done.returncode == 1
    assert "the registry has no" in done.stderr


def test_an_index_stands_for_both_platforms_and_comes_after_its_images(yard: Yard) -> None:
    images = [yard.image("amd", "a"), yard.image("arm", "b", "linux/arm64")]
    to = f"{yard.namespace}/app:5"
    found = yard.told("push", "--index", to, *images)
    assert [item["reference"] for item in found] == [f"{to}-amd64", f"{to}-arm64", to]
    repository = to.partition("/")[2].rpartition(":")[0]
    for arch, text in (("amd64", "a"), ("arm64", "b")):
        image = yard.registry.image(repository, "5", arch)
        assert image is not None and image.labels == {"text": text}
        assert image.architectures == ("amd64", "arm64")
    assert not any(item["sent"] for item in yard.told("push", "--index", to, *images))


def test_each_machine_adds_its_own_platform_to_an_index(yard: Yard) -> None:
    to = f"{yard.namespace}/app:5"
    repository = to.partition("/")[2].rpartition(":")[0]
    yard.told("push", "--index", to, yard.image("arm", "b", "linux/arm64"))
    yard.told("push", "--index", to, yard.image("amd", "a"))
    yard.told("push", "--index", to, yard.image("amd", "c"))
    for arch, text in (("amd64", "c"), ("arm64", "b")):
        image = yard.registry.image(repository, "5", arch)
        assert image is not None and image.labels == {"text": text}


def test_machines_that_push_at_the_same_time_lose_nothing(yard: Yard) -> None:
    to = f"{yard.namespace}/app:5"
    images = [yard.image("amd", "a"), yard.image("arm", "b", "linux/arm64")]
    failures: list[str] = []

    def push(image: str) -> None:
        done = yard.run("push", "--index", to, image)
        if done.returncode:
            failures.append(done.stderr)

    threads = [threading.Thread(target=push, args=(image,)) for image in images]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = yard.registry.image(to.partition("/")[2].rpartition(":")[0], "5", "arm64")
    assert found is not None and found.architectures == ("amd64", "arm64")


def test_an_index_is_made_of_what_others_have_pushed(yard: Yard) -> None:
    """Neither image has to be in this engine."""
    images = [yard.image("amd", "a"), yard.image("arm", "b", "linux/arm64")]
    for image in images:
        yard.told("push", "--index", f"{yard.namespace}/app:5", image)
        yard.client.images.remove(image)
    done = yard.told(
        "push", "--index", f"{yard.namespace}/app:6",
        f"{yard.namespace}/app:5-amd64", f"{yard.namespace}/app:5-arm64",
    )  # fmt: skip
    assert [item["reference"] for item in done] == [f"{yard.namespace}/app:6"]
    found = yard.registry.image(f"{yard.namespace}/app".partition("/")[2], "6", "arm64")
    assert found is not None and found.labels == {"text": "b"}


def test_an_index_that_cannot_be_whole_is_not_begun(yard: Yard) -> None:
    to = f"{yard.namespace}/app:5"
    twice = [yard.image("one", "a"), yard.image("two", "b")]
    done = yard.run("push", "--index", to, *twice)
    assert done.returncode == 2
    assert f"{twice[1]} and {twice[0]} are both for amd64" in done.stderr
    missing = yard.run("push", "--index", to, twice[0], "no/such:1")
    assert missing.returncode == 1
    assert "no/such:1 is not here, and not in" in missing.stderr
    assert yard.registry.document(to.partition("/")[2].rpartition(":")[0], "5") is None


#: ``me`` with the password ``secret``, as htpasswd writes it (bcrypt)
HTPASSWD = "me:$2b$04$J76sj/m15VSpkZb8Hz5zQOEzLpb0XS62hT9Hbzg7oHuOxNJdrxH7u\n"


def test_a_login_comes_from_the_docker_clients_file_and_is_never_shown(
    yard: Yard, tmp_path: Path
) -> None:
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    auth = {"auth": {"htpasswd": {"realm": "x", "path": str(tmp_path / "htpasswd")}}}
    host, identity = services.start_registry(
        tmp_path / "registry", default_cache_dir(os.environ), auth
    )
    image = yard.image("app", "one")
    try:
        refused = yard.run("push", image, "--to", f"{host}/a", config=tmp_path)
        assert refused.returncode == 3
        assert f"docker login {host}" in refused.stderr
        packed = base64.b64encode(b"me:secret").decode()
        login = {"auths": {host: {"auth": packed}}}
        (tmp_path / "config.json").write_text(json.dumps(login))
        done = yard.run("push", image, "--to", f"{host}/a", "--verbose", config=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "secret" not in done.stdout + done.stderr
        assert packed not in done.stdout + done.stderr
    finally:
        end([identity], patience=5.0)


def test_a_registry_that_is_gone_is_said_and_leaves_no_name(yard: Yard) -> None:
    image = yard.image("app", "one")
    done = yard.run("push", image, "--to", "127.0.0.1:1/a")
    assert done.returncode == 3
    assert "repeat the command" in done.stderr
    assert not [tag for tag in yard.tags() if tag.startswith("127.0.0.1:1/")]
