"""Commits of refs, from a repository on this disk."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from jetson_containers.errors import BuilderError, UnreachableError
from jetson_containers.lock.git import commit_of, newest_tag
from jetson_containers.lock.questions import answer

ENV = dict(os.environ)


class Repository:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.address = f"file://{path}"
        path.mkdir(parents=True)
        self.run("init", "-q", "-b", "main")

    def run(self, *words: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
        argv = ["git", "-C", str(self.path), *identity, *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self) -> str:
        self.run("commit", "-q", "--allow-empty", "-m", "x")
        return self.run("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "host" / "me" / "app")


def test_a_branch_a_tag_and_an_annotated_tag(repository):
    first = repository.commit()
    repository.run("tag", "v1")
    repository.run("tag", "-a", "v2", "-m", "x")
    second = repository.commit()
    found = [commit_of(repository.address, ref, ENV) for ref in ("main", "v1", "v2", "HEAD")]
    assert found == [second, first, first, second]
    assert commit_of(repository.address, "refs/tags/v2", ENV) == first


def test_a_branch_wins_over_a_tag_as_in_a_clone(repository, tmp_path):
    repository.commit()
    repository.run("tag", "both")
    branch = repository.commit()
    repository.run("branch", "both")
    assert commit_of(repository.address, "both", ENV) == branch
    clone = tmp_path / "clone"
    words = ("-c", "advice.detachedHead=false", "clone", "-q", "--branch", "both")
    subprocess.run(["git", *words, repository.address, str(clone)], check=True)
    head = subprocess.run(
        ["git", "-C", str(clone), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    assert head.stdout.strip() == branch


def test_a_commit_is_itself_and_nobody_is_asked():
    assert commit_of("file:///nowhere", "a" * 40, ENV) == "a" * 40


def test_an_abbreviated_commit_is_known_if_a_ref_is_at_it(repository):
    old = repository.commit()
    new = repository.commit()
    assert commit_of(repository.address, new[:8], ENV) == new
    with pytest.raises(UnreachableError, match="abbreviated"):
        commit_of(repository.address, old[:8], ENV)


def test_a_ref_that_is_not_there_is_denied(repository):
    repository.commit()
    with pytest.raises(BuilderError, match="no branch or tag v9") as caught:
        commit_of(repository.address, "v9", ENV)
    assert not isinstance(caught.value, UnreachableError)


def test_a_repository_that_does_not_answer_is_unreachable(tmp_path):
    with pytest.raises(UnreachableError, match="could not be asked"):
        commit_of(f"file://{tmp_path}/nothing", "main", ENV)


def test_an_address_that_looks_like_an_option_is_none(tmp_path):
    with pytest.raises(UnreachableError):
        commit_of(f"--upload-pack=touch {tmp_path}/made", "main", ENV)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("tags", "newest"),
    [
        (("v1.9", "v1.10", "v1.2"), "v1.10"),
        (("v1.0", "v2.0rc1"), "v1.0"),
        (("v2.0rc1", "nightly"), "v2.0rc1"),
        (("release-1.2", "release-1.3"), "release-1.3"),
    ],
)
def test_the_newest_tag_is_the_newest_version(repository, tags, newest):
    repository.commit()
    for tag in tags:
        repository.run("tag", tag)
    assert newest_tag(repository.address, ENV) == newest


def test_a_repository_without_versions_has_no_newest_tag(repository):
    repository.commit()
    with pytest.raises(BuilderError, match="no tag that is a version"):
        newest_tag(repository.address, ENV)


def test_questions_of_definitions_are_answered_by_their_repository(repository, tmp_path):
    commit = repository.commit()
    repository.run("tag", "v3")
    env = {
        **ENV,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/host/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
    }

    def ask(question: str) -> str:
        return answer(question, env, lambda name: f"{name} 1.0")

    assert ask("github_latest_tag me/app") == "v3"
    assert ask("github_latest_commit me/app") == commit
    assert ask("github_latest_commit me/app main") == commit
    assert ask("get_latest_version numpy") == "numpy 1.0"
    with pytest.raises(UnreachableError, match="nobody can answer 'a connection'"):
        ask("a connection")
