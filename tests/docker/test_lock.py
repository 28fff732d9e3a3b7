"""A locked base image, with a real engine and a registry."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.docker.trees import Tree


@pytest.fixture
def lock(tree: Tree) -> Path:
    tree.add("a", "RUN echo one > /a")
    return tree.folder.parent / "jetson.lock"


def run(tree: Tree, *words: str) -> subprocess.CompletedProcess[str]:
    argv = tree.argv(*words)
    return subprocess.run(argv, env=tree.env(), capture_output=True, text=True, timeout=120)


def base_of(lock: Path) -> dict[str, str | None]:
    [image] = json.loads(lock.read_text())["images"]
    base: dict[str, str | None] = image["base"]
    return base


def make_base(tree: Tree, client, name: str, word: str) -> str:
    """An image of that name like the tiny one, but for a label; its id."""
    client.images.get(tree.base).tag(name)
    container = client.containers.create(tree.base)
    try:
        repository, _, tag = name.rpartition(":")
        return str(container.commit(repository, tag, changes=f"LABEL word={word}").id)
    finally:
        container.remove()


def test_a_build_on_another_base_than_the_locked_one_is_refused(
    tree: Tree, client, image_name, lock: Path
):
    name = image_name("base") + ":1"
    before = make_base(tree, client, name, "before")
    done = run(tree, "lock", tree.name("a"), "--base", name, "--output", str(lock))
    assert done.returncode == 0, done.stderr
    assert (base_of(lock)["reference"], base_of(lock)["image"]) == (name, before)
    words = (tree.name("a"), "--base", name, "--lock", str(lock))
    assert tree.build(*words).returncode == 0
    assert run(tree, "lock", "--check", str(lock)).returncode == 0

    after = make_base(tree, client, name, "after")
    refused = tree.build(*words)
    assert refused.returncode == 1
    assert f"has drifted: {name} is {after}, locked is {before}" in refused.stderr
    checked = run(tree, "lock", "--check", str(lock))
    assert checked.returncode == 1
    assert f"{name} is {after} now" in checked.stdout


def test_a_base_that_only_the_registry_had_is_known_again_when_it_was_pulled(
    tree: Tree, client, registry: str, lock: Path
):
    name = f"{registry}/{tree.prefix}-base:1"
    make_base(tree, client, name, "x")
    client.images.push(name)
    client.images.remove(name, force=True)
    done = run(tree, "lock", tree.name("a"), "--base", name, "--output", str(lock))
    assert done.returncode == 0, done.stderr
    base = base_of(lock)
    assert base["image"] is None
    assert str(base["digest"]).startswith("sha256:")
    built = tree.build(tree.name("a"), "--base", name, "--lock", str(lock))
    assert built.returncode == 0, built.stderr
    assert run(tree, "lock", "--check", str(lock)).returncode == 0
