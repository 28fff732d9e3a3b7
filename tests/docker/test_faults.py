"""Builds that are killed in the middle go on, and leave nothing that is not whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jetson_containers.engine.layout import EnginePaths
from jetson_containers.engine.locate import default_cache_dir

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an engine")
@pytest.mark.skipif(not shutil.which("mkfs.ext4"), reason="no mkfs.ext4")
def test_after_faults_at_random_moments_the_same_command_ends_with_the_same_digests() -> None:
    if not EnginePaths(default_cache_dir(os.environ)).unpacked():
        pytest.skip("no private engine is unpacked")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", "--count", "4", "--seed", "3", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("disturbed") == 4
    assert found == {"rebuilt": [], "faults": [], "hung": [], "unfinished": []}
