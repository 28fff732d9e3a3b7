"""Words that name nothing, options that contradict each other, and how places are shown."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from jetson_containers.cli import graph, why_not
from jetson_containers.cli.main import main
from jetson_containers.cli.words import seen_from_here

ROOT = Path(__file__).resolve().parents[3]
BODY = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n"


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Run words on a tree with ``app``, give exit code, stdout and stderr."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("L4T_VERSION", "CUDA_VERSION", "PYTHON_VERSION", "LSB_RELEASE"):
        monkeypatch.delenv(name, raising=False)
    directory = tmp_path / "tree" / "app"
    directory.mkdir(parents=True)
    (directory / "Dockerfile").write_text(BODY)

    def run(*words: str) -> tuple[int, str, str]:
        where = () if {"--target", "--all-targets"} & {*words} else ("--target", "x86-cu130")
        code = main([*words, "--package-dirs", str(tmp_path / "tree"), "--only-dirs", *where])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.mark.parametrize("verb", ["plan", "lock", "show", "graph", "why-not"])
@pytest.mark.parametrize("word", ["", " , "])
def test_words_that_name_nothing_are_said_to(cli, verb, word):
    code, out, err = cli(verb, word)
    assert (code, out) == (2, "")
    assert err.startswith("error: no package was named\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("list", "--all-targets", "--target", "orin-jp62"), "exclude each other"),
        (("list", "--all-targets", "--cuda", "12.9"), "exclude each other"),
        (("graph", "--format", "dot", "--json"), "--json and --format dot exclude each other"),
        (("graph", "--output", "x.xyz"), ".xyz says no format"),
    ],
)
def test_options_that_contradict_each_other_are_usage_errors(
    cli, words, told, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert told in err
    assert not (tmp_path / "x.xyz").exists()


def test_a_named_format_goes_before_the_suffix(cli, tmp_path):
    assert cli("graph", "--format", "dot", "--output", str(tmp_path / "x.xyz"))[0] == 0
    assert (tmp_path / "x.xyz").read_text().startswith("digraph")


def test_a_list_of_nothing_ends_alike_as_text_and_as_data(cli):
    text, data = cli("list", "nosuch"), cli("list", "nosuch", "--json")
    assert (text[0], text[2]) == (data[0], data[2])
    assert text[0] == 1
    assert json.loads(data[1]) == {"format": 1, "packages": []}


@pytest.mark.parametrize(("base", "warned"), [("nosuch:1", True), ("known:1", False)])
def test_a_base_that_the_listing_does_not_know_is_warned_of(cli, tmp_path, base, warned):
    listing = tmp_path / "images.json"
    listing.write_text(json.dumps([{"reference": "known:1", "labels": {}}]))
    code, _, err = cli("plan", "app", "--base", base, "--local-images", str(listing))
    assert code == 0
    assert (f"does not know {base}" in err) is warned


def test_a_package_directory_that_is_a_file_is_called_so(tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("")
    assert main(["list", "--package-dirs", str(file)]) == 2
    assert f"{file} is no directory" in capsys.readouterr().err


def test_one_fault_of_two_packages_is_told_once(cli, tmp_path):
    (tmp_path / "tree" / "app" / "config.py").write_text(
        "package = [dict(package, name=f'app:{n}', Dockerfile='x', depends=d)\n"
        "           for n, d in ((1, []), (2, []))]\n"
    )
    _, _, err = cli("plan", "app:1")
    assert err.count("unknown key") == 1


def test_places_are_shown_as_they_open_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (
        "{0}/a/config.py:3: x (see {0}/b/Dockerfile:4); {0}-other/c:1; /x{0}/d:2; "
        "run {0}/launcher -v {0}/data:/data"
    )
    assert seen_from_here(text.format(tmp_path)) == (
        f"a/config.py:3: x (see b/Dockerfile:4); {tmp_path}-other/c:1; /x{tmp_path}/d:2; "
        f"run {tmp_path}/launcher -v {tmp_path}/data:/data"
    )


def test_the_working_directory_may_be_gone(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert seen_from_here(f"{gone}/a:1") == f"{gone}/a:1"


def _examples() -> list[str]:
    """The requests with versions in helps and guides, as they are typed."""
    guides = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    text = "\n".join(path.read_text() for path in guides)
    text += graph.parser().format_help() + why_not.parser().format_help()
    found = re.findall(r"jetson-containers ((?:plan|graph|show|why|why-not) [^\n#|>`]*)", text)
    version = re.compile(r"\w(:|[<>=~]=?)\d")
    return sorted({item.strip() for item in found if version.search(item.partition(" --")[0])})


def test_examples_with_versions_work_on_the_own_tree(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    examples = _examples()
    assert len(examples) > 1
    for example in examples:
        words = shlex.split(example)
        where = [] if "--target" in words else ["--target", "x86-cu130"]
        code = main([*words, *where])
        told = capsys.readouterr()
        assert code == (1 if words[0] == "why-not" else 0), (example, told.err)


def test_the_guide_shows_what_why_prints(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(ROOT)
    guide = (ROOT / "docs" / "resolving.md").read_text()
    command, printed = re.findall(r"```\n\$ jetson-containers (.*)\n((?:.*\n)*?)```", guide)[0]
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out == printed
