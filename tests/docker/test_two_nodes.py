"""One bake file on a builder of two nodes, each of its own platform."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jetson_containers.engine.address import EngineAddress
from tests.bridge import Bridge
from tests.docker.trees import Tree

TARGETS = "x86-cu130,orin-jp62"


class Fleet:
    """The builder, and what its nodes were asked."""

    def __init__(self, engine: EngineAddress, folder: Path) -> None:
        self._environ = {**os.environ, **engine.environ(), "BUILDX_CONFIG": str(folder / "buildx")}
        self._docker = str(engine.docker)
        socket = engine.host.removeprefix("unix://")
        self.amd64 = Bridge(folder / "amd64.sock", socket)
        self.arm64 = Bridge(folder / "arm64.sock", socket)
        for more, name, node in (((), "amd64", self.amd64), (("--append",), "arm64", self.arm64)):
            words = ("--name", "fleet", *more, "--driver", "remote", "--platform", f"linux/{name}")
            self.buildx("create", *words, f"unix://{node.path}")

    def buildx(self, *words: str) -> str:
        done = subprocess.run(
            [self._docker, "buildx", *words],
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def fleet(engine: EngineAddress, tmp_path: Path) -> Iterator[Fleet]:
    if not engine.host.startswith("unix://"):
        pytest.skip("the engine is on another machine")
    made = Fleet(engine, tmp_path)
    yield made
    made.amd64.close()
    made.arm64.close()


@pytest.fixture
def pushed_base(tree: Tree, registry: str, client) -> Iterator[str]:
    """The tiny base where every node can take it."""
    repository = f"{registry}/{tree.prefix}/base"
    client.images.get(tree.base).tag(repository, "1")
    client.images.push(repository, "1")
    yield f"{repository}:1"
    client.images.remove(f"{repository}:1")


def test_each_node_builds_the_stages_of_its_platform(
    tree: Tree, fleet: Fleet, pushed_base: str, registry: str, tmp_path: Path
):
    for short, on in (("a", ""), ("b", "a"), ("c", "b")):
        folder = tree.add(short, f"COPY file /{short}", depends=on)
        (folder / "file").write_text(f"{short}\n")
    place = f"{registry}/{tree.prefix}/images"
    argv = tree.argv("bake", tree.name("c"), "--base", pushed_base, "--push", place)
    argv[argv.index("x86-cu130")] = TARGETS
    done = subprocess.run(argv, env=tree.env(), capture_output=True, text=True, check=True)
    file = tmp_path / "docker-bake.json"
    file.write_text(done.stdout)
    fleet.buildx("bake", "--builder", "fleet", "--file", str(file))

    document = json.loads(done.stdout)
    for target in document["target"].values():
        mark = target["labels"]["io.jetson-containers.fingerprint"].encode()
        own, other = fleet.amd64, fleet.arm64
        if target["platforms"] == ["linux/arm64"]:
            own, other = other, own
        assert mark in own.asked
        assert mark not in other.asked

    tags = [tag for target in document["target"].values() for tag in target.get("tags", ())]
    assert len(tags) == 2
    index = f"{place}/{tree.name('c')}:everywhere"
    fleet.buildx("imagetools", "create", "--tag", index, *tags)
    told = json.loads(fleet.buildx("imagetools", "inspect", "--raw", index))
    platforms = {item["platform"]["architecture"] for item in told["manifests"]}
    assert platforms == {"amd64", "arm64"}
