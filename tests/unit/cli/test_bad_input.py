"""Bad input: one clear error that says what, where and how to mend it; nothing is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.cli.main import main

GOOD = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN true\n"


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Write files below a tree, run words on it, give exit code, stdout and stderr."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("L4T_VERSION", "CUDA_VERSION", "PYTHON_VERSION", "LSB_RELEASE"):
        monkeypatch.delenv(name, raising=False)
    tree = tmp_path / "tree"
    tree.mkdir()

    def run(files: dict[str, str], *words: str) -> tuple[int, str, str]:
        for name, text in files.items():
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        dirs = ["--package-dirs", str(tree), "--only-dirs"]
        target = [] if "--target" in words else ["--target", "x86-cu130"]
        code = main([*words, *dirs, *target])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return code, told.out, told.err

    return run


@pytest.mark.parametrize(
    ("files", "words", "code", "parts"),
    [
        (
            {"torch/Dockerfile": GOOD},
            ("plan", "troch"),
            2,
            ["unknown package troch", "did you mean torch?"],
        ),
        (
            {"a/Dockerfile": GOOD},
            ("check", ""),
            2,
            ["no package was named"],
        ),
        (
            {},
            ("plan", "x", "--target", "orin-jp66"),
            2,
            ["unknown target", "orin-jp6"],
        ),
        (
            {"a/Dockerfile": "#---\n# name: [a\n#---\n" + GOOD},
            ("plan", "a"),
            1,
            ["a/Dockerfile:", "YAML"],
        ),
        (
            {"a/Dockerfile": GOOD, "a/config.py": "x = 1\nraise ValueError('no such thing')\n"},
            ("plan", "a"),
            1,
            ["a/config.py:2", "no such thing"],
        ),
        (
            {"a/config.yaml": "name: a\ndockerfile: Gone\n"},
            ("plan", "a"),
            1,
            ["Gone"],
        ),
        (
            {"a/Dockerfile": "#---\n# name: a\n#---\nFROM debian:12\n"},
            ("plan", "a"),
            1,
            ["a/Dockerfile:1", "does not build on BASE_IMAGE", "begin it with `ARG BASE_IMAGE`"],
        ),
        ({"a/Dockerfile": GOOD}, ("plan",), 2, ["no package was named"]),
        (
            {"a/Dockerfile": GOOD},
            ("plan", "a", "--build-args", "nonsense"),
            2,
            ["--build-args cannot be read at 'nonsense'", "KEY:VALUE"],
        ),
        (
            {"a/Dockerfile": GOOD},
            ("plan", "a", "--build-args", "WORD:1"),
            2,
            ["no Dockerfile of this plan declares the build argument WORD"],
        ),
        ({"a/Dockerfile": GOOD}, ("plan", "b*"), 2, ["no package matches b* on x86-cu130"]),
        (
            {"a/Dockerfile": GOOD},
            ("plan", "a", "--cuda", "13.0", "--target", "orin-jp5"),
            2,
            ["CUDA 13.0", "nearest"],
        ),
        (
            {"a/Dockerfile": GOOD},
            ("plan", "a", "--python", "3.14", "--target", "nano-jp46"),
            2,
            ["3.14", "18.04"],
        ),
    ],
)
def test_an_error_says_what_where_and_how_to_mend_it(cli, files, words, code, parts):
    given, out, err = cli(files, *words)
    assert given == code, err
    assert out == ""
    assert err.startswith(("error: ", "warning: "))
    for part in parts:
        assert part in err


def test_all_errors_of_a_run_come_in_one_go(cli):
    _, _, err = cli({"a/Dockerfile": GOOD}, "plan", "b", "c", "d>=")
    assert err.count("error: ") >= 1
    code, _, err = cli({}, "plan", "b", "c")
    assert code == 2
    assert "unknown package b" in err
    assert "unknown package c" in err


def test_a_directory_that_does_not_exist_is_named(cli, tmp_path, capsys):
    assert main(["plan", "a", "--package-dirs", str(tmp_path / "none")]) == 2
    assert f"the package directory {tmp_path / 'none'} does not exist" in capsys.readouterr().err


def test_an_unknown_verb_answers_with_the_nearest(capsys):
    assert main(["biuld"]) == 2
    assert "did you mean build?" in capsys.readouterr().err


def test_every_verb_helps_with_an_example(capsys):
    from jetson_containers.cli.main import VERBS

    for verb in VERBS:
        with pytest.raises(SystemExit) as ended:
            main([verb, "--help"])
        assert ended.value.code == 0
        assert "example" in capsys.readouterr().out, verb


@pytest.mark.parametrize("words", [["plan", "x"], ["list"], ["check"], ["lock", "x"], ["graph"]])
def test_an_empty_target_is_not_this_machine(words, capsys):
    """It is a variable that nobody set."""
    with pytest.raises(SystemExit) as caught:
        main([*words, "--target", ""])
    assert caught.value.code == 2
    assert "argument --target: no target was named" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "much"])
def test_the_disk_to_leave_free_is_a_size(text, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["build", "x", f"--min-free={text}"])
    assert caught.value.code == 2
    assert "argument --min-free" in capsys.readouterr().err
