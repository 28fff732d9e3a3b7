"""Temporary directories go with the program, however that ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from jetson_containers.engine.held_folder import HeldFolder

KILLED = """
import os, sys
from pathlib import Path
from jetson_containers.engine.held_folder import HeldFolder
held = HeldFolder("jetson-x-", Path(sys.argv[1]))
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_program_left_goes_when_the_next_one_begins(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    os.utime(left / "lock", (1, 1))
    with HeldFolder("jetson-x-", tmp_path) as own:
        assert list(tmp_path.iterdir()) == [own]
    assert not list(tmp_path.iterdir())


def test_what_another_program_holds_or_calls_otherwise_stays(tmp_path: Path) -> None:
    with HeldFolder("jetson-x-", tmp_path) as held, HeldFolder("jetson-y-", tmp_path) as other:
        os.utime(held / "lock", (1, 1))
        os.utime(other / "lock", (1, 1))
        with HeldFolder("jetson-x-", tmp_path):
            assert held.exists()
            assert other.exists()
