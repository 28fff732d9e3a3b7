"""The script that steps install with: one index per wheel, no falling back, nothing replaced."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.network

SCRIPT = Path(__file__).parents[2] / "packages/python/pip_index/install"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """An index that has ``iniconfig`` 0.0.1+gpu, which asks for ``colorama``, and nothing else."""
    place = tmp_path / "index"
    (place / "iniconfig").mkdir(parents=True)
    name = "iniconfig-0.0.1+gpu-py3-none-any.whl"
    information = "iniconfig-0.0.1+gpu.dist-info"
    with zipfile.ZipFile(place / "iniconfig" / name, "w") as wheel:
        wheel.writestr("iniconfig.py", "")
        wheel.writestr(
            f"{information}/METADATA",
            "Metadata-Version: 2.1\nName: iniconfig\nVersion: 0.0.1+gpu\n"
            "Requires-Dist: colorama==0.4.6\n",
        )
        wheel.writestr(
            f"{information}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{information}/RECORD", "")
    (place / "iniconfig" / "index.html").write_text(f'<a href="{name}">{name}</a>')
    handler = functools.partial(Quiet, directory=str(place))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    place = tmp_path / "venv"
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(place)], check=True)
    return place


def install(environment: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPT), *words],
        env={**os.environ, "VIRTUAL_ENV": str(environment)},
        capture_output=True,
        text=True,
        check=False,
    )


def installed(environment: Path) -> dict[str, str]:
    command = ["uv", "pip", "freeze", "--quiet", "--python", str(environment / "bin/python")]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.split("==") for line in text.split())


def test_a_wheel_comes_from_its_index_and_its_dependencies_from_the_default(
    environment: Path, index: str
) -> None:
    result = install(environment, "--index", index, "iniconfig==0.0.1", "--", "toml==0.10.2")
    assert result.returncode == 0, result.stderr
    assert installed(environment) == {
        "iniconfig": "0.0.1+gpu",
        "colorama": "0.4.6",
        "toml": "0.10.2",
    }


def test_what_its_index_lacks_does_not_come_from_the_default(environment: Path, index: str) -> None:
    result = install(environment, "--index", index, "colorama==0.4.6")
    assert result.returncode != 0
    assert installed(environment) == {}


def test_a_later_stage_keeps_what_an_earlier_one_installed(environment: Path, index: str) -> None:
    assert install(environment, "--index", index, "iniconfig==0.0.1").returncode == 0
    assert install(environment, "iniconfig", "toml==0.10.2").returncode == 0
    assert installed(environment)["iniconfig"] == "0.0.1+gpu"


def test_replacing_what_an_earlier_stage_installed_fails(environment: Path) -> None:
    assert install(environment, "toml==0.10.1").returncode == 0
    result = install(environment, "toml==0.10.2")
    assert result.returncode == 1
    assert "toml==0.10.1" in result.stderr


def test_instead(environment: Path, index: str) -> None:
    result = install(
        environment, "--instead", "colorama==0.4.5", "--index", index, "iniconfig==0.0.1"
    )
    assert result.returncode == 0, result.stderr
    assert installed(environment) == {"iniconfig": "0.0.1+gpu", "colorama": "0.4.5"}


def test_without(environment: Path, index: str) -> None:
    result = install(environment, "--without", "colorama", "--index", index, "iniconfig==0.0.1")
    assert result.returncode == 0, result.stderr
    assert installed(environment) == {"iniconfig": "0.0.1+gpu"}
