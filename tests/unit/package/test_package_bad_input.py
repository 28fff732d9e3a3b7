"""Definitions that are wrong cost themselves alone, and say where and why."""

from __future__ import annotations

import os
import time

import pytest

from jetson_containers.package.loader import load_catalogue

GOOD = {"good/Dockerfile": "#---\n# name: good\n#---\nFROM x\n", "zz/config.py": "x = 1\n"}


def codes(catalogue):
    return [finding.code for finding in catalogue.findings]


CASES = {
    "raises": ({"bad/config.py": "x = 1\nraise ValueError('no')\n"}, 2, "raised ValueError: no"),
    "in a helper": (
        {"bad/config.py": "from .helper import x\n", "bad/helper.py": "\n\nx = 1 / 0\n"},
        3,
        "ZeroDivisionError",
    ),
    "exits": ({"bad/config.py": "import sys\nsys.exit(3)\n"}, 2, "sys.exit(3)"),
    "ends the process": ({"bad/config.py": "import os\nos._exit(0)\n"}, 0, "ended the process"),
    "kills itself": ({"bad/config.py": "import os\nos.kill(os.getpid(), 9)\n"}, 2, "Permission"),
    "loops": ({"bad/config.py": "x = 1\nwhile True:\n    x += 1\n"}, (2, 3), "within 0.3 s"),
    "loops and holds on": (
        {"bad/config.py": "while True:\n try:\n  sum(range(99))\n except BaseException: pass\n"},
        0,
        "did not end within",
    ),
    "is no Python": ({"bad/config.py": "x = 1\nif\n"}, 2, "SyntaxError"),
    "is not UTF-8": ({"bad/config.py": b"x = '\xff'\n"}, (0, 1), "SyntaxError"),
    "threads": (
        {"bad/config.py": "import threading\nthreading.Thread(target=print).start()\n"},
        2,
        "cannot start threads",
    ),
    "a header that is no YAML": (
        {"bad/Dockerfile": "#---\n# name: bad\n# depends: [a\n#---\nFROM x\n"},
        3,
        "not YAML",
    ),
    "a requirement": (
        {"bad/Dockerfile": "#---\n# depends:\n#  - a\n#  - b c\n#---\nFROM x\n"},
        4,
        "'b c' is not a requirement",
    ),
    "a requires": ({"bad/config.yaml": "depends: a\nrequires: soon\n"}, 2, "cannot be read"),
    "a name that escapes": (
        {"bad/Dockerfile": "#---\n# name: ../../x\n#---\nFROM x\n"},
        2,
        "not a package name",
    ),
    "a Dockerfile that escapes": (
        {"bad/config.yaml": "dockerfile: ../../../etc/passwd\n"},
        1,
        "outside the tree",
    ),
    "a config that is missing": (
        {"bad/Dockerfile": "#---\n# config: more.yaml\n#---\nFROM x\n"},
        2,
        "names more.yaml",
    ),
    "a config.py that is missing": (
        {"bad/Dockerfile": "#---\n# name: bad\n# config: config.py\n#---\nFROM x\n"},
        3,
        "names config.py",
    ),
    "a mapping that is none": ({"bad/config.yaml": "build_args: [a]\n"}, 1, "not a mapping"),
    "a source": ({"bad/config.yaml": "depends: []\nsources: [{git: x, tag: y}]\n"}, 2, "a source"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_costs_one_directory_alone(orin, tree, case):
    files, lines, words = CASES[case]
    root = tree({**GOOD, **files})
    catalogue = load_catalogue(orin, [root], time_limit=0.3)
    assert {"good", "zz"} <= set(catalogue.names())
    errors = [finding for finding in catalogue.findings if finding.severity == "error"]
    [error] = errors
    assert words in error.message
    assert error.location.path.startswith(str(root / "bad"))
    assert error.location.line in (lines if isinstance(lines, tuple) else (lines,))
    assert catalogue.names() == ("good", "zz") or case == "a header that is no YAML"


def test_a_definition_prints_nothing_and_cannot_write_elsewhere(orin, tree, tmp_path, capfd):
    outside = tmp_path / "outside"
    outside.write_text("kept")
    root = tree(
        {
            "a/config.py": (
                "import os, sys\nprint('out')\nsys.stderr.write('err')\nos.write(1, b'raw')\n"
                f"for act in (lambda: open({str(outside)!r}, 'w'),\n"
                f"            lambda: os.remove({str(outside)!r}),\n"
                f"            lambda: os.rename('config.py', {str(outside)!r}),\n"
                "            lambda: os.fork(), lambda: os.execv('/bin/true', ['true'])):\n"
                "    try:\n        act()\n    except PermissionError:\n        pass\n"
                "with open('inside.txt', 'w') as file:\n    file.write('kept in memory')\n"
            )
        }
    )
    catalogue = load_catalogue(orin, [root])
    assert catalogue.names() == ("a",)
    assert outside.read_text() == "kept"
    assert not (root / "a" / "inside.txt").exists()
    assert catalogue.default("a").generated == (("inside.txt", "kept in memory"),)
    assert set(codes(catalogue)) == {"touches-host"}
    assert capfd.readouterr() == ("", "")


def test_commands_the_host_and_its_files_are_out_of_reach(orin, tree, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    root = tree(
        {
            "a/config.py": (
                "import os, platform, subprocess, time\n"
                f"done = subprocess.run(['touch', {str(tmp_path / 'made')!r}], check=False)\n"
                "try:\n"
                f"    found = open({str(secret)!r}).read()\n"
                "except FileNotFoundError:\n    found = 'nothing'\n"
                "time.sleep(60)\n"
                "package['build_args'] = {'CODE': done.returncode, 'FOUND': found,\n"
                "    'MACHINE': os.uname().machine + platform.machine(),\n"
                "    'ENV': sorted(os.environ)}\n"
            )
        }
    )
    started = time.monotonic()
    catalogue = load_catalogue(orin, [root], settings={"A": "1"})
    assert time.monotonic() - started < 30, "it slept"
    assert dict(catalogue.default("a").build_args) == {
        "CODE": "127",
        "FOUND": "nothing",
        "MACHINE": "aarch64aarch64",
        "ENV": "['A']",
    }
    assert not (tmp_path / "made").exists()
    assert codes(catalogue) == ["touches-host"]


def test_the_evaluating_process_leaves_this_one_as_it_was(orin, tree):
    before = dict(os.environ)
    root = tree(
        {
            "a/config.py": "import os, math\nos.environ['X'] = '1'\nmath.pi = 3\nos.chdir('/')\n",
            "b/config.py": "import os\npackage['notes'] = os.environ.get('X', '') + os.getcwd()\n",
        }
    )
    assert load_catalogue(orin, [root]).default("b").notes == str(root / "b")
    assert dict(os.environ) == before


LEAKS = {
    "a replaced function": (
        "import platform; platform.machine = lambda: 'X'",
        "__import__('platform').machine()",
    ),
    "a built-in name": ("import builtins; builtins.SPY = 'X'", "globals().get('SPY') or SPY"),
    "a module's attribute": ("import json; json.SPY = 'X'", "__import__('json').SPY"),
    "an attribute of sys": ("import sys; sys.SPY = 'X'", "__import__('sys').SPY"),
    "a class's attribute": (
        "from json import JSONDecoder; JSONDecoder.SPY = 'X'",
        "__import__('json').JSONDecoder.SPY",
    ),
    "a module": (
        "import sys; sys.modules['spy'] = type('', (), {'SPY': 'X'})",
        "__import__('spy').SPY",
    ),
    "a module imported first": (
        "import colorsys; colorsys.SPY = 'X'",
        "__import__('colorsys').SPY",
    ),
    "the program itself": (
        "import jetson_containers; jetson_containers.SPY = 'X'",
        "__import__('jetson_containers').SPY",
    ),
    "the environment": ("import os; os.environ['SPY'] = 'X'", "__import__('os').environ['SPY']"),
    "the import path": ("import sys; sys.path.append('X')", "__import__('sys').path[-1]"),
}


@pytest.mark.parametrize("case", LEAKS)
def test_nothing_leaks_from_one_definition_to_the_next(orin, tree, case):
    leave, look = LEAKS[case]
    looking = f"try:\n    found = {look}\nexcept Exception:\n    found = 'nothing'\n"
    looking += "package['notes'] = found\n"
    root = tree(
        {"a/config.py": looking, "b/config.py": f"{leave}\n{looking}", "c/config.py": looking}
    )
    catalogue = load_catalogue(orin, [root])
    notes = [catalogue.default(name).notes for name in "abc"]
    assert notes[1] == "X", "the definition itself does see it"
    assert notes[0] == notes[2] != "X"


def test_a_database_is_a_file_too(orin, tree, tmp_path):
    outside = tmp_path / "outside.db"
    root = tree({"a/config.py": f"import sqlite3\nsqlite3.connect({str(outside)!r})\n"})
    catalogue = load_catalogue(orin, [root])
    assert "touches-host" in codes(catalogue)
    assert not outside.exists()


def test_unknown_keys_are_errors_at_home_and_warnings_abroad(orin, tree):
    root = tree(
        {
            "a/Dockerfile": "#---\n# name: a\n# dependz: [b]\n#---\nFROM x\n",
            "b/config.py": "package['Dockerfile'] = 'x'\n",
        }
    )
    for own_root, severity in ((None, "warning"), (root, "error")):
        catalogue = load_catalogue(orin, [root], own_root=own_root)
        assert catalogue.names() == ("a", "b")
        assert [finding.severity for finding in catalogue.findings] == [severity] * 2
        first, second = catalogue.findings
        assert (first.location.line, first.hint) == (3, "did you mean depends?")
        assert (second.location.line, second.hint) == (1, "did you mean dockerfile?")


def test_files_that_are_not_there(orin, tree):
    root = tree(
        {
            "a/Dockerfile": "#---\n# test: [gone.py, 'python3 -c 1']\n#---\nFROM x\n",
            "b/config.yaml": "depends: [a]\ndockerfile: Dockerfile.gone\n",
        }
    )
    findings = load_catalogue(orin, [root]).findings
    assert [(item.code, item.location.line) for item in findings] == [
        ("missing-test", 2),
        ("missing-dockerfile", 2),
    ]
    assert findings[0].to_dict()["file"] == str(root / "a/Dockerfile")
