"""``build.sh``, ``autotag`` and ``jetson-containers`` in a copy of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = (
    "build.sh", "autotag", "jetson-containers", "pyproject.toml", "requirements.lock",
    "requirements-dev.lock", "scripts", "jetson_containers", "packages",
)  # fmt: skip
MAKING = "making"

pytestmark = pytest.mark.network


def run(command: Path | str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(command), *words], cwd=cwd, env=env, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that the launchers need, its environment made by the first call."""
    folder = tmp_path_factory.mktemp("copy") / "check out"
    folder.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, symlinks=True)
        elif (ROOT / part).exists():
            shutil.copy2(ROOT / part, folder / part)
    first = run(folder / "build.sh", "--help", cwd=folder.parent)
    assert first.returncode == 0, first.stderr
    assert first.stderr.count("\n") == 1 and MAKING in first.stderr
    assert "jetson-containers" in first.stdout and MAKING not in first.stdout
    return folder


def test_afterwards_it_is_silent_from_anywhere(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "__init__.py").write_text("raise SystemExit('shadowed')")
    for script in ("build.sh", "autotag", "jetson-containers"):
        done = run(checkout / script, "--help", cwd=tmp_path)
        assert MAKING not in done.stderr, script
        assert "shadowed" not in done.stderr


def test_through_a_symbolic_link(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(checkout / "build.sh")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    done = run(tmp_path / "two", "--help", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    inside = run("./build.sh", "--help", cwd=checkout)
    assert inside.stdout == done.stdout


@pytest.mark.parametrize("damage", ["python", "stamp", "lock", "pyproject"])
def test_a_broken_or_outdated_environment_is_remade(checkout: Path, damage: str) -> None:
    marker = checkout / ".venv" / "marker"
    marker.touch()
    if damage == "python":
        (checkout / ".venv" / "bin" / "python").unlink()
        (checkout / ".venv" / "bin" / "python").symlink_to("/nonexistent/python3")
    elif damage == "stamp":
        (checkout / ".venv" / "stamp").unlink()
    else:
        name = {"lock": "requirements.lock", "pyproject": "pyproject.toml"}[damage]
        with (checkout / name).open("a") as file:
            file.write("# changed\n")
    done = run(checkout / "build.sh", "--help", cwd=checkout)
    assert done.returncode == 0 and MAKING in done.stderr
    assert not marker.exists()
    assert run(checkout / "build.sh", "--help", cwd=checkout).stderr == ""


def test_two_at_once_make_it_once(checkout: Path) -> None:
    (checkout / ".venv" / "stamp").unlink()
    both = [
        subprocess.Popen(
            [str(checkout / "build.sh"), "--help"], cwd=checkout, stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert "".join(said).count(MAKING) == 1


def test_run_keeps_its_data_in_the_checkout(checkout: Path, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text('{"format": 1, "machine": "x86_64"}')
    words = ("run", "--dry-run", "--no-gpu", "--facts", str(facts), "img")
    done = run(checkout / "jetson-containers", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"--volume '{checkout}/data:/data'" in done.stdout
    assert not (checkout / "data").exists()
