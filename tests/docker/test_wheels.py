"""The wheel store on a real engine: compiled once, installed in every chain, never when unfit."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from jetson_containers.wheels.store import INDEX
from tests.docker.trees import BASE, Tree

#: ``/compiled`` of the image tells how often the step was run: its text is new each time
KEPT = """\
FROM scratch AS wheels
COPY --from=compile /out /

FROM ${BASE_IMAGE}
RUN --mount=type=bind,from=wheels,target=/wheels cp /wheels/* /
"""
COMPILE = (
    "COPY source /source\nRUN mkdir /out && cp /source /out/compiled "
    "&& cat /proc/sys/kernel/random/uuid >> /out/compiled\n"
)


def add_kept(tree: Tree, short: str, *, depends: str = "", compiling: str = COMPILE) -> Path:
    """A package that keeps apart what it compiles."""
    folder = tree.add(short, "", depends=depends)
    text = (folder / "Dockerfile").read_text()
    compiling = f"ARG BASE_IMAGE\nFROM ${{BASE_IMAGE}} AS compile\n{compiling}\n{KEPT}"
    (folder / "Dockerfile").write_text(text.replace(BASE, compiling))
    (folder / "source").write_text("source\n")
    return folder


@pytest.fixture
def kept(tree: Tree) -> Tree:
    """``ext`` needs ``lib`` and compiles; ``aside`` has nothing to do with them."""
    tree.add("lib", "RUN echo lib > /lib")
    tree.add("aside", "RUN echo aside > /aside")
    add_kept(tree, "ext", depends="lib")
    tree.add("app", "RUN cat /compiled /aside > /app", depends="ext aside")
    return tree


def compiled(tree: Tree, client, short: str) -> str:
    """What was compiled, as the image has it."""
    said = client.containers.run(tree.reference(short), ["cat", "/compiled"], remove=True)
    return said.decode()


def store(tree: Tree) -> Path:
    return tree.folder.parent / "cache/jetson-containers/wheels"


def entries(tree: Tree) -> list[Path]:
    return sorted(path.parent for path in store(tree).glob(f"??/*/{INDEX}"))


def drop_stages(tree: Tree, client) -> None:
    """As on another machine: no image of the tree is there."""
    tags = [tag for image in client.api.images() for tag in image["RepoTags"] or ()]
    for tag in tags:
        if tree.prefix in tag:
            client.images.remove(tag, force=True)


def built(tree: Tree, *words: str) -> str:
    done = tree.build(*words)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_what_one_chain_compiled_the_next_one_installs(kept: Tree, client):
    built(kept, kept.name("ext"))
    first = compiled(kept, client, "ext")
    (entry,) = entries(kept)
    assert [path.name for path in (entry / "files").iterdir()] == ["compiled"]
    told = json.loads((entry / INDEX).read_text())
    assert (told["package"], told["platform"]) == (kept.name("ext"), "linux/amd64")

    built(kept, kept.name("app"))
    assert compiled(kept, client, "app") == first
    assert len(entries(kept)) == 1


def test_a_changed_dependency_compiles_anew(kept: Tree, client):
    built(kept, kept.name("ext"))
    first = compiled(kept, client, "ext")
    kept.add("lib", "RUN echo other > /lib")
    built(kept, kept.name("ext"))
    assert compiled(kept, client, "ext") != first
    assert len(entries(kept)) == 2


def test_what_is_built_afresh_takes_the_place_of_what_was_kept(kept: Tree, client):
    built(kept, kept.name("ext"))
    first = compiled(kept, client, "ext")
    built(kept, kept.name("ext"), "--force", kept.name("ext"))
    second = compiled(kept, client, "ext")
    assert second != first
    built(kept, kept.name("app"))
    assert compiled(kept, client, "app") == second


def test_a_damaged_entry_is_said_and_compiled_anew(kept: Tree, client):
    built(kept, kept.name("ext"))
    first = compiled(kept, client, "ext")
    (entry,) = entries(kept)
    (entry / "files/compiled").write_text("damaged")
    said = built(kept, kept.name("app"))
    assert "compiled is not what its hash says" in said
    assert compiled(kept, client, "app") != "damaged"
    (entry,) = entries(kept)
    assert (entry / "files/compiled").read_text() == compiled(kept, client, "app") != first


