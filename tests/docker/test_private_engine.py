"""The private engine from packages to nothing left, beside an engine that runs already."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jetson_containers.engine import private, provision
from jetson_containers.engine.layout import EnginePaths
from jetson_containers.engine.locate import default_cache_dir
from jetson_containers.errors import BuilderError
from tests import services

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an engine")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache directory in which an engine lies unpacked and not started."""
    folder = tmp_path_factory.mktemp("e")
    shared = EnginePaths(default_cache_dir(os.environ))
    if shared.unpacked():
        paths = EnginePaths(folder)
        paths.folder.mkdir()
        version = shared.current.resolve()
        subprocess.run(["cp", "-a", str(version), str(paths.folder)], check=True)
        paths.current.symlink_to(version.name)
    provision.prepare(folder, services.say, env=os.environ)
    return folder


@pytest.fixture(scope="module")
def story(cache: Path) -> dict[str, Any]:
    """What ``private_engine_scenario`` found in a network namespace of its own."""
    busybox = services.program("busybox", "busybox-static", default_cache_dir(os.environ))
    done = subprocess.run(
        [
            "unshare", "--net", "--", sys.executable, "-m",
            "tests.docker.private_engine_scenario", str(cache), str(busybox),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@root_only
def test_it_starts_builds_and_starts_once(story: dict[str, Any]) -> None:
    assert story["start_seconds"] < 30
    assert story["status"] and story["built"] and story["again_is_the_same"]


@root_only
def test_what_a_step_prints_is_not_clipped(story: dict[str, Any]) -> None:
    assert not story["clipped"]
    assert story["lines"] == 1, "the last line of the step"


@root_only
def test_it_recovers_from_kill(story: dict[str, Any]) -> None:
    assert story["after_kill"] is None
    assert story["restarted"]
    assert story["down_after_kill"]


@root_only
def test_it_does_not_start_beside_another(story: dict[str, Any]) -> None:
    assert "no private engine is unpacked" in story["second"] or "another" in story["second"]


@root_only
def test_nothing_is_left(story: dict[str, Any]) -> None:
    assert story["down"] and not story["down_again"]
    assert story["left"] == {
        "processes": [], "mounts": [], "bridge": False, "rules": [], "socket": False,
    }  # fmt: skip


@root_only
def test_a_state_file_of_another_boot_or_none(story: dict[str, Any]) -> None:
    assert story["stale_state"] is None
    assert story["broken_state"] is False


@root_only
def test_unpacking_leaves_the_machine_alone(cache: Path) -> None:
    folder = EnginePaths(cache).folder
    assert not list(folder.glob(".new-*"))
    state = private.status(cache)
    assert state.unpacked and not state.running and state.address is None


@root_only
def test_a_path_too_long_for_sockets(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    dockerd = EnginePaths(deep).folder / "1" / "usr" / "sbin" / "dockerd"
    dockerd.parent.mkdir(parents=True)
    dockerd.touch()
    EnginePaths(deep).current.symlink_to("1")
    with pytest.raises(BuilderError, match="too long") as caught:
        private.start(deep, services.say)
    assert "XDG_CACHE_HOME" in caught.value.hint


def test_without_root_the_command_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(BuilderError, match="only root") as caught:
        provision.provision(tmp_path, services.say)
    assert caught.value.hint


def test_down_where_nothing_is(tmp_path: Path) -> None:
    assert private.down(tmp_path) is False
    assert not list(tmp_path.iterdir())
