"""A chain built twice from nothing is one image, to the digest."""

from __future__ import annotations

import subprocess

import pytest

from tests.docker.trees import Tree, tags_with


@pytest.fixture
def demonstration(tree: Tree) -> Tree:
    """Four packages whose steps leave times everywhere: files, directories, links, deletions."""
    tree.chain()
    tree.add(
        "e",
        "COPY --chmod=644 notes /srv/notes\nRUN mkdir -p /srv/deep/er && touch /srv/deep/er/x && "
        "ln -s x /srv/deep/er/y && rm /a",
        depends="d",
    )
    (tree.folder / tree.name("e") / "notes").write_text("notes\n")
    return tree


def _from_nothing(tree: Tree, client) -> dict[str, object]:
    """Build with nothing of an earlier build left; the digest, and what it is made of."""
    for tag in tags_with(client, tree.prefix):
        client.images.remove(tag, force=True)
    fresh = ("--build-flags=--no-cache", "--reproducible", "--skip-tests", "all")
    done = tree.build(tree.name("e"), *fresh)
    assert done.returncode == 0, done.stderr
    assert "5 built" in done.stderr
    image = client.images.get(tree.reference("e"))
    return {"digest": image.id, "layers": image.attrs["RootFS"]["Layers"], "about": image.labels}


def test_built_twice_from_nothing_the_chain_has_one_digest(demonstration, client):
    first = _from_nothing(demonstration, client)
    assert _from_nothing(demonstration, client) == first
    run = client.containers.run(
        first["digest"], "sh -c 'cat /ab; stat -c %Y /srv/deep/er/x /srv /ab'", remove=True
    )
    assert run == b"one\ntwo\nthree\n" + b"1714003200\n" * 3
    history = client.api.history(first["digest"])
    assert {item["Created"] for item in history[:3]} == {1714003200}


def test_without_the_option_times_are_those_of_the_build(demonstration, client):
    done = demonstration.build(demonstration.name("e"), "--skip-tests", "all")
    assert done.returncode == 0, done.stderr
    run = client.containers.run(demonstration.reference("e"), "stat -c %Y /ab", remove=True)
    assert int(run) > 1714003200


def test_the_users_time_wins(demonstration, client):
    demonstration.environ = {**demonstration.environ, "SOURCE_DATE_EPOCH": "1000000000"}
    _from_nothing(demonstration, client)
    image = demonstration.reference("e")
    assert client.containers.run(image, "stat -c %Y /ab", remove=True) == b"1000000000\n"


def test_the_classic_builder_says_that_it_cannot(demonstration):
    done = demonstration.build(demonstration.name("e"), "--reproducible", "--engine", "docker")
    assert done.returncode == 2
    assert "cannot set the times" in done.stderr


def test_a_stage_that_fails_shows_the_command_that_repeats_it(demonstration):
    demonstration.add("a", "RUN echo no such luck && false")
    done = demonstration.build(demonstration.name("a"), "--reproducible")
    line = next(line for line in done.stderr.splitlines() if line.strip().startswith("repeat:"))
    command = line.partition(": ")[2]
    again = subprocess.run(command, shell=True, env=demonstration.env(), capture_output=True)
    assert b"no such luck" in again.stderr
