"""The fingerprint changes exactly when an input that can change the result does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jetson_containers.package.grammar import parse_requirement
from jetson_containers.plan.fingerprint import context_files
from jetson_containers.plan.ignore import ignore_for
from jetson_containers.plan.model import BaseImage, Stage
from jetson_containers.plan.options import PlanOptions
from jetson_containers.plan.planner import make_plan
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


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda root: (app(root) / "install.sh").write_text("echo 2\n"), {"files:install.sh"}),
        (lambda root: (app(root) / "parts" / "two").write_text(""), {"files:parts/two"}),
        (
            lambda root: (app(root) / "Dockerfile").write_text(DOCKERFILE.replace("token", "key")),
            {"dockerfile", "secrets"},
        ),
        (lambda root: (app(root) / "README.md").write_text("other"), set()),
    ],
    ids=["bytes", "new-file", "secret-id", "unseen"],
)
def test_the_digests_tell_which_input_changed(tree, change, names):
    before = stage(tree).inputs
    change(tree)
    assert {name for name, _ in set(before) ^ set(stage(tree).inputs)} == names


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


def lay(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def shown(root: Path, *sources: str, ignore: str | None = None) -> list[str]:
    facts = context_files(root, sources or None, None if ignore is None else ignore.encode())
    return [path for path, _, _ in facts]


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ("link.txt", ["link.txt", "real/f"]),
        ("dirlink/f", ["dirlink", "real/f"]),
        ("dirlink", ["dirlink", "real/f", "real/g"]),
        ("two/f", ["dirlink", "real/f", "two"]),
        ("absolute", ["absolute", "real/g"]),
        ("sub/up", ["real/f", "sub/up"]),
        ("l*.txt", ["link.txt", "real/f"]),
        ("loop", ["loop", "pool"]),
        ("deep/f", ["deep"]),
        ("out", ["out"]),
        ("sub", ["sub/up"]),
    ],
)
def test_what_a_link_leads_to_in_the_context_counts(tmp_path, source, files):
    root = lay(tmp_path / "context", "real/f", "real/g", "sub/x")
    (root / "sub" / "x").unlink()
    for name, target in {
        "link.txt": "real/f",
        "dirlink": "real",
        "two": "dirlink",
        "absolute": "/real/g",
        "sub/up": "../real/f",
        "loop": "pool",
        "pool": "loop",
        "deep": "deep/deep",
        "out": "../../../../../etc/hostname",
    }.items():
        (root / name).symlink_to(target)
    assert shown(root, source) == files


def test_the_target_of_a_link_can_change_a_fingerprint(tmp_path):
    root = lay(tmp_path, "a", "b")
    (root / "link").symlink_to("a")
    first = context_files(root, ["link"])
    (root / "a").write_text("other")
    second = context_files(root, ["link"])
    (root / "link").unlink()
    (root / "link").symlink_to("b")
    assert len({first, second, context_files(root, ["link"])}) == 3


def test_a_link_to_the_context_itself_shows_all_of_it(tmp_path):
    root = lay(tmp_path, "a", "b/c")
    (root / "b" / "all").symlink_to("..")
    assert shown(root, "b/all") == ["a", "b/all", "b/c"]


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ("a/../b.txt", ["b.txt"]),
        ("./a/./one", ["a/one"]),
        ("../b.txt", ["b.txt"]),
        ("/b.txt", ["b.txt"]),
        ("a/", ["a/one", "a/two"]),
        ("a/..", ["a/one", "a/two", "b.txt", "c!x", "cyx", "odd[1"]),
        ("[^b]*", ["a/one", "a/two", "c!x", "cyx", "odd[1"]),
        ("c[!z]x", ["c!x"]),
        ("c[x-z]x", ["cyx"]),
        ("c[--~!]x", ["c!x", "cyx"]),
        ("c[z-a]x", []),
        ("a/[^o]*", ["a/two"]),
        ("odd[1", ["odd[1"]),
        ("c\\!?", ["c!x"]),
        ("?.txt", ["b.txt"]),
        ("*", ["a/one", "a/two", "b.txt", "c!x", "cyx", "odd[1"]),
    ],
)
def test_paths_and_patterns_are_those_of_copy(tmp_path, source, files):
    assert shown(lay(tmp_path, "a/one", "a/two", "b.txt", "c!x", "cyx", "odd[1"), source) == files


@pytest.mark.parametrize(
    ("ignore", "files"),
    [
        ("", [".dockerignore", "Dockerfile", "a/b/c.md", "a/x.md", "x.md", "y"]),
        ("*", []),
        ("*\n!y", ["y"]),
        ("*\n!Dockerfile", ["Dockerfile"]),
        ("*\n!a/b", ["a/b/c.md"]),
        ("*.md\nDockerfile", [".dockerignore", "a/b/c.md", "a/x.md", "y"]),
        ("**/*.md", [".dockerignore", "Dockerfile", "y"]),
        ("**\n!a/**/c.md", ["a/b/c.md"]),
        ("/a/\n./y\nDocker*", [".dockerignore", "x.md"]),
        ("# a\n  \n[^y]*", ["y"]),
        ("!y\ny\n.dockerignore", ["Dockerfile", "a/b/c.md", "a/x.md", "x.md"]),
        ("a\\r\n", [".dockerignore", "Dockerfile", "a/b/c.md", "a/x.md", "x.md", "y"]),
        ("a\r\n!a/x.md\r\n", [".dockerignore", "Dockerfile", "a/x.md", "x.md", "y"]),
    ],
)
def test_what_an_ignore_file_leaves_out(tmp_path, ignore, files):
    root = lay(tmp_path, ".dockerignore", "Dockerfile", "a/b/c.md", "a/x.md", "x.md", "y")
    assert shown(root, ignore=ignore) == files


def test_the_header_of_an_ignored_dockerfile_is_not_seen_by_a_build_that_sees_all(tree):
    whole = DOCKERFILE.replace("install.sh parts", ".")
    (app(tree) / "Dockerfile").write_text(whole)
    (app(tree) / ".dockerignore").write_text("*\n!install.sh\n!parts\n")
    before = stage(tree).fingerprint
    (app(tree) / "Dockerfile").write_text(whole.replace("# name: app", "# name: app\n# notes: x"))
    assert stage(tree).fingerprint == before
    (app(tree) / ".dockerignore").write_text("*\n!install.sh\n!parts\n# a comment\n")
    assert stage(tree).fingerprint == before
    (app(tree) / ".dockerignore").write_text("*\n!install.sh\n!parts\n!Dockerfile\n")
    assert stage(tree).fingerprint != before


def test_the_ignore_file_of_a_dockerfile_wins(tmp_path):
    root = lay(tmp_path, ".dockerignore", "sub/Dockerfile.x.dockerignore")
    assert ignore_for(root, "sub/Dockerfile.x") == b"sub/Dockerfile.x.dockerignore"
    assert ignore_for(root, "Dockerfile") == b".dockerignore"
    assert ignore_for(root, None) == b".dockerignore"
    assert ignore_for(root / "sub", "Dockerfile") is None
    (root / "Dockerfile.dockerignore").write_text("")
    assert ignore_for(root, "Dockerfile") == b""
    assert ignore_for(root, None) == b".dockerignore"


def test_permission_bits_count_but_not_what_the_umask_decides(tmp_path):
    root = lay(tmp_path, "a")

    def mode(bits: int) -> str:
        (root / "a").chmod(bits)
        return context_files(root, ["a"])[0][1]

    assert mode(0o664) == mode(0o644) == mode(0o666) == "644"
    assert mode(0o775) == mode(0o755) == "755"
    assert len({mode(bits) for bits in (0o644, 0o600, 0o755, 0o744, 0o4755, 0o444)}) == 6


@pytest.mark.parametrize("ignore", [None, "", "y"])
def test_bytecode_is_never_part_of_a_definition(tmp_path, ignore):
    root = lay(tmp_path / "__pycache__", "x", "a/__pycache__/b.pyc", "__pycache__/c")
    assert shown(root, ignore=ignore) == ["x"]


def test_a_context_that_is_not_there_shows_nothing(tmp_path):
    assert context_files(tmp_path / "none", None) == ()
