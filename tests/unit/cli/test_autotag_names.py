"""Aliases, unknown names, and ``build`` as a source."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from jetson_containers.cli import autotag, autotag_build
from jetson_containers.cli.autotag_build import build_argv, wants_build
from jetson_containers.cli.context import Context
from jetson_containers.cli.main import main
from jetson_containers.image.request import parse_wanted
from jetson_containers.platform.named import named_target

X86 = "amd64-cu130-24.04"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def tree(tmp_path: Path) -> tuple[str, ...]:
    """Options for a tree with one package, ``app``, which is also called ``thing``."""
    folder = tmp_path / "tree" / "app"
    folder.mkdir(parents=True)
    header = "#---\n# name: app\n# alias: thing\n#---\n"
    (folder / "Dockerfile").write_text(f"{header}ARG BASE_IMAGE\nFROM ${{BASE_IMAGE}}\n")
    return (
        *("--target", "x86-cu130", "--offline"),
        *("--package-dirs", str(folder.parent), "--only-dirs"),
    )


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "local.json"
    path.write_text("[]")
    return path


def test_an_alias_is_the_package(tree: tuple[str, ...], local: Path, capsys: Capture) -> None:
    local.write_text(json.dumps([{"reference": f"app:1-{X86}"}]))
    words = ("autotag", "thing", *tree, "--local-images", str(local))
    assert main([*words, "--disable", "registry,build"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (f"app:1-{X86}\n", "thing is app\n")


def test_an_alias_is_known_to_saved_listings(
    tree: tuple[str, ...], tmp_path: Path, capsys: Capture
) -> None:
    tag = {"name": f"1-{X86}", "images": [{"architecture": "amd64"}]}
    (tmp_path / "hub.json").write_text(
        json.dumps([{"namespace": "acme", "name": "app", "tags": [tag]}])
    )
    hub = ("--registry-snapshot", str(tmp_path / "hub.json"), "--user", "acme")
    assert main(["autotag", "thing", *tree, *hub, "--disable", "local"]) == 0
    assert capsys.readouterr().out == f"acme/app:1-{X86}\n"


def test_an_image_of_that_very_name_needs_no_alias(
    tree: tuple[str, ...], local: Path, capsys: Capture
) -> None:
    local.write_text(json.dumps([{"reference": f"thing:1-{X86}"}]))
    assert main(["autotag", "thing", *tree, "--local-images", str(local)]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (f"thing:1-{X86}\n", "")


def test_an_unknown_name_is_answered_with_near_ones(
    tree: tuple[str, ...], local: Path, capsys: Capture
) -> None:
    assert main(["autotag", "thingy", *tree, "--local-images", str(local)]) == 1
    assert "did you mean thing?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("thing", "hint: jetson-containers build app\n"),
        ("acme/app", "hint: jetson-containers build app\n"),
        ("app:3", "not possible either: no version of app satisfies app:3"),
        ("quite-another", "not possible either: unknown package quite-another"),
    ],
)
def test_a_build_is_named_only_where_it_can_begin(
    asked: str, hint: str, tree: tuple[str, ...], local: Path, capsys: Capture
) -> None:
    assert main(["autotag", asked, *tree, "--local-images", str(local)]) == 1
    assert hint in capsys.readouterr().err


def test_it_is_said_why_a_build_that_was_asked_for_did_not_begin(
    tree: tuple[str, ...], tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "tree" / "app" / "Dockerfile"
    file.write_text(file.read_text().replace("# alias", "# requires: '>=99'\n# alias"))
    words = ("autotag", "app", *tree, "--disable", "local,registry", "--prefer", "build")
    assert main(words) == 1
    assert "not possible either: app is not for target x86-cu130" in capsys.readouterr().err


def test_folders_of_the_own_tree_are_named_after_their_packages() -> None:
    """So that the name of a folder can be taken for a package's without loading any."""
    args = autotag.parser().parse_args(["app"])
    context = Context.of(args)
    names: dict[str, set[str]] = {}
    for target in map(named_target, ("x86-cu130", "orin-jp62", "thor-jp71")):
        catalogue = context.catalogue_for(target)
        for name in catalogue.names():
            for package in catalogue.versions(name):
                names.setdefault(package.path.name, set()).add(name)
        for folder, known in names.items():
            real = catalogue.default(folder)
            assert real is None or real.name == folder, (target.name, folder, known)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


