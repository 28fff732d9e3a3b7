"""Several runs write one lock file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jetson_containers.errors import BuilderError
from jetson_containers.lock.file import read_lock
from jetson_containers.lock.model import LockedBase, LockedImage
from jetson_containers.lock.update import update_lock


def image(name: str) -> LockedImage:
    return LockedImage("x86-cu130", (name,), "p", "3.12", LockedBase("ubuntu:24.04"), ())


def test_of_runs_at_once_no_image_is_lost(tmp_path: Path):
    path = tmp_path / "jetson.lock"
    names = [f"app{number:02}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda name: update_lock(path, [image(name)]), names))
    assert [item.request for item in read_lock(path).images] == [(name,) for name in names]
    assert [item.name for item in tmp_path.iterdir()] == ["jetson.lock"]


def test_the_same_images_again_write_nothing(tmp_path: Path):
    assert update_lock(tmp_path / "jetson.lock", [image("a")])
    assert not update_lock(tmp_path / "jetson.lock", [image("a")])


def test_a_directory_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BuilderError, match="cannot be written"):
        update_lock(tmp_path / "none" / "jetson.lock", [image("a")])
