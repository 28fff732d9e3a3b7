"""What ``docker buildx bake`` makes of a bake file is what ``build`` makes of the plan."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from jetson_containers.engine.address import EngineAddress
from tests.docker.trees import Tree, tags_with


def _bake(tree: Tree, *words: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the verb on the tree and its base."""
    base = () if "--base" in words else ("--base", tree.base)
    done = subprocess.run(
        tree.argv("bake", *base, *words),
        env=tree.env(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == expect, done.stderr
    return done


def _buildx(engine: EngineAddress, *words: str, cwd: Path | None = None) -> str:
    """Run ``docker buildx bake``; its stdout."""
    done = subprocess.run(
        [str(engine.docker), "buildx", "bake", *words],
        env={**os.environ, **engine.environ(), "BUILDX_BAKE_ENTITLEMENTS_FS": "0"},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def chain(tree: Tree) -> Tree:
    tree.chain()
    return tree


def test_after_a_bake_build_finds_every_stage_and_image(chain: Tree, engine, client, tmp_path):
    file = tmp_path / "docker-bake.json"
    _bake(chain, chain.name("d"), "--output", str(file))
    _buildx(engine, "--file", str(file))
    image = client.images.get(chain.reference("d"))
    assert client.containers.run(image, "cat /ab", remove=True) == b"one\ntwo\nthree\n"
    done = chain.build(chain.name("d"))
    assert done.returncode == 0, done.stderr
    assert "stages:  0 built, 4 found" in done.stderr
    assert client.images.get(chain.reference("d")).id == image.id


def test_stages_have_the_labels_and_the_configuration_that_build_gives_them(
    chain: Tree, engine, client
):
    assert chain.build(chain.name("d")).returncode == 0
    built = client.images.get(chain.reference("d")).attrs["Config"]
    for tag in tags_with(client, chain.prefix):
        client.images.remove(tag, force=True)
    document = _bake(chain, chain.name("d")).stdout
    file = chain.folder.parent / "docker-bake.json"
    file.write_text(document)
    _buildx(engine, "--file", str(file))
    baked = client.images.get(chain.reference("d")).attrs["Config"]
    assert baked["Labels"] == built["Labels"]
    assert baked == built


def test_buildx_reads_every_field_as_it_was_meant(chain: Tree, engine, tmp_path):
    chain.add(
        "e",
        "ARG TEXT\nRUN true",
        depends="d",
        header="build_args:\n  TEXT: 'a $${x} ${y} %{if z} %%{w} \"q\" \\ end'",
    )
    file = tmp_path / "docker-bake.json"
    written = json.loads(_bake(chain, chain.name("e"), "--output", str(file), "--print").stdout)
    read = json.loads(_buildx(engine, "--file", str(file), "--print"))
    assert read["group"] == written["group"]
    for name, target in written["target"].items():
        for field, value in target.items():
            plain = json.loads(json.dumps(value).replace("$${", "${").replace("%%{", "%{"))
            assert read["target"][name][field] == plain, (name, field)
    args = next(item["args"] for name, item in read["target"].items() if "-e-" in name)
    assert args["TEXT"] == 'a $${x} ${y} %{if z} %%{w} "q" \\ end'


def test_a_directory_holds_everything_that_a_bake_needs(chain: Tree, engine, client, tmp_path):
    folder = chain.folder / chain.name("b")
    (folder / "Dockerfile").rename(folder / "Dockerfile.in")
    text = (folder / "Dockerfile.in").read_text().replace("COPY file", "COPY made.txt")
    (folder / "Dockerfile").write_text(text)
    (folder / "config.py").write_text(
        "with open('made.txt', 'w') as file:\n    file.write('from config.py\\n')\n"
    )
    refused = _bake(chain, chain.name("d"), expect=2)
    assert "--output DIRECTORY/" in refused.stderr
    fleet = tmp_path / "fleet"
    _bake(chain, chain.name("d"), "--output", str(fleet))
    _bake(chain, chain.name("d"), "--output", str(fleet))  # written anew
    moved = tmp_path / "elsewhere"
    shutil.move(fleet, moved)
    _buildx(engine, cwd=moved)
    found = client.containers.run(chain.reference("d"), "cat /ab", remove=True)
    assert found == b"one\nfrom config.py\nthree\n"
    assert "0 built, 4 found" in chain.build(chain.name("d")).stderr


def test_a_directory_with_other_files_is_left_alone(chain: Tree, tmp_path):
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "mine").write_text("precious")
    done = _bake(chain, chain.name("d"), "--output", str(tmp_path / "fleet"), expect=2)
    assert "between other files" in done.stderr
    assert (tmp_path / "fleet" / "mine").read_text() == "precious"


def test_stages_that_a_fleet_pushed_are_found_in_their_registry(
    chain: Tree, engine, registry, client, tmp_path
):
    places = (f"{registry}/{chain.prefix}/images", f"{registry}/{chain.prefix}/stages")
    file = tmp_path / "docker-bake.json"
    words = ("--push", places[0], "--cache-registry", places[1], "--output", str(file))
    _bake(chain, chain.name("d"), *words)
    _buildx(engine, "--file", str(file))
    here = [tag for tag in tags_with(client, chain.prefix) if registry not in tag]
    assert not here, "under names of this machine nothing stays here"
    done = chain.build(chain.name("d"), "--cache-registry", places[1], "--skip-tests", "all")
    assert done.returncode == 0, done.stderr
    assert "stages:  0 built" in done.stderr
    client.images.pull(f"{places[0]}/{chain.reference('d')}")


def test_attestations_lie_beside_a_pushed_image(chain: Tree, engine, registry, tmp_path):
    place = f"{registry}/{chain.prefix}/attested"
    file = tmp_path / "docker-bake.json"
    words = ("--push", place, "--provenance", "--output", str(file))
    _bake(chain, chain.name("d"), *words)
    _buildx(engine, "--file", str(file))
    inspect = ("buildx", "imagetools", "inspect", "--format", "{{json .Provenance}}")
    told = subprocess.run(
        [str(engine.docker), *inspect, f"{place}/{chain.reference('d')}"],
        env={**os.environ, **engine.environ()},
        capture_output=True,
        text=True,
    )
    assert "invocation" in json.loads(told.stdout)["SLSA"], told.stderr


def test_without_a_registry_attestations_are_refused(chain: Tree):
    assert "need --push" in _bake(chain, chain.name("d"), "--provenance", expect=2).stderr


def test_the_file_is_all_that_stdout_holds(chain: Tree):
    done = _bake(chain, chain.name("d"), "--no-engine")
    assert "digest of" in done.stderr
    assert set(json.loads(done.stdout)) == {"group", "target"}


def test_build_with_the_engine_bake_builds_all_of_it_at_once(chain: Tree, client):
    done = chain.build(chain.name("d"), "--engine", "bake")
    assert done.returncode == 0, done.stderr
    assert "stages:  4 built, 0 found" in done.stderr
    assert f"deferred: {chain.name('d')} sh /test/check.sh: no GPU" in done.stderr
    for number, short in enumerate("abcd", 1):
        assert f"[ {number}/4] {chain.name(short)}: built in" in done.stderr
    log = next(chain.folder.parent.glob("logs/*/02-*.log")).read_text()
    assert "RUN cat /a /b > /ab" in log
    again = chain.build(chain.name("d"), "--engine", "bake")
    assert "stages:  0 built, 4 found" in again.stderr


def test_a_step_that_fails_in_a_bake_fails_once_and_blocks_what_stands_on_it(chain: Tree, client):
    chain.add("b", "RUN echo fatal: no luck; echo run >> /dev/null; false", depends="a")
    done = chain.build(chain.name("d"), "--engine", "bake")
    assert done.returncode == 1
    assert f"building {chain.name('b')} failed at [1/2] RUN echo fatal" in done.stderr
    assert "| fatal: no luck" in done.stderr
    assert done.stderr.count(f"{chain.name('b')}: building") == 1
    assert done.stderr.count(f"{chain.name('b')}: FAILED after") == 1
    line = next(line for line in done.stderr.splitlines() if line.strip().startswith("repeat:"))
    command = line.partition(": ")[2]
    again = subprocess.run(command, shell=True, env=chain.env(), capture_output=True)
    assert b"fatal: no luck" in again.stderr
    logs = "".join(path.read_text() for path in chain.folder.parent.glob("logs/*/*.log"))
    assert logs.count("\nfatal: no luck") == 1
    assert not tags_with(client, chain.name("d"))


def test_a_bake_of_one_stage_tells_what_a_bake_of_many_tells(chain: Tree):
    assert chain.build(chain.name("c"), "--engine", "bake").returncode == 0
    done = chain.build(chain.name("d"), "--engine", "bake")
    assert done.returncode == 0, done.stderr
    assert f"[ 4/4] {chain.name('d')}: building (never built here)" in done.stderr
    assert f"[ 4/4] {chain.name('d')}: built in" in done.stderr
    assert "0.0 s" not in next(x for x in done.stderr.splitlines() if x.startswith("longest"))
    chain.add("d", "RUN echo fatal: no luck; false", depends="c")
    failed = chain.build(chain.name("d"), "--engine", "bake")
    assert failed.returncode == 1
    assert f"building {chain.name('d')} failed at [2/2] RUN echo fatal" in failed.stderr
    assert "| fatal: no luck" in failed.stderr
    assert "stages:  0 built, 3 found, 1 failed" in failed.stderr
    assert "  repeat: docker" in failed.stderr


def test_a_bake_names_what_changed_below_as_any_build_does(chain: Tree):
    assert chain.build(chain.name("d"), "--engine", "bake").returncode == 0
    (chain.folder / chain.name("b") / "file").write_text("other\n")
    done = chain.build(chain.name("d"), "--engine", "bake")
    changed = f"{chain.name('b')}: file file: changed"
    assert f"{chain.name('d')}: building ({changed})" in done.stderr


def test_a_secret_that_a_bake_left_in_an_image_leaves_no_name(chain: Tree, client, tmp_path):
    (tmp_path / "token").write_text("hunter22-and-more")
    step = "RUN --mount=type=secret,id=token cp /run/secrets/token /kept; rm /kept"
    chain.add("b", f"{step}\nRUN --mount=type=secret,id=token cp /run/secrets/token /x; echo > /ab")
    chain.add("c", "RUN true", depends="b")
    chain.add("d", "RUN true", depends="c")
    secret = ("--secret", f"id=token,src={tmp_path / 'token'}")
    done = chain.build(chain.name("d"), "--engine", "bake", *secret)
    assert done.returncode == 1
    assert "secret token in layer" in done.stderr
    assert tags_with(client, chain.prefix) == []
