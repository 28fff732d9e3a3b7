"""``prune`` on a real engine: only what is ours and not needed goes, and the figures are true."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.docker.trees import Tree

#: of a layer of random bytes; enough to tell from what others do with the same engine meanwhile
MEGABYTES = 48


def prune(tree: Tree, *words: str) -> subprocess.CompletedProcess[str]:
    argv = tree.argv("prune", *words)
    argv = argv[: argv.index("--package-dirs")]
    mine = ("--packages", f"{tree.prefix}-*")
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
    steps = f"RUN dd if=/dev/urandom of=/big bs=1M count={MEGABYTES} && echo {{}}"
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

    before = _used(root)
    done = prune(tree, "stages", "--keep-last", "0", "--yes")
    after = _used(root)
    assert done.returncode == 0, done.stderr
    assert stages(tree, client) == everything - rebuilt
    if os.access(root, os.R_OK) and before:
        assert preview["size"] == pytest.approx(before - after, rel=0.15)
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


def _used(root: Path) -> int:
    """Bytes below a directory; others build meanwhile, so files may go while they are counted."""
    told = subprocess.run(["du", "-s", "--block-size=1", str(root)], capture_output=True, text=True)
    return int(told.stdout.split()[0]) if told.stdout else 0
