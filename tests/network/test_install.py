"""The script that steps install with: one index per wheel, no falling back, nothing replaced."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.network

SCRIPT = Path(__file__).parents[2] / "packages/python/pip_index/install"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


def write_wheel(directory: Path, version: str) -> Path:
    """A wheel of ``iniconfig`` that asks for ``colorama``."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"iniconfig-{version}-py3-none-any.whl"
    information = f"iniconfig-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("iniconfig.py", "")
        wheel.writestr(
            f"{information}/METADATA",
            f"Metadata-Version: 2.1\nName: iniconfig\nVersion: {version}\n"
            "Requires-Dist: colorama==0.4.6\n",
        )
        wheel.writestr(
            f"{information}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{information}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """An index that has ``iniconfig`` 0.0.1+gpu, which asks for ``colorama``, and nothing else."""
    place = tmp_path / "index"
    with served(place, write_wheel(place / "iniconfig", "0.0.1+gpu")) as url:
        yield url


@contextmanager
def served(place: Path, wheel: Path) -> Iterator[str]:
    (wheel.parent / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
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


def install(environment: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPT), *words],
        env={**os.environ, "VIRTUAL_ENV": str(environment), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def installed(environment: Path) -> dict[str, str]:
    command = ["uv", "pip", "list", "--quiet", "--python", str(environment / "bin/python")]
    text = subprocess.run(
        [*command, "--format=json"], capture_output=True, text=True, check=True
    ).stdout
    return {item["name"]: item["version"] for item in json.loads(text)}


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


def test_what_came_from_a_file_is_not_replaced_either(environment: Path, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "files", "0.0.1+file")
    assert install(environment, str(wheel)).returncode == 0
    result = install(environment, "iniconfig==2.0.0")
    assert result.returncode == 1
    assert "iniconfig==0.0.1+file" in result.stderr


def test_an_environment_that_cannot_be_listed_is_an_error(environment: Path) -> None:
    (environment / "bin/python").unlink()
    (environment / "bin/python").symlink_to("/bin/false")
    assert install(environment, "toml==0.10.2").returncode != 0


@pytest.fixture(params=["uv", "pip"])
def tools(request: pytest.FixtureRequest, environment: Path, tmp_path: Path) -> str:
    """A ``PATH`` with uv, or without it and with pip in the environment."""
    if request.param == "uv":
        return os.environ["PATH"]
    python = str(environment / "bin/python")
    subprocess.run(["uv", "pip", "install", "-q", "--python", python, "pip"], check=True)
    return "/usr/bin:/bin"


def test_indexes_that_a_base_image_configures_are_not_asked(
    environment: Path, index: str, tools: str, tmp_path: Path
) -> None:
    place = tmp_path / "other"
    with served(place, write_wheel(place / "iniconfig", "0.0.9")) as other:
        (tmp_path / "pip.conf").write_text(f"[global]\nextra-index-url = {other}\n")
        (tmp_path / "uv.toml").write_text(f'[[index]]\nurl = "{other}"\n')
        result = install(
            environment,
            *("--without", "colorama") if tools == os.environ["PATH"] else (),
            *("--index", index, "iniconfig"),
            PATH=tools,
            UV_INDEX=other,
            UV_EXTRA_INDEX_URL=other,
            UV_CONFIG_FILE=str(tmp_path / "uv.toml"),
            PIP_EXTRA_INDEX_URL=other,
            PIP_CONFIG_FILE=str(tmp_path / "pip.conf"),
        )
    assert result.returncode == 0, result.stderr
    assert installed(environment)["iniconfig"] == "0.0.1+gpu"


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


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def wheel(tmp_path: Path, index: str) -> Path:
    """The one wheel of ``index``."""
    return next((tmp_path / "index").rglob("*.whl"))


def test_locked_files_come_and_nothing_else(environment: Path, index: str, wheel: Path) -> None:
    locked = f"iniconfig==0.0.1+gpu@{sha256(wheel)}"
    words = ("--index", index, "iniconfig==0.0.1", "--")
    done = install(environment, "--locked", locked, "--", *words)
    assert done.returncode == 0, done.stderr
    assert installed(environment) == {"iniconfig": "0.0.1+gpu"}


def test_a_file_with_another_checksum_is_refused(
    environment: Path, index: str, wheel: Path
) -> None:
    words = ("--index", index, "iniconfig==0.0.1", "--")
    done = install(environment, "--locked", f"iniconfig==0.0.1+gpu@{'0' * 64}", "--", *words)
    assert done.returncode != 0
    assert "mismatch" in done.stderr
    assert installed(environment) == {}


def test_locked_files_of_the_default_index_need_no_other(environment: Path, index: str) -> None:
    digest = "4f1d9991f5acc0ca119f9d443620b77f9d6b33703e51011c16baf57afb285fc6"
    words = ("--locked", f"colorama==0.4.6@{digest}", "--", "colorama==0.4.6")
    done = install(environment, *words)
    assert done.returncode == 0, done.stderr
    assert installed(environment) == {"colorama": "0.4.6"}


@pytest.fixture
def compiled(environment: Path, tmp_path: Path) -> Path:
    """A directory with the wheel of ``toml``, made with the pip of the environment."""
    python = str(environment / "bin/python")
    subprocess.run(["uv", "pip", "install", "-q", "--python", python, "pip"], check=True)
    done = install(environment, "--to", str(tmp_path / "compiled"), "--build", "toml==0.10.2")
    assert done.returncode == 0, done.stderr
    assert "toml" not in installed(environment), "it was installed"
    return tmp_path / "compiled"


def test_what_was_compiled_is_installed_without_an_index(environment: Path, compiled: Path) -> None:
    words = ("--from", str(compiled), "--build", "toml==0.10.2")
    done = install(environment, *words, UV_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    assert installed(environment)["toml"] == "0.10.2"


def test_beside_what_was_compiled_the_rest_comes_as_ever(environment: Path, compiled: Path) -> None:
    words = ("--from", str(compiled), "colorama==0.4.6", "toml==0.10.2", "iniconfig==2.0.0")
    done = install(environment, *words)
    assert done.returncode == 0, done.stderr
    assert {"colorama", "toml", "iniconfig"} <= set(installed(environment))


def test_a_lock_holds_the_source_of_what_is_compiled(
    environment: Path, compiled: Path, tmp_path: Path
) -> None:
    (wheel,) = compiled.glob("*.whl")
    colorama = "4f1d9991f5acc0ca119f9d443620b77f9d6b33703e51011c16baf57afb285fc6"
    for digest, fine in ((sha256(wheel), True), ("0" * 64, False)):
        locked = ("--locked", f"toml==0.10.2@{digest}", f"colorama==0.4.6@{colorama}", "--")
        words = (*locked, "--build", "toml==0.10.2")
        done = install(environment, "--to", str(tmp_path / str(fine)), *words)
        assert (done.returncode == 0) is fine, done.stderr
    done = install(environment, "--from", str(tmp_path / "True"), *words)
    assert done.returncode == 0, done.stderr
    assert {"colorama", "toml"} <= set(installed(environment))