REQUEST = parse_wanted(["app:1", "part"])


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(
    ("stdin", "stderr", "quiet"),
    [
        (io.StringIO("y\n"), Terminal(), False),
        (Terminal("y\n"), io.StringIO(), False),
        (Terminal("y\n"), Terminal(), True),
    ],
)
def test_nobody_is_asked_without_a_terminal(
    stdin: io.StringIO, stderr: io.StringIO, quiet: bool, named: bool
) -> None:
    assert wants_build(REQUEST, named=named, quiet=quiet, stdin=stdin, stderr=stderr) is named
    assert stderr.getvalue() == ""


@pytest.mark.parametrize(
    ("answer", "expected"), [("y\n", True), ("YES\n", True), ("\n", False), ("", False)]
)
def test_a_person_is_asked(answer: str, expected: bool) -> None:
    shown = Terminal()
    assert (
        wants_build(REQUEST, named=True, quiet=False, stdin=Terminal(answer), stderr=shown)
        is expected
    )
    assert shown.getvalue() == "no image was found. Build app:1 part now? [y/N] "


def test_the_build_is_for_the_same_machine() -> None:
    args = autotag.parser().parse_args(
        ["app", "--target", "x86-cu130", "--package-dirs", "/a b", "--only-dirs"]
    )
    argv = build_argv(REQUEST, args)
    assert argv[0] == sys.executable
    assert argv[argv.index("build") :] == [
        *("build", "--target", "x86-cu130", "--package-dirs", "/a b", "--only-dirs"),
        *("app:1", "part"),
    ]


class TestBuilding:
    """With an engine that nobody has: what matters is whether a build begins, and its end."""

    @pytest.fixture
    def began(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        began: list[str] = []
        monkeypatch.setattr(
            autotag_build, "build", lambda request, args: began.append(str(request[0])) or 7
        )
        monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/nobody.sock")
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        return began

    def test_its_failure_is_the_end(
        self, tree: tuple[str, ...], began: list[str], capsys: Capture
    ) -> None:
        assert main(["autotag", "thing", *tree, "--prefer", "local,build", "--quiet"]) == 7
        assert began == ["app"] and capsys.readouterr().out == ""

    @pytest.mark.parametrize(
        "words",
        [
            ["app"],
            ["app", "--prefer", "build", "--disable", "build"],
            ["other", "--prefer", "build"],
            ["acme/app", "--prefer", "build"],
        ],
    )
    def test_nothing_is_built_unasked(
        self, words: list[str], tree: tuple[str, ...], began: list[str]
    ) -> None:
        assert main(["autotag", *words, *tree]) in (1, 3)
        assert began == []

    def test_what_is_found_is_not_built(
        self, tree: tuple[str, ...], local: Path, began: list[str]
    ) -> None:
        local.write_text(json.dumps([{"reference": f"app:1-{X86}"}]))
        words = ["autotag", "app", *tree, "--local-images", str(local)]
        assert main([*words, "--prefer", "local,build", "--json"]) == 0
        assert began == []


def test_the_question_does_not_go_to_stdout(tree: tuple[str, ...]) -> None:
    """As a shell starts it inside ``$(...)``: a terminal to speak with, and a pipe for stdout."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "jetson_containers.cli.main", "autotag", "app", *tree]
    with subprocess.Popen(
        [*words, "--disable", "local,registry"], stdin=theirs, stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while b"[y/N]" not in shown:
            shown += os.read(ours, 4096)
        os.write(ours, b"n\n")
        assert process.stdout is not None
        assert process.stdout.read() == b""
        assert process.wait(30) == 1
    os.close(ours)
