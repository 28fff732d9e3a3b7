"""Finished work found by ``build`` wherever it is, and built again only where that is asked for."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import APIError

from jetson_containers.engine.locate import default_cache_dir, locate
from jetson_containers.engine.processes import end
from jetson_containers.image.labels import read_labels
from jetson_containers.image.registry.web import Patience, Web
from jetson_containers.image.registry.writable import WritableRegistry
from tests import services
from tests.docker.trees import Tree


def lose(tree: Tree, client: DockerClient) -> None:
    """Everything of the tree leaves the engine, and what a build remembers of its steps."""
    names = [name for image in client.api.images() for name in image["RepoTags"] or ()]
    for name in sorted(names, reverse=True):
        if tree.prefix in name:
            try:
                client.images.remove(name, force=True)
            except APIError:
                continue


def journals(tree: Tree) -> list[list[dict[str, object]]]:
    """The events of every run, oldest first."""
    runs = Path(tree.env()["XDG_CACHE_HOME"]).rglob("journal.jsonl")
    return [[json.loads(x) for x in path.read_text().splitlines()[1:]] for path in sorted(runs)]


def why(tree: Tree, *words: str) -> str:
    argv = tree.argv("why-rebuild", *words, "--base", tree.base)
    done = subprocess.run(argv, env=tree.env(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.replace(tree.prefix + "-", "")


def test_what_another_machine_built_is_fetched(
    tree: Tree, client: DockerClient, registry: str
) -> None:
    """Only what is asked for comes: the stages below it stay where they are."""
    tree.chain()
    place = ("--cache-registry", f"{registry}/{tree.prefix}")
    first = tree.build(tree.name("d"), *place)
    assert "stages:  4 built, 0 found" in first.stderr, first.stderr
    built = client.images.get(tree.reference("d")).id
    lose(tree, client)
    again = tree.build(tree.name("d"), *place)
    assert "stages:  0 built, 4 found" in again.stderr, again.stderr
    assert f"fetching from registry {registry}/{tree.prefix}" in again.stderr
    assert client.images.get(tree.reference("d")).id == built
    stages = [name for image in client.api.images() for name in image["RepoTags"] or ()]
    assert [name for name in stages if f"jetson-stage/{tree.prefix}" in name] == [
        name for name in stages if f"jetson-stage/{tree.name('d')}:" in name
    ]
    assert not [name for name in stages if name.startswith(f"{registry}/{tree.prefix}")]


def test_a_change_on_top_is_built_on_what_another_machine_has(
    tree: Tree, client: DockerClient, registry: str
) -> None:
    tree.chain()
    place = ("--cache-registry", f"{registry}/{tree.prefix}")
    assert tree.build(tree.name("d"), *place).returncode == 0
    lose(tree, client)
    tree.add("d", "RUN test -f /ab && true", depends="c")
    done = tree.build(tree.name("d"), "--cache-registry", f"{registry}/{tree.prefix},mode=ro")
    assert "stages:  1 built, 3 found" in done.stderr, done.stderr
    lose(tree, client)
    assert "1 built, 3 found" in tree.build(tree.name("d"), *place).stderr, "ro was written to"


def test_a_cache_that_is_gone_is_a_warning(tree: Tree) -> None:
    tree.add("a", "RUN true")
    done = tree.build(tree.name("a"), "--cache-registry", "127.0.0.1:1/x")
    assert done.returncode == 0, done.stderr
    assert "warning: 127.0.0.1:1/x is not asked any further, and nothing is kept" in done.stderr
    assert "stages:  1 built" in done.stderr


def test_a_registry_that_takes_nothing_costs_only_a_warning(tree: Tree, tmp_path: Path) -> None:
    tree.add("a", "RUN true")
    readonly = {
        "filesystem": {"rootdirectory": str(tmp_path / "store")},
        "maintenance": {"readonly": {"enabled": True}},
    }
    host, identity = services.start_registry(
        tmp_path, default_cache_dir(os.environ), {"storage": readonly}
    )
    try:
        done = tree.build(tree.name("a"), "--cache-registry", f"{host}/x")
        assert done.returncode == 0, done.stderr
        assert f"warning: {tree.name('a')} is not kept elsewhere: {host}/x/" in done.stderr
        assert not [event for event in journals(tree)[0] if event["event"] == "StageStored"]
        pushed = tree.build(tree.name("a"), "--push", f"{host}/x")
        assert pushed.returncode == 3
        assert "cannot be pushed" in pushed.stderr
    finally:
        end([identity], patience=5.0)


def test_words_that_are_no_registry_are_refused_before_anything_is_done(tree: Tree) -> None:
    done = tree.build(tree.name("a"), "--cache-registry", "x,mode=maybe")
    assert done.returncode == 2
    assert "'mode=maybe' is not known" in done.stderr


def test_from_and_force_build_again_what_is_found(tree: Tree, client: DockerClient) -> None:
    tree.add("a", "RUN cat /proc/uptime > /a")
    tree.add("b", "RUN cat /proc/uptime > /b", depends="a")
    tree.add("c", "RUN cat /a /b > /c", depends="b")

    def contents() -> list[str]:
        image = client.images.get(tree.reference("c"))
        return client.containers.run(image, "cat /a /b", remove=True).decode().splitlines()

    assert tree.build(tree.name("c")).returncode == 0
    before = contents()
    done = tree.build(tree.name("c"), "--from", tree.name("b"))
    assert "stages:  2 built, 1 found" in done.stderr, done.stderr
    after = contents()
    assert after[0] == before[0] and after[1] != before[1]
    forced = tree.build(tree.name("c"), "--force", tree.name("a"))
    assert "stages:  3 built, 0 found" in forced.stderr, forced.stderr
    assert contents()[0] != after[0]
    assert "stages:  0 built, 3 found" in tree.build(tree.name("c")).stderr
    unknown = tree.build(tree.name("c"), "--from", "nowhere")
    assert unknown.returncode == 2
    assert "--from nowhere: nothing that is asked for has a stage of it" in unknown.stderr


def test_what_is_built_again_is_tested_anew(tree: Tree, client: DockerClient) -> None:
    """The reason for it is the option, or that the image is lost."""
    tree.add("a", "RUN cat /proc/uptime > /a", test="test -f /a")
    tree.add("b", "RUN cat /a > /b", depends="a")
    assert "tests:   2 passed\n" in tree.build(tree.name("b")).stderr
    assert "tests:   2 remembered\n" in tree.build(tree.name("b")).stderr
    for option in ("--force", "--from"):
        done = tree.build(tree.name("b"), option, tree.name("a"))
        assert "tests:   2 passed\n" in done.stderr, done.stderr
        assert done.stderr.count(f"building ({option} {tree.name('a')})") == 2, done.stderr
        assert "tests:   2 remembered\n" in tree.build(tree.name("b")).stderr
    image = client.images.get(tree.reference("b")).id
    lose(tree, client)
    done = tree.build(tree.name("b"))
    same = client.images.get(tree.reference("b")).id == image  # of steps that BuildKit still has
    assert f"tests:   2 {'remembered' if same else 'passed'}\n" in done.stderr, done.stderr
    assert "building (built before, and no longer there)" in done.stderr


def test_what_is_redone_replaces_what_the_registry_has(
    tree: Tree, client: DockerClient, registry: str
) -> None:
    tree.add("a", "RUN cat /proc/uptime > /a")
    place = ("--cache-registry", f"{registry}/{tree.prefix}")
    assert tree.build(tree.name("a"), *place).returncode == 0
    assert tree.build(tree.name("a"), *place, "--force", tree.name("a")).returncode == 0
    redone = client.images.get(tree.reference("a")).id
    lose(tree, client)
    assert "1 found" in tree.build(tree.name("a"), *place).stderr
    assert client.images.get(tree.reference("a")).id == redone


def test_why_rebuild_names_the_root_of_a_rebuild(tree: Tree, client: DockerClient) -> None:
    tree.chain()
    assert why(tree, tree.name("d")) == "d was never built here\n"
    assert tree.build(tree.name("d")).returncode == 0
    assert why(tree, tree.name("d")).startswith("d is not built again: nothing changed since 2")
    (tree.folder / tree.name("b") / "file").write_text("2\n")
    lines = why(tree, tree.name("d")).splitlines()
    assert lines[:4] == [
        "d is built again",
        "  it stands on c, which is built again",
        "    it stands on b, which is built again",
        "      file file: changed",
    ]
    told = json.loads(why(tree, tree.name("d"), "--json"))["stages"][0]
    assert (told["status"], told["finished"]) == ("changed", False)
    assert [(item["package"], item["input"]) for item in told["root"]] == [("b", "file")]
    done = tree.build(tree.name("d"))
    assert f"building ({tree.name('b')}: file file: changed)" in done.stderr
    lose(tree, client)
    assert "but the engine lost it" in why(tree, tree.name("d"))
    assert "a is not built again" not in why(tree, tree.name("a"), "--in", tree.name("d"))


def test_a_push_is_in_the_journal_and_the_same_command_sends_nothing_again(
    tree: Tree, client: DockerClient, registry: str
) -> None:
    tree.add("a", "RUN true")
    words = (tree.name("a"), "--push", f"{registry}/{tree.prefix}", "--index", "all")
    first = tree.build(*words)
    assert first.returncode == 0, first.stderr
    again = tree.build(*words)
    assert again.returncode == 0, again.stderr
    name = f"{registry}/{tree.prefix}/{tree.name('a')}"
    pushes = [[x for x in run if x["event"] == "ImagePushed"] for run in journals(tree)]
    assert [[x["sent"] for x in run] for run in pushes] == [[True] * 3, [False] * 3]
    assert [x["reference"] for x in pushes[0]][1:] == [f"{name}:all-amd64", f"{name}:all"]
    assert pushes[0][0]["digest"] == client.images.get(tree.reference("a")).id
    assert [x["digest"] for x in pushes[0]] == [x["digest"] for x in pushes[1]]
    assert journals(tree)[0][-1]["event"] == "RunEnded"
    assert f"already there: {name}:all" in again.stderr


def test_a_push_that_fails_fails_the_run(tree: Tree) -> None:
    tree.add("a", "RUN true")
    done = tree.build(tree.name("a"), "--push", "127.0.0.1:1/x")
    assert done.returncode == 3
    assert "error: http://127.0.0.1:1" in done.stderr
    assert journals(tree)[0][-1]["status"] == "failed"


@pytest.mark.parametrize("words", [("--index", "x"), ("--push", "UPPER CASE")])
def test_pushes_that_cannot_be_are_refused_before_anything_is_built(
    tree: Tree, words: tuple[str, ...]
) -> None:
    tree.add("a", "RUN true")
    done = tree.build(tree.name("a"), *words)
    assert done.returncode == 2, done.stderr
    assert "building" not in done.stderr


def test_builds_on_two_machines_make_one_tag_for_both_platforms(
    tree: Tree, client: DockerClient, registry: str, tmp_path: Path
) -> None:
    """Each pushes its own platform; this engine stands for both machines."""
    folder = tree.add("a", "COPY file /file")
    (folder / "file").write_text("x")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    address = locate(os.environ)
    assert address is not None and address.docker
    for target, arch in (("x86-cu130", "amd64"), ("sbsa-cu130", "arm64")):
        base = f"jetson-test/{tree.prefix}-{arch}:1"
        made = subprocess.run(
            [address.docker, "buildx", "build", "--quiet", "--provenance=false",
             "--platform", f"linux/{arch}", "--tag", base, str(tmp_path)],
            capture_output=True, text=True, env=tree.env(), check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        words = (
            *(tree.name("a"), "--base", base, "--min-free", "0.1", "--log-dir", str(tmp_path)),
            *("--push", f"{registry}/{tree.prefix}", "--index", "1"),
        )
        argv = [word.replace("x86-cu130", target) for word in tree.argv("build", *words)]
        done = subprocess.run(argv, env=tree.env(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    known = WritableRegistry(registry, Web(Patience(total=20)), lambda host: None)
    for target, arch in (("x86-cu130", "amd64"), ("sbsa-cu130", "arm64")):
        image = known.image(f"{tree.prefix}/{tree.name('a')}", "1", arch)
        assert image is not None and image.architectures == ("amd64", "arm64")
        told = read_labels(image.labels)
        assert told is not None and told.target.name == target
