"""The fingerprint changes exactly when an input that can change the result does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.model import BaseImage, Stage
from jetson_containers.plan.planner import PlanOptions, make_plan
from jetson_containers.resolve.resolver import resolve
from tests.unit.shelves import X86, package

BASE = BaseImage("base:1", "sha256:" + "0" * 64)
DOCKERFILE = (
    "#---\n# name: app\n#---\nARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG VERSION\n"
    "COPY install.sh parts /tmp/\nRUN --mount=type=secret,id=token /tmp/install.sh\n"
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    folder = root / "app"
    (folder / "parts").mkdir(parents=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "install.sh").write_text("echo\n")
    (folder / "parts" / "one").write_text("1")
    (folder / "README.md").write_text("hello")
    (folder / "test.py").write_text("pass")
    return root


def stage(root: Path, base: BaseImage = BASE, options: PlanOptions | None = None, **more) -> Stage:
    from jetson_containers.package.catalogue import Catalogue

    item = package("app", root, **{"build_args": (("VERSION", "1"),), **more})
    shelf = Catalogue(target=X86, packages=(item,))
    resolution = resolve(shelf, [parse_requirement("app")])
    return make_plan([resolution], base, options).stages[0]


def app(root: Path) -> Path:
    return root / "app"


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (app(root) / "install.sh").write_text("echo 2\n"),
        lambda root: (app(root) / "install.sh").chmod(0o755),
        lambda root: (app(root) / "parts" / "two").write_text(""),
        lambda root: (app(root) / "parts" / "one").rename(app(root) / "parts" / "uno"),
        lambda root: (app(root) / "Dockerfile").write_text(DOCKERFILE + "RUN true\n"),
        lambda root: (app(root) / "Dockerfile").write_text(DOCKERFILE.replace("token", "key")),
    ],
    ids=["bytes", "mode", "new-file", "renamed", "instruction", "secret-id"],
)
def test_it_changes_with_what_the_build_sees(tree, change):
    before = stage(tree).fingerprint
    change(tree)
    assert stage(tree).fingerprint != before


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (app(root) / "README.md").write_text("other"),
        lambda root: (app(root) / "test.py").write_text("assert 1"),
        lambda root: os.utime(app(root) / "install.sh", (1, 1)),
        lambda root: (app(root) / "Dockerfile").write_text(
            DOCKERFILE.replace("# name: app", "# name: app\n# notes: more words")
        ),
        lambda root: (app(root) / "__pycache__").mkdir(),
    ],
    ids=["readme", "test", "mtime", "header", "bytecode"],
)
def test_it_does_not_change_with_anything_else(tree, change):
    before = stage(tree).fingerprint
    change(tree)
    assert stage(tree).fingerprint == before


def test_the_place_of_the_tree_does_not_count(tree, tmp_path):
    moved = tmp_path / "elsewhere" / "tree"
    shutil.copytree(tree, moved)
    assert stage(tree).fingerprint == stage(moved).fingerprint


def test_base_arguments_flags_and_device_count(tree):
    plain = stage(tree).fingerprint
    others = {
        stage(tree, BaseImage("base:1", "sha256:" + "1" * 64)).fingerprint,
        stage(tree, build_args=(("VERSION", "2"),)).fingerprint,
        stage(tree, options=PlanOptions(build_args={"VERSION": "3"})).fingerprint,
        stage(tree, build_flags=("--no-cache",)).fingerprint,
        stage(tree, buildkit_device="nvidia.com/gpu=all").fingerprint,
    }
    assert plain not in others
    assert len(others) == 5


def test_the_name_of_a_base_with_a_known_digest_does_not_count(tree):
    renamed = BaseImage("other:2", BASE.digest)
    assert stage(tree, renamed).fingerprint == stage(tree).fingerprint


def test_dockerignore_is_honoured(tree):
    (app(tree) / "Dockerfile").write_text(DOCKERFILE.replace("install.sh parts", "."))
    before = stage(tree).fingerprint
    (app(tree) / ".dockerignore").write_text("*.md\n!keep.md\n")
    ignoring = stage(tree).fingerprint
    (app(tree) / "README.md").write_text("changed")
    assert stage(tree).fingerprint == ignoring != before
    (app(tree) / "keep.md").write_text("kept")
    assert stage(tree).fingerprint != ignoring
