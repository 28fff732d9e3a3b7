"""READMEs of packages: what they say, that they repeat, and how they are written."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

import pytest

from jetson_containers.cli import docs
from jetson_containers.errors import BuilderError
from jetson_containers.report.facts import where
from jetson_containers.report.package_docs import MARK
from jetson_containers.report.written import Differences, compare, write
from tests.unit.report import trees


@pytest.fixture
def tree(tmp_path):
    return trees.write(tmp_path / "packages")


def test_the_readmes_are_the_reviewed_ones(tree):
    made = {str(path): text for path, text in trees.readmes(tree).items()}
    kept = {
        path.relative_to(trees.FOLDER).as_posix(): path.read_text("utf-8")
        for path in trees.FOLDER.rglob("*.md")
    }
    assert made == kept, "reviewed? then run: python -m tests.unit.report.trees"


def test_every_link_leads_somewhere(tree):
    trees.write(tree, {"ml/parts/NOTES.md": "notes\n"})
    texts = trees.readmes(tree)
    for path, text in texts.items():
        for target in re.findall(r"\]\(([^)]+)\)", text):
            name, _, anchor = target.partition("#")
            found = PurePosixPath(os.path.normpath(path.parent / name))
            assert found in texts or (tree / found).is_file(), (path, target)
            titles = re.findall(r"^#+ (.*)$", texts[found], re.MULTILINE) if anchor else []
            assert not anchor or anchor in [title.replace(".", "") for title in titles]


def test_the_texts_depend_on_nothing_but_the_definitions(tree, tmp_path):
    again = trees.write(tmp_path / "elsewhere" / "tree")
    assert trees.readmes(tree) == trees.readmes(again)


EVERY = [("2", "a"), ("2", "b"), ("2", "c"), ("1", "a"), ("1", "b")]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (EVERY, ""),
        ([("2", "a"), ("2", "b"), ("2", "c")], "2"),
        ([("2", "a"), ("1", "a")], "on a"),
        ([("2", "a"), ("2", "b"), ("1", "a"), ("1", "b")], "2 on all but c; 1"),
        ([("1", "b")], "1 on b"),
    ],
)
def test_versions_and_targets_in_words(cells, words):
    assert where(frozenset(cells), EVERY) == words


def wanted(**texts: str) -> dict[PurePosixPath, str]:
    return {PurePosixPath(f"{name}/README.md"): f"{MARK}\n{text}" for name, text in texts.items()}


def test_differences_are_told_apart_and_written(tmp_path):
    for name in ("new", "old", "same", "gone", "own"):
        (tmp_path / name).mkdir()
    write(compare(tmp_path, wanted(old="1", same="1", gone="1"), MARK), wanted(
        old="1", same="1", gone="1"
    ))
    (tmp_path / "own/README.md").write_text("mine")
    now = wanted(new="1", old="2", same="1", own="1")
    found = compare(tmp_path, now, MARK)
    names = [[path.parts[0] for path in paths] for paths in (
        found.missing, found.stale, found.left_over, found.by_hand
    )]
    assert names == [["new"], ["old"], ["gone"], ["own"]]
    assert found.changes == 3
    write(found, now)
    assert compare(tmp_path, now, MARK).changes == 0
    assert (tmp_path / "own/README.md").read_text() == "mine"
    assert not (tmp_path / "gone/README.md").exists()


def test_nothing_is_written_when_one_file_cannot_be(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").write_text("a file where a directory should be")
    now = wanted(a="1", b="1")
    with pytest.raises(BuilderError, match="nothing was changed"):
        write(Differences(tmp_path, tuple(now), (), (), ()), now)
    assert list((tmp_path / "a").iterdir()) == []


def test_what_was_replaced_is_put_back(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    before = wanted(a="1", b="1")
    write(compare(tmp_path, before, MARK), before)
    now = wanted(a="2", b="2")
    replace = Path.replace

    def fail_at_b(self: Path, target: Path) -> Path:
        if target.parent.name == "b":
            raise OSError(5, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_at_b)
    with pytest.raises(BuilderError, match="nothing was changed"):
        write(compare(tmp_path, now, MARK), now)
    assert compare(tmp_path, before, MARK).changes == 0
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["README.md"]


def test_the_verb_writes_and_checks(tree, capsys):
    words = ["--package-dirs", str(tree), "--only-dirs"]
    assert docs.main([*words, "--check"]) == 1
    assert f"missing: {tree}/tools/base/README.md" in capsys.readouterr().out
    assert not (tree / "README.md").exists()
    assert docs.main(words) == 0
    assert "5 files, 5 written" in capsys.readouterr().err
    assert docs.main([*words, "--check"]) == 0
    (tree / "tools/base/README.md").write_text(f"{MARK}\nold")
    assert docs.main([*words, "--check"]) == 1
    assert capsys.readouterr().out == f"stale: {tree}/tools/base/README.md\n"
    assert docs.main(words) == 0
    assert "5 files, 1 written" in capsys.readouterr().err


def test_a_setting_of_the_environment_changes_no_text(tree, monkeypatch):
    trees.write(tree, {"ml/own/Dockerfile": trees.BODY, "ml/own/config.py": (
        "import os\npackage['name'] = 'own:' + os.environ.get('PYTORCH_VERSION', '1')\n"
    )})
    words = ["--package-dirs", str(tree), "--only-dirs"]
    assert docs.main(words) == 0
    monkeypatch.setenv("PYTORCH_VERSION", "2.8")
    assert docs.main([*words, "--check"]) == 0


def test_a_definition_that_cannot_be_read_stops_it(tree):
    trees.write(tree, {"tools/broken/Dockerfile": "#---\n# name: [\n#---\n" + trees.BODY})
    with pytest.raises(BuilderError, match="not YAML"):
        docs.main(["--package-dirs", str(tree), "--only-dirs"])
    assert not (tree / "README.md").exists()