def test_without_a_store_nothing_is_kept(kept: Tree, client):
    built(kept, kept.name("ext"), "--no-wheel-store")
    assert compiled(kept, client, "ext").startswith("source\n")
    assert entries(kept) == []


def test_a_failed_compilation_fails_its_stage_with_the_command_that_repeats_it(kept: Tree):
    add_kept(kept, "ext", compiling="RUN echo 'fatal: no compiler' && false\n")
    done = kept.build(kept.name("ext"))
    assert done.returncode == 1
    assert "| fatal: no compiler" in done.stderr
    assert "--target wheels" in done.stderr
    assert entries(kept) == []
    assert [path for path in store(kept).iterdir() if path.name != ".locks"] == []


def test_an_empty_result_is_refused(kept: Tree):
    add_kept(kept, "ext", compiling="RUN mkdir /out\n")
    done = kept.build(kept.name("ext"))
    assert done.returncode == 1
    assert "the stage wheels of" in done.stderr and "holds nothing" in done.stderr


def test_two_builds_at_once_compile_once(kept: Tree, client):
    add_kept(kept, "ext", depends="lib", compiling=f"{COMPILE}RUN sleep 3\n")
    kept.add("beside", "RUN true", depends="aside")
    kept.add("late", "RUN true", depends="ext beside")
    built(kept, kept.name("lib"), "--no-wheel-store")
    running = [
        subprocess.Popen(
            kept.build_argv(kept.name(short)), env=kept.env(), stderr=subprocess.PIPE, text=True
        )
        for short in ("app", "late")
    ]
    said = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert compiled(kept, client, "app") == compiled(kept, client, "late")
    assert len(entries(kept)) == 1


def test_the_classic_builder_compiles_in_the_stage_and_says_so(kept: Tree, client):
    folder = add_kept(kept, "ext")
    text = (folder / "Dockerfile").read_text()
    mounted = "RUN --mount=type=bind,from=wheels,target=/wheels cp /wheels/* /"
    (folder / "Dockerfile").write_text(text.replace(mounted, "COPY --from=wheels / /"))
    said = built(kept, kept.name("ext"), "--engine", "docker")
    assert "cannot install what was compiled before" in said
    assert compiled(kept, client, "ext").startswith("source\n")
    assert entries(kept) == []


def test_a_registry_has_what_another_machine_compiled(kept: Tree, client, registry: str):
    place = f"oci://{registry}/{kept.prefix}/wheels"
    built(kept, kept.name("ext"), "--wheel-store", place)
    first = compiled(kept, client, "ext")
    shutil.rmtree(store(kept))
    drop_stages(kept, client)
    built(kept, kept.name("app"), "--wheel-store", f"{place},mode=ro")
    assert compiled(kept, client, "app") == first
    assert len(entries(kept)) == 1, "what came from the registry is kept here too"


def test_a_registry_that_does_not_answer_keeps_nobody_from_compiling(kept: Tree, client):
    said = built(kept, kept.name("ext"), "--wheel-store", "oci://127.0.0.1:9/wheels")
    assert "oci://127.0.0.1:9/wheels" in said
    assert compiled(kept, client, "ext").startswith("source\n")
    assert len(entries(kept)) == 1


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_only_what_a_trusted_key_signed_is_installed(kept: Tree, client, tmp_path: Path, registry):
    for name in ("own", "other"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(argv, check=True)
    place = f"oci://{registry}/{kept.prefix}/signed"
    signing = ("--wheel-sign", str(tmp_path / "own"))
    built(kept, kept.name("ext"), "--wheel-store", place, *signing)
    first = compiled(kept, client, "ext")

    shutil.rmtree(store(kept))
    drop_stages(kept, client)
    trusting = ("--wheel-trust", str(tmp_path / "own.pub"))
    built(kept, kept.name("app"), "--wheel-store", f"{place},mode=ro", *trusting)
    assert compiled(kept, client, "app") == first

    drop_stages(kept, client)
    said = built(kept, kept.name("app"), "--wheel-trust", str(tmp_path / "other.pub"))
    assert "is not signed by a trusted key" in said
