"""The packages' own tests: a program that is missing fails them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[3] / "packages"
SCRIPTS = sorted(PACKAGES.rglob("test*.sh"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.parent.name)
def test_a_script_stops_at_the_first_failure(script: Path) -> None:
    text = script.read_text()
    assert re.search(r"^set -eu$", text, re.MULTILINE)
    assert not re.search(r"\|\s*(head|tail|cat|tee)\b", text), "hides the failure of what it reads"


@pytest.mark.parametrize("missing", ["make", "git"])
def test_a_missing_program_fails(tmp_path: Path, missing: str) -> None:
    for name in {"make", "git", "g++"} - {missing}:
        tool = tmp_path / name
        tool.write_text('#!/bin/sh\n[ "$1" != -o ] || { echo "#!/bin/sh" >"$2"; chmod +x "$2"; }\n')
        tool.chmod(0o755)
    for name in ("mktemp", "chmod"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    command = ["/bin/sh", str(PACKAGES / "build/build_essential/test.sh")]
    result = subprocess.run(
        command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 127
    assert missing in result.stderr
