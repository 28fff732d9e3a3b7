"""The launcher in a checkout whose environment belongs to somebody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: root may do everything, so the launcher is started as somebody else
SOMEBODY: dict[str, Any] = (
    {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
)


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A checkout with an environment whose Python is out of reach, open to every user."""
    root = Path(tempfile.mkdtemp())
    (root / "scripts").mkdir()
    for name in ("jetson-containers", "scripts/venv.sh"):
        shutil.copy(ROOT / name, root / name)
    for name in (".venv/bin", ".venv/lib/deep"):
        (root / name).mkdir(parents=True)
        (root / name / "file").write_text("")
    (root / ".venv" / "bin" / "python").symlink_to("/nonexistent/python")
    for path in (root, *root.rglob("*")):
        if path.is_dir():
            path.chmod(0o777)
    yield root
    for path in (root, *root.rglob("*")):
        if path.is_dir():
            path.chmod(0o777)
    shutil.rmtree(root)


@pytest.mark.parametrize("closed", [".", ".venv", ".venv/lib/deep"])
def test_an_environment_of_another_user_is_left_alone(checkout, closed):
    (checkout / closed).chmod(0o555)
    before = sorted(checkout.rglob("*"))
    done = subprocess.run(
        [checkout / "jetson-containers", "list"], capture_output=True, text=True, **SOMEBODY
    )
    assert done.returncode == 1
    first, hint = done.stderr.splitlines()
    kept = (checkout / closed).resolve()
    assert first.startswith(f"jetson-containers: {checkout}/.venv cannot be used by ")
    assert first.endswith(f", who may not change {kept}")
    assert hint.startswith("  hint: make a checkout of your own, or run this as ")
    assert sorted(checkout.rglob("*")) == before


def test_a_checkout_that_may_not_be_written_to_and_has_no_environment_is_said_so(checkout):
    shutil.rmtree(checkout / ".venv")
    checkout.chmod(0o555)
    done = subprocess.run(
        [checkout / "jetson-containers", "list"], capture_output=True, text=True, **SOMEBODY
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 2)
    assert f"who may not change {checkout}\n" in done.stderr
