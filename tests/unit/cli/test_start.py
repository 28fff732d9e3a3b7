"""Every way to start the program ends in a Python whose sets have one order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jetson_containers.cli import start

ROOT = Path(__file__).parents[3]
WAYS = {
    "the launcher": [str(ROOT / "jetson-containers")],
    "isolated": [sys.executable, "-I", "-m", "jetson_containers.cli.main"],
    "as a module": [sys.executable, "-m", "jetson_containers.cli.main"],
    "as a child of itself": start.argv([]),
}
CODE = "package['notes'] = ' '.join({'p', 'q', 'r', 's', 't', 'u'})\n"


def listed(way, tree: Path, place: Path, seed: str) -> str:
    words = ["show", "a", "--package-dirs", str(tree), "--only-dirs", "--target", "orin-jp62"]
    home = {"XDG_CACHE_HOME": str(place / f"cache{seed}"), "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [*way, *words, "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **home},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("way", WAYS)
def test_sets_have_one_order(tmp_path, way):
    (tmp_path / "tree" / "a").mkdir(parents=True)
    (tmp_path / "tree" / "a" / "config.py").write_text(CODE)
    said = {listed(WAYS[way], tmp_path / "tree", tmp_path, seed) for seed in ("1", "2", "3")}
    assert len(said) == 1


def test_nothing_is_imported_from_where_one_stands_and_no_program_hears_of_it(tmp_path):
    (tmp_path / "argparse.py").write_text("raise SystemExit('imported')\n")
    command = start.argv(["--version"])
    seeded = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=seeded)
    assert (done.returncode, done.stderr) == (0, "")
    code = f"{command[command.index('-c') + 1].rpartition(';')[0]}; import os\n"
    code += "from jetson_containers.cli.start import settle; settle([])\n"
    code += "print('PYTHONHASHSEED' in os.environ)\n"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=seeded
    )
    assert done.stdout == "False\n"
