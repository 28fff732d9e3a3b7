"""``prune`` on a real engine: only what is ours and not needed goes, and the figures are true."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.docker.trees import Tree

#: of a layer of random bytes, so that nothing else in the image counts
MEGABYTES = 16


def prune(tree: Tree, *words: str) -> subprocess.CompletedProcess[str]:
    argv = tree.argv("prune", *words)
    argv = argv[: argv.index("--package-dirs")]
    mine = ("--package", f"{tree.prefix}-*")
    return subprocess.run(
        [*argv, *mine], env=tree.env(), capture_output=True, text=True, timeout=120
    )


def stages(tree: Tree, client) -> set[str]:
    tags = [tag for image in client.api.images() for tag in image["RepoTags"] or ()]
    found = (tag.removeprefix("docker.io/") for tag in tags)
    return {tag for tag in found if tag.startswith(f"jetson-stage/{tree.prefix}-")}


@pytest.fixture
def rebuilt(tree: Tree, client) -> set[str]:
    """A chain that was built, and built again with another last stage: the old stages."""
    tree.add("a", "RUN echo one > /a")
    steps = f"RUN dd if=/dev/urandom of=/{tree.prefix} bs=1M count={MEGABYTES} && echo {{}}"
    tree.add("b", steps.format("old"), depends="a")
    assert tree.build(tree.name("b")).returncode == 0
    before = stages(tree, client)
    tree.add("b", steps.format("new"), depends="a")
    done = tree.build(tree.name("b"))
    assert done.returncode == 0, done.stderr
    return before & {tag for tag in before if tag.startswith(f"jetson-stage/{tree.name('b')}:")}


def test_a_stage_that_no_image_needs_goes_and_what_the_preview_says_is_freed(
    tree: Tree, client, rebuilt
):
    everything = stages(tree, client)
    root = Path(client.info()["DockerRootDir"])
    preview = json.loads(prune(tree, "stages", "--keep-last", "0", "--json", "--dry-run").stdout)
    assert {item["reference"] for item in preview["stages"]} == rebuilt
    assert stages(tree, client) == everything, "a preview removed something"

    (old,) = rebuilt
    blobs = compressed_layers(root, client.images.get(old).attrs)
    before = used(root, tree.prefix, blobs)
    done = prune(tree, "stages", "--keep-last", "0", "--yes")
    after = used(root, tree.prefix, blobs)
    assert done.returncode == 0, done.stderr
    assert stages(tree, client) == everything - rebuilt
    if before:
        assert preview["size"] == pytest.approx(before - after, rel=0.05)
    again = prune(tree, "stages", "--keep-last", "0", "--yes")
    assert "nothing is to be removed" in again.stdout
    assert "0 built" in tree.build(tree.name("b")).stderr


def test_stages_of_the_last_runs_stay_though_no_image_needs_them(tree: Tree, client):
    tree.add("a", "RUN echo one > /a")
    tree.add("b", "RUN false", depends="a")
    assert tree.build(tree.name("b")).returncode == 1
    assert prune(tree, "--yes").returncode == 0
    assert len(stages(tree, client)) == 1, "work of a failed run is lost"
    gone = prune(tree, "--yes", "--keep-last", "0")
    assert gone.returncode == 0, gone.stderr
    assert stages(tree, client) == set()
    assert not list((tree.folder.parent / "cache" / "jetson-containers" / "runs").iterdir())
    assert not list((tree.folder.parent / "logs").iterdir())


def test_without_a_terminal_nothing_goes_unless_it_is_said(tree: Tree, client, rebuilt):
    everything = stages(tree, client)
    shown = prune(tree, "--keep-last", "0")
    assert shown.returncode == 0
    assert next(iter(rebuilt)) in shown.stdout
    assert "--yes removes it" in shown.stderr
    assert stages(tree, client) == everything


def used(root: Path, name: str, blobs: list[Path]) -> int:
    """Bytes on the engine's disk of every file of that name, unpacked, and of compressed layers.

    Others build with the same engine meanwhile, so the disk as a whole tells nothing.
    """
    found = [*blobs]
    for at, _, names in os.walk(root):
        found += [Path(at) / name] * (name in names)
    return sum(path.stat().st_blocks * 512 for path in found if path.is_file())


def compressed_layers(root: Path, image: dict) -> list[Path]:
    """The files of an image's own last layer in containerd's content store; none in other stores.
    """
    store = root / "containerd/daemon/io.containerd.content.v1.content/blobs/sha256"
    manifest = store / image["Id"].removeprefix("sha256:")
    if not manifest.is_file():
        return []
    layers = json.loads(manifest.read_text())["layers"]
    return [store / layers[-1]["digest"].removeprefix("sha256:")]
