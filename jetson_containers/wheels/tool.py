"""NVIDIA's dumper: found on the machine, or taken from the installer's index."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jetson_containers.errors import BuilderError
from jetson_containers.wheels.code import Dump, cuobjdump, no_dumper

PROGRAM = "cuobjdump"
#: the distribution that holds it; a newer one reads what an older compiler made
DISTRIBUTION = "nvidia-cuda-cuobjdump>=13"
_CUDA = "/usr/local/cuda/bin"
_PATIENCE = 300.0


def dumper(folder: Path, env: Mapping[str, str]) -> Dump:
    """The dumper of this machine, looked for when something is first shown to it.

    Where there is none, it says why, for every file.
    """

    @cache
    def found() -> Dump:
        try:
            return cuobjdump(ensure_cuobjdump(folder, env))
        except BuilderError as error:
            return no_dumper(str(error.what))

    return lambda file: found()(file)


def ensure_cuobjdump(folder: Path, env: Mapping[str, str]) -> Path:
    """The program; where the machine lacks it, unpacked once below ``folder``.

    Raises :class:`BuilderError` where it cannot be had.
    """
    found = shutil.which(PROGRAM, path=f"{env.get('PATH', '')}:{_CUDA}")
    if found:
        return Path(found)
    home = folder / "tools" / PROGRAM
    return _unpacked(home) or _fetch(home, env)


def _unpacked(home: Path) -> Path | None:
    return next(iter(sorted(home.glob(f"nvidia/**/bin/{PROGRAM}"))), None)


def _fetch(home: Path, env: Mapping[str, str]) -> Path:
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with (home.parent / f".{PROGRAM}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return _unpacked(home) or _download(home, env)
    except (OSError, zipfile.BadZipFile, subprocess.TimeoutExpired) as error:
        raise BuilderError(f"{PROGRAM} cannot be had: {error}") from None


def _download(home: Path, env: Mapping[str, str]) -> Path:
    """The wheel by pip, unpacked: it needs nothing beside it."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=home.parent) as name:
        folder = Path(name)
        argv = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"),
            *("--disable-pip-version-check", "--only-binary=:all:"),
            *("--dest", str(folder / "wheel"), DISTRIBUTION),
        ]
        done = subprocess.run(
            argv,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
        wheels = list((folder / "wheel").glob("*.whl"))
        if done.returncode or not wheels:
            raise BuilderError(
                f"{PROGRAM} is not on this machine, and pip cannot fetch {DISTRIBUTION}",
                hint="put it on PATH; it belongs to the CUDA toolkit",
            )
        with zipfile.ZipFile(wheels[0]) as archive:
            archive.extractall(folder / "tree")
        program = _unpacked(folder / "tree")
        if program is None:
            raise BuilderError(f"{wheels[0].name} holds no {PROGRAM}")
        program.chmod(0o755)
        shutil.rmtree(home, ignore_errors=True)
        (folder / "tree").rename(home)
    return _unpacked(home) or home / PROGRAM
