"""``autotag`` finds what ``build`` made, and ``run`` becomes its container."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.trees import Tree

CLI = (sys.executable, "-I", "-m", "jetson_containers.cli.main")
TARGET = ("--target", "x86-cu130", "--disable", "registry")


def cli(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *words], input=text, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def built(tree: Tree) -> Tree:
    """A tree with a package ``app`` on a package ``part``, built."""
    for short, version, depends in (("part", "2.0", ""), ("app", "1.5", "part")):
        alias = f"alias: {tree.name(short)}"
        folder = tree.add(short, f"RUN echo {short} > /{short}", depends=depends, header=alias)
        file = folder / "Dockerfile"
        name = f"name: {tree.name(short)}"
        file.write_text(file.read_text().replace(f"{name}\n", f"{name}:{version}\n"))
    done = tree.build(tree.name("app"))
    assert done.returncode == 0, done.stderr
    return tree


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "it's data \"1\"\n"
    folder.mkdir()
    return folder


def test_what_was_built_is_found_and_runs(built: Tree, data: Path) -> None:
    app, part = built.name("app"), built.name("part")
    found = cli("autotag", app, *TARGET)
    assert found.returncode == 0, found.stderr
    assert found.stderr == ""
    image = found.stdout.removesuffix("\n")
    assert image == f"{app}:1.5-amd64-cu130-24.04"
    # its label tells that it holds both, and in which versions
    assert cli("autotag", f"{part}:2.0", f"{app}:1.5", *TARGET).stdout == found.stdout
    assert cli("autotag", f"{app}:1.6", *TARGET).returncode == 1
    elsewhere = cli("autotag", app, "--target", "orin-jp62", *TARGET[2:])
    assert elsewhere.returncode == 1 and "wrong-arch" in elsewhere.stderr
    # the stages are there, and are not offered
    explained = cli("autotag", part, *TARGET, "--explain")
    assert explained.stdout == found.stdout
    assert f"jetson-stage/{part}" in explained.stderr and "stage-image" in explained.stderr

    run = ("run", "--no-gpu", "--data", str(data))
    said = cli(*run, image, "echo", "hi")
    assert (said.returncode, said.stdout) == (0, "hi\n")
    assert said.stderr.startswith("docker run --rm -i --name jetson_container_")
    pasted = subprocess.run(
        ["sh", "-c", said.stderr], capture_output=True, text=True, timeout=60, check=False
    )
    assert (pasted.returncode, pasted.stdout) == (0, "hi\n")
    assert cli(*run, image, "sh", "-c", "echo kept > /data/file").returncode == 0
    assert (data / "file").read_text() == "kept\n"
