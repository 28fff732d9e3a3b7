"""Temporary images on disk go with the program, or with the next one."""

from __future__ import annotations

import os
from pathlib import Path

from jetson_containers.engine.layout_images import LayoutPool


def _killed(folder: Path) -> Path:
    """What a program leaves that was killed an hour ago."""
    pool = folder / "jetson-layouts-killed"
    (pool / "pool").mkdir(parents=True)
    (pool / "lock").touch()
    os.utime(pool / "lock", (1, 1))
    return pool


def test_a_pool_of_a_program_that_was_killed_goes(tmp_path: Path) -> None:
    left = _killed(tmp_path)
    LayoutPool(tmp_path)
    assert not left.exists()


def test_a_pool_in_use_stays_however_old_it_is(tmp_path: Path) -> None:
    first = LayoutPool(tmp_path)
    (used,) = tmp_path.iterdir()
    os.utime(used / "lock", (1, 1))
    second = LayoutPool(tmp_path)
    assert used.is_dir()
    del first, second


def test_what_has_no_lock_or_only_the_name_stays(tmp_path: Path) -> None:
    other, link = tmp_path / "jetson-layouts-other", tmp_path / "jetson-layouts-link"
    other.mkdir()
    link.symlink_to(_killed(tmp_path / "elsewhere"))
    LayoutPool(tmp_path)
    assert other.is_dir() and link.is_symlink() and (link / "lock").is_file()
