"""Reports on disk hold exactly as long as what they tell of is the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jetson_containers.check import kept
from jetson_containers.check.kept import KeptReports
from jetson_containers.check.model import TargetReport
from jetson_containers.check.reader import Reader
from jetson_containers.check.target import check_target
from jetson_containers.package.loader import load_catalogue
from jetson_containers.platform.named import named_target
from tests.unit.check.trees import write

FILES = {
    "a/Dockerfile": "#---\n# test: test.sh\n# notes: more.md\n#---\n"
    "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY build.sh data /x/\nRUN /x/build.sh\n",
    "a/build.sh": "pip install numpy\n",
    "a/deep/helper.sh": "true\n",
    "a/test.sh": "true\n",
    "a/more.md": "more\n",
    "a/data": "1\n",
    "b/Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n",
}

Check = Callable[[], tuple[TargetReport, bool]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write(tmp_path / "tree", FILES)


@pytest.fixture
def check(tmp_path: Path, tree: Path) -> Check:
    """The report on the tree as a new run of the program has it, and whether it was made anew."""

    def checked(*words: str, target: str = "x86-cu130") -> tuple[TargetReport, bool]:
        catalogue = load_catalogue(named_target(target), [tree])
        reader = Reader()
        made: list[TargetReport] = []

        def make() -> TargetReport:
            made.append(check_target(catalogue, reader, notes=True))
            return made[-1]

        report = KeptReports(tmp_path / "cache", words, reader).report(catalogue, make)
        assert report == check_target(catalogue, Reader(), notes=True)
        return report, bool(made)

    return checked


def test_the_second_run_makes_nothing_and_tells_the_same(check: Check):
    first, made = check()
    assert made
    assert check() == (first, False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a/Dockerfile", FILES["a/Dockerfile"] + "# more\n"),
        ("b/Dockerfile", "FROM scratch\n"),
        ("a/build.sh", "pip install numpy==1\n"),
        ("a/deep/helper.sh", "pip install numpy\n"),
        ("a/.dockerignore", "*.sh\n"),
        ("a/Dockerfile.dockerignore", "*.sh\n"),
        ("a/deep/more/install.sh", "true\n"),
        ("c/Dockerfile", "FROM scratch\n"),
    ],
)
def test_a_file_that_is_another_or_new_makes_a_new_report(
    check: Check, tree: Path, name: str, text: str
) -> None:
    check()
    write(tree, {name: text})
    assert check()[1]
    assert not check()[1]


@pytest.mark.parametrize("name", ["a/test.sh", "a/more.md", "a/data", "a/build.sh"])
def test_a_file_that_is_gone_makes_a_new_report(check: Check, tree: Path, name: str) -> None:
    check()
    (tree / name).unlink()
    report, made = check()
    assert made and report.findings


def test_a_file_that_no_rule_looks_at_changes_nothing(check: Check, tree: Path):
    check()
    write(tree, {"a/more.md": "less\n"})
    assert not check()[1]


def test_targets_and_questions_have_reports_of_their_own(check: Check):
    check()
    assert check(target="orin-jp62")[1]
    assert check("notes")[1]
    assert not check()[1]


def test_another_program_makes_a_new_report(check: Check, monkeypatch: pytest.MonkeyPatch):
    check()
    monkeypatch.setattr(kept, "_program", lambda: "another")
    assert check()[1]


@pytest.mark.parametrize("keep", [0, 20, 200])
def test_a_torn_file_is_no_report(check: Check, tmp_path: Path, keep: int) -> None:
    check()
    [file] = (tmp_path / "cache").iterdir()
    file.write_bytes(file.read_bytes()[:keep])
    assert check()[1]
    assert not check()[1]


def test_a_cache_that_cannot_be_written_is_no_error(check: Check, tmp_path: Path):
    (tmp_path / "cache").write_text("a file where a directory should be")
    assert check()[1]
    assert check()[1]
