"""``test IMAGE`` on a real engine: what ran, what is deferred, what is remembered."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.docker.trees import Tree


def run(tree: Tree, image: str, *words: str) -> subprocess.CompletedProcess[str]:
    argv = tree.argv("test", image, *words)
    at = argv.index("--target")  # the image says for which target it is
    return subprocess.run(
        argv[:at], env=tree.env(), capture_output=True, text=True, timeout=120
    )


def told(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, bool]]:
    document = json.loads(done.stdout)
    return {
        item["package"].partition("-")[2]: (item["status"], item["remembered"])
        for item in document["tests"]
    }


@pytest.fixture
def image(tree: Tree) -> str:
    """An image of four packages of which two are tested, one of them deferred."""
    tree.chain()
    done = tree.build(tree.name("d"))
    assert done.returncode == 0, done.stderr
    return tree.reference("d")


def test_results_of_the_build_are_known_and_deferred_ones_stay_deferred(tree: Tree, image):
    done = run(tree, image, "--json")
    assert done.returncode == 0, done.stderr
    assert told(done)["c"] == ("passed", True)
    assert told(done)["d"] == ("deferred", True)
    shown = run(tree, image)
    assert "2 tests passed, 1 deferred, 0 failed" in shown.stdout
    assert f"deferred: {tree.name('d')}" in shown.stdout
    assert "no GPU" in shown.stdout
    assert run(tree, image, "--require-all").returncode == 1


def test_again_runs_all_and_a_failure_shows_its_lines(tree: Tree, image):
    assert told(run(tree, image, "--again", "--json"))["c"] == ("passed", False)
    script = tree.folder / tree.name("d") / "check.sh"
    script.write_text("echo fatal: no such device; exit 1\n")
    done = run(tree, image, "--package", tree.name("d"))
    assert done.returncode == 1
    assert "fatal: no such device" in done.stderr
    assert "repeat: " in done.stderr
    assert "1 failed" in done.stdout
    script.write_text("exit 0\n")  # as on a machine that has what it needs
    assert "1 test passed, 0 deferred" in run(tree, image, "--package", tree.name("d")).stdout


def test_a_test_whose_program_the_image_lacks_is_named(tree: Tree):
    folder = tree.add("a", "RUN true", header="test: probe.sh")
    (folder / "probe.sh").write_text("true\n")
    done = tree.build(tree.name("a"))
    assert done.returncode == 1
    said = f"{folder}: the test 'probe.sh' of {tree.name('a')} cannot run in {tree.name('a')}: "
    assert said in done.stderr, done.stderr
    assert "hint: the image needs bash for it" in done.stderr
    assert "repeat: docker run --rm" in done.stderr


def test_an_image_built_on_ours_is_not_taken_for_it(tree: Tree, image, client, tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nRUN echo other > /ab\n")
    child = f"{tree.prefix}-child:1"
    client.images.build(path=str(tmp_path), dockerfile="Dockerfile", tag=child)
    done = run(tree, child, "--package", tree.name("c"), "--json")
    assert done.returncode == 1, "a result of another image was taken"
    assert told(done)["c"] == ("failed", False)


def test_a_package_without_a_definition_is_named_and_no_success(tree: Tree, image):
    (tree.folder / tree.name("b") / "Dockerfile").unlink()
    done = run(tree, image, "--json")
    assert done.returncode == 1
    untested = [item["package"] for item in json.loads(done.stdout)["untested"]]
    assert tree.name("b") in untested


def test_what_is_no_image_of_ours_is_refused(tree: Tree):
    done = run(tree, tree.base)
    assert done.returncode == 2
    assert "none of our labels" in done.stderr
    unknown = run(tree, "127.0.0.1:9/nothing:1")
    assert unknown.returncode == 3, unknown.stderr
