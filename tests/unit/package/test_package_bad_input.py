"""Definitions that are wrong cost themselves alone, and say where and why."""

from __future__ import annotations

import os
import resource
from itertools import pairwise

import pytest

from jetson_containers.package import worker
from jetson_containers.package.loader import Trees, load_catalogue

GOOD = {"good/Dockerfile": "#---\n# name: good\n#---\nFROM x\n", "zz/config.py": "x = 1\n"}
#: nine times nine times nine ... values, by way of aliases
BOMB = "depends: []\na: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefgh")
)


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
    "sleeps in C": ({"bad/config.py": "sum(iter(int, 1))\n"}, 0, "did not end within"),
    "loops in an exception's text": (
        {
            "bad/config.py": (
                "class Bad(Exception):\n    def __str__(self):\n        raise Bad\nraise Bad\n"
            )
        },
        4,
        "raised Bad",
    ),
    "is interrupted": ({"bad/config.py": "raise KeyboardInterrupt\n"}, 1, "KeyboardInterrupt"),
    "calls itself": ({"bad/config.py": "def f():\n    f()\nf()\n"}, 2, "RecursionError"),
    "forks and forks": ({"bad/config.py": "import os\nwhile True:\n    os.fork()\n"}, 3, "os.fork"),
    "starts threads and threads": (
        {
            "bad/config.py": (
                "import _thread\nwhile True:\n    _thread.start_new_thread(print, ())\n"
            )
        },
        3,
        "cannot start threads",
    ),
    "starts processes": (
        {"bad/config.py": "import multiprocessing as m\nm.Process(target=print).start()\n"},
        2,
        "os.fork",
    ),
    "takes all memory at once": ({"bad/config.py": "x = 'x' * 10 ** 11\n"}, 1, "MemoryError"),
    "takes all memory by and by": (
        {"bad/config.py": "x = []\nwhile True:\n    x.append(bytes(10 ** 8))\n"},
        3,
        "MemoryError",
    ),
    "fills the disk": (
        {"bad/config.py": "with open('x', 'w') as f:\n    f.write('x' * 2 ** 25)\n"},
        2,
        "File too large",
    ),
    "closes what it did not open": (
        {"bad/config.py": "import os\nos.closerange(0, 999)\n"},
        0,
        "ended the process",
    ),
    "writes into every file that is open": (
        {
            "bad/config.py": (
                "import os\nfor number in range(3, 60):\n    try:\n"
                "        os.write(number, b'{}\\n')\n    except OSError:\n        pass\n"
            )
        },
        0,
        "wrote into a file that it did not open",
    ),
    "breaks what Python is made of": (
        {"bad/config.py": "import os\nos.path.relpath = os.path.realpath = None\n"
         "open('x', 'w').close()\n"},
        (0, 3),
        "TypeError",
    ),
    "opens a socket": (
        {"bad/config.py": "import socket\nsocket.create_connection(('127.0.0.1', 9))\n"},
        2,
        "the network is not asked",
    ),
    "deletes its own files": (
        {"bad/config.py": "import os\nos.remove('config.py')\n"},
        2,
        "nothing on this machine is changed",
    ),
    "deletes the tree": (
        {"bad/config.py": "import shutil\nshutil.rmtree('..')\n"},
        2,
        "nothing on this machine is changed",
    ),
    "leaves a list in itself": (
        {"bad/config.py": "x = []\nx.append(x)\npackage['depends'] = x\n"},
        0,
        "hold themselves",
    ),
    "leaves a huge number": (
        {"bad/config.py": "package['build_args'] = {'X': 10 ** 9999}\n"},
        0,
        "1024 bits",
    ),
    "leaves a trap": (
        {
            "bad/config.py": (
                "class Trap:\n    def __str__(self):\n        while True:\n            pass\n"
                "package['notes'] = Trap()\n"
            )
        },
        (3, 4),
        "did not end within",
    ),
    "leaves too much": (
        {"bad/config.py": "package['notes'] = 'x' * 20_000_000\n"},
        0,
        "more than 16000000 characters",
    ),
    "aliases of aliases": ({"bad/config.yaml": BOMB}, 1, "more than 100000 values"),
    "an alias of itself": ({"bad/config.yaml": "depends: &a [*a]\n"}, 0, "or holds itself"),
    "deep YAML": ({"bad/config.yaml": "depends: " + "[" * 300_000 + "\n"}, 1, "nested deeper"),
    "deep JSON": ({"bad/config.json": '{"depends": ' + "[" * 100_000}, 0, "not JSON"),
    "a header without an end": (
        {"bad/Dockerfile": "#---\n" + "# x\n" * 300_000},
        250_000,
        "larger than 1000000 bytes",
    ),
    "a header that is not UTF-8": (
        {"bad/Dockerfile": b"#---\n# notes: \xff\n#---\nFROM x\n"},
        2,
        "not UTF-8",
    ),
    "a data file that is not UTF-8": ({"bad/config.yaml": b"notes: \xff\n"}, 1, "not UTF-8"),
    "a mapping among the packages": (
        {"bad/Dockerfile": "#---\n# depends:\n#  - a\n#  - b: c\n#---\nFROM x\n"},
        4,
        "holds the mapping {'b': 'c'}",
    ),
    "a name with a space": (
        {"bad/config.yaml": "name: a b\ndepends: []\n"},
        1,
        "not a package name",
    ),
    "a name with a slash": (
        {"bad/config.yaml": "name: a/b\ndepends: []\n"},
        1,
        "not a package name",
    ),
    "a name with a line end": (
        {"bad/config.yaml": 'name: "a\\n"\ndepends: []\n'},
        1,
        "not a package name",
    ),
    "a version that escapes": (
        {"bad/config.yaml": "name: a:../x\ndepends: []\n"},
        1,
        "not a package name",
    ),
    "an alias that escapes": (
        {"bad/config.yaml": "alias: ../x\ndepends: []\n"},
        1,
        "not an alias",
    ),
    "a source": ({"bad/config.yaml": "depends: []\nsources: [{git: x, tag: y}]\n"}, 2, "a source"),
    "a checksum that is none": (
        {
            "bad/config.yaml": "sources:\n"
            f"- {{url: x, sha256: {'a' * 64}}}\n- {{url: y, sha256: {'a' * 32}}}\n"
        },
        3,
        "not a sha256",
    ),
    "a checksum that YAML reads as a number": (
        {"bad/config.yaml": f"depends: []\nsources: [{{url: x, sha256: {'1' * 64}.0}}]\n"},
        2,
        "not a sha256",
    ),
    "a heavy that is a word": ({"bad/config.yaml": "depends: []\nheavy: very\n"}, 2, "'very'"),
    "no time for tests": ({"bad/config.yaml": "depends: []\ntest_timeout: 0\n"}, 2, "is 0"),
    "endless tests": ({"bad/config.yaml": "depends: []\ntest_timeout: .inf\n"}, 2, "is 'inf'"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_costs_one_directory_alone(orin, tree, case):
    files, lines, words = CASES[case]
    root = tree({**GOOD, **files})
    # those that loop reach it, whatever it is; the others are to have time on a busy machine
    limit = 0.3 if "within" in words or "did not end" in words else 60.0
    catalogue = load_catalogue(orin, [root], time_limit=limit)
    assert {"good", "zz"} <= set(catalogue.names())
    errors = [finding for finding in catalogue.findings if finding.severity == "error"]
    [error] = errors
    assert words in error.message
    assert error.location.path.startswith(str(root / "bad"))
    assert error.location.line in (lines if isinstance(lines, tuple) else (lines,))
    assert catalogue.names() == ("good", "zz") or "header" in case


def test_what_ran_out_of_time_is_only_tried_again_with_patience(orin, targets, tree):
    endless = "while target.arch == 'aarch64':\n    pass\npackage['name'] = 'bad'\n"
    [x86] = [target for target in targets.values() if target.arch == "x86_64"]
    trees = Trees((tree({**GOOD, "bad/config.py": endless}),), time_limit=0.3)
    assert "bad" not in trees.catalogue(orin).names()
    assert [path.name for path in trees.late] == ["bad"]
    hasty = trees.catalogue(x86, patient=False)
    assert "bad" not in hasty.names()
    [error] = [item for item in hasty.findings if item.package == "bad"]
    assert (error.target, "within 0.3 s" in error.message) == (x86.name, True)


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


NETWORK = {
    "connects": "s.socket().connect(('127.0.0.1', 9))",
    "asks for a name": "s.gethostbyname('localhost')",
    "asks for a name at length": "s.gethostbyname_ex('localhost')",
    "asks for an address": "s.gethostbyaddr('127.0.0.1')",
    "asks for both": "s.getnameinfo(('127.0.0.1', 80), 0)",
    "sends": "s.socket(s.AF_INET, s.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "sends in parts": (
        "s.socket(s.AF_INET, s.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('127.0.0.1', 9))"
    ),
}


@pytest.mark.parametrize("case", NETWORK)
def test_the_network_is_out_of_reach(orin, tree, case):
    root = tree({"a/config.py": f"import socket as s\n{NETWORK[case]}\n"})
    [finding] = load_catalogue(orin, [root]).findings
    assert "the network is not asked" in finding.message
    assert finding.location.line == 2


def test_nothing_listens_and_a_library_may_try(orin, tree):
    code = (
        "import socket\ntry:\n    socket.socket().bind(('127.0.0.1', 0))\n"
        "except PermissionError:\n    package['notes'] = 'no'\n"
    )
    catalogue = load_catalogue(orin, [tree({"a/config.py": code})])
    assert catalogue.default("a").notes == "no"
    assert catalogue.findings == ()


MAKING = {
    "a pipe": "os.mkfifo({path!r})",
    "a node": "os.mknod({path!r})",
    "a socket": "socket.socket(socket.AF_UNIX).bind({path!r})",
}


@pytest.mark.parametrize("case", MAKING)
def test_nothing_is_made_elsewhere(orin, tree, tmp_path, case):
    made = tmp_path / "made"
    act = MAKING[case].format(path=str(made))
    root = tree({"a/config.py": f"import os, socket\n{act}\n"})
    assert "unreadable-definition" in codes(load_catalogue(orin, [root]))
    assert not made.exists()


def test_no_memory_is_shared_with_other_programs(orin, tree):
    code = "import _posixshmem as p\np.shm_open('/definition', 66, 0o600)\n"
    assert "unreadable-definition" in codes(load_catalogue(orin, [tree({"a/config.py": code})]))


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
                "time.sleep(10 ** 6)  # more than a definition has\n"
                "package['build_args'] = {'CODE': done.returncode, 'FOUND': found,\n"
                "    'MACHINE': os.uname().machine + platform.machine(),\n"
                "    'ENV': sorted(os.environ)}\n"
            )
        }
    )
    catalogue = load_catalogue(orin, [root], settings={"A": "1"})
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
    "an item in a module's dict": (
        "import json.decoder as d; d.BACKSLASH['SPY'] = 'X'",
        "__import__('json.decoder').decoder.BACKSLASH['SPY']",
    ),
    "a list that the program hands out": (
        "import jetson_containers as j; j.LSB_RELEASES['SPY'] = 'X'; SPY = 'X'",
        "globals().get('SPY') or __import__('jetson_containers').LSB_RELEASES['SPY']",
    ),
    "a profile function": (
        "import sys; sys.setprofile(lambda *all: None)",
        "'X' if __import__('sys').getprofile() else ''",
    ),
    "a trace function": (
        "import sys; sys.settrace(lambda *all: None)",
        "'X' if __import__('sys').gettrace() else ''",
    ),
    "a limit of recursion": (
        "import sys; sys.setrecursionlimit(987)",
        "'X' if __import__('sys').getrecursionlimit() == 987 else ''",
    ),
    "a limit of the process": (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (99, 99))",
        "'X' if __import__('resource').getrlimit(7)[0] == 99 else ''",
    ),
    "a signal's handler": (
        "import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
        "'X' if __import__('signal').getsignal(10) == 1 else ''",
    ),
    "a blocked signal": (
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [14])",
        "'X' if 14 in __import__('signal').pthread_sigmask(0, []) else ''",
    ),
    "a logging level": (
        "import logging; logging.getLogger().setLevel(5)",
        "'X' if __import__('logging').getLogger().level == 5 else ''",
    ),
    "a logging handler": (
        "import logging; logging.root.addHandler(logging.StreamHandler())",
        "'X' if '.StreamHandler' in str(list(map(type, __import__('logging').root.handlers)))"
        " else ''",
    ),
    "a function's attribute": (
        "from jetson_containers import update_dependencies as u; u.cache = 'X'",
        "__import__('jetson_containers').update_dependencies.cache",
    ),
    "a function's code": (
        "from jetson_containers import update_dependencies as u; "
        "u.__code__ = (lambda old, new: 'X').__code__",
        "__import__('jetson_containers').update_dependencies([], [])",
    ),
    "the locale": (
        "import locale; locale.setlocale(locale.LC_ALL, 'C')",
        "'X' if __import__('locale').setlocale(6) == 'C' else ''",
    ),
    "the collection of garbage": (
        "import gc; gc.set_threshold(1)",
        "'X' if __import__('gc').get_threshold()[0] == 1 else ''",
    ),
    "the umask": (
        "import os; os.umask(0o777)",
        "'X' if __import__('os').umask(0o777) == 0o777 else ''",
    ),
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


def test_one_that_spoils_its_process_is_kept_apart_from_then_on(orin, targets, tree):
    spoils = "import json; json.SPY = target.arch\npackage['notes'] = json.SPY\n"
    looks = "import json\npackage['notes'] = getattr(json, 'SPY', '') + target.arch\n"
    files = {f"{name}/config.py": looks for name in "abdefg"}
    trees = Trees((tree({**files, "c/config.py": spoils}),))
    [x86] = [target for target in targets.values() if target.arch == "x86_64"]
    for target in (orin, x86):
        catalogue = trees.catalogue(target)
        assert {item.notes for item in catalogue.packages} == {target.arch}
    assert [path for path in worker._APART if path.startswith(str(trees.search_dirs[0]))] == [
        str(trees.search_dirs[0] / "c")
    ]


def test_what_it_leaves_may_refuse_to_be_compared(orin, tree):
    code = "import string\nclass X:\n    def __eq__(self, other):\n        raise SystemExit\n"
    root = tree({**GOOD, "bad/config.py": f"{code}string.digits = X()\n"})
    assert load_catalogue(orin, [root]).names() == ("bad", "good", "zz")


def test_a_definition_finds_the_same_modules_in_every_program(orin, tree):
    code = "import sys\npackage['notes'] = ' '.join(x for x in sys.modules if 'pytest' in x)\n"
    catalogue = load_catalogue(orin, [tree({"a/config.py": code})])
    assert catalogue.default("a").notes == ""


def test_what_was_held_back_is_said_once_and_where(orin, tree):
    code = "import os\n\ntry:\n    os.remove('config.py')\nexcept OSError:\n    pass\n"
    root = tree({"a/config.py": code, "b/config.py": "import os\nos.remove('config.py')\n"})
    kept, failed = load_catalogue(orin, [root]).findings
    assert (kept.code, kept.location.line) == ("touches-host", 4)
    assert (failed.code, failed.location.line) == ("unreadable-definition", 2)


def test_what_a_definition_says_stays_on_one_line_and_cannot_paint(orin, tree):
    code = "raise ValueError('one\\ntwo \\x1b[31m\\x07 red \\u202e')\n"
    [finding] = load_catalogue(orin, [tree({"a/config.py": code})]).findings
    assert finding.message.endswith(r"ValueError: one two \x1b[31m\x07 red \u202e")


def test_a_dockerfile_of_two_bytes_a_letter_is_one_finding(orin, tree):
    text = "#---\n# name: a\n#---\nFROM x\n"
    for code in ("utf-16", "utf-16-le"):
        root = tree({"a/Dockerfile": text.encode(code)})
        [finding] = load_catalogue(orin, [root]).findings
        assert (finding.message, finding.location.line) == ("the file is not UTF-8", 1)


def test_a_database_is_a_file_too(orin, tree, tmp_path):
    outside = tmp_path / "outside.db"
    root = tree({"a/config.py": f"import sqlite3\nsqlite3.connect({str(outside)!r})\n"})
    catalogue = load_catalogue(orin, [root])
    assert codes(catalogue) == ["unreadable-definition"]
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


LARGE = {
    "config.py": "the file is larger than 1000000 bytes",
    "config.yaml": "the file is larger than 1000000 bytes",
    "Dockerfile": "",
    "data.bin": "",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_file_of_100_mb_is_not_read(orin, tree, tmp_path, name):
    root = tree({**GOOD, "bad/config.py": "open('data.bin') if 0 else None\n"})
    with (root / "bad" / name).open("wb") as file:
        file.write(b"FROM x\n" if name == "Dockerfile" else b"")
        file.truncate(100_000_000)
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(2):
        catalogue = load_catalogue(orin, [root], cache=tmp_path / "cache")
        errors = [item.message for item in catalogue.findings if item.severity == "error"]
        assert errors == ([] if not LARGE[name] else [LARGE[name]])
        assert {"good", "zz"} <= set(catalogue.names())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - usage < 50_000, "KiB"


def test_links_to_themselves_to_nothing_and_to_an_ancestor(orin, tree):
    root = tree({**GOOD, "a/config.py": "x = 1\n"})
    (root / "a" / "itself").symlink_to("itself")
    (root / "a" / "nothing").symlink_to("gone")
    (root / "a" / "above").symlink_to("..", target_is_directory=True)
    (root / "itself").symlink_to(".", target_is_directory=True)
    (root / "a" / "Dockerfile").symlink_to("/proc/self/environ")
    (root / "good" / "config.py").symlink_to("config.py")
    catalogue = load_catalogue(orin, [root])
    assert catalogue.names() == ("a", "good", "zz")
    [finding] = catalogue.findings
    assert (finding.code, finding.location.path) == ("not-a-file", str(root / "good/config.py"))


STRANGE = {
    "a directory": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to nothing": lambda path: path.symlink_to("gone"),
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("case", STRANGE)
def test_a_dockerfile_that_is_no_file_is_said(orin, tree, case):
    root = tree({**GOOD, "bad/notes.txt": ""})
    STRANGE[case](root / "bad" / "Dockerfile")
    catalogue = load_catalogue(orin, [root])
    [finding] = catalogue.findings
    assert (finding.code, finding.severity) == ("not-a-file", "warning")
    assert finding.location.path == str(root / "bad" / "Dockerfile")
    assert catalogue.names() == ("good", "zz")


@pytest.mark.parametrize("below", ["", "bad"])
def test_a_directory_that_cannot_be_read_is_said(orin, tree, monkeypatch, below):
    root = tree({**GOOD, "bad/Dockerfile": "FROM x\n"})
    real = os.scandir

    def scandir(path="."):
        if os.fspath(path) == str(root / below):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)  # the tests may run as a user who may all
    [finding] = load_catalogue(orin, [root]).findings
    assert (finding.code, finding.location.path) == ("unreadable-directory", str(root / below))
    assert finding.message == "the directory cannot be read: Permission denied"


def test_values_that_no_file_can_hold_become_text(orin, tree):
    root = tree(
        {
            "a/config.py": (
                "package['build_args'] = {'N': float('nan'), 'I': float('inf'), 'B': b'x',\n"
                "    'S': 'a\\udc80', 'T': (1, 2)}\n"
            )
        }
    )
    assert dict(load_catalogue(orin, [root]).default("a").build_args) == {
        "N": "nan",
        "I": "inf",
        "B": "x",
        "S": "a?",
        "T": "[1, 2]",
    }


def test_capital_letters_are_a_name(orin, tree):
    root = tree({"a/config.yaml": "name: Isaac-ROS:2.0\ndepends: []\n"})
    assert load_catalogue(orin, [root]).names() == ("Isaac-ROS",)


def test_a_name_twice_is_one_finding_that_names_both(orin, targets, tree, tmp_path):
    roots = [tree({"a/config.yaml": "depends: []\n"}), tmp_path / "later"]
    (roots[1] / "b").mkdir(parents=True)
    (roots[1] / "b" / "config.yaml").write_text("name: a\ndepends: []\n")
    said = {
        (item.code, item.message, item.location)
        for target in targets.values()
        for item in load_catalogue(target, roots).findings
    }
    [(code, message, location)] = said
    assert code == "duplicate-package"
    assert str(roots[0] / "a") in message
    assert location.path == str(roots[1] / "b" / "config.yaml")
    assert load_catalogue(orin, roots).default("a").root == roots[1]


def test_the_rest_of_the_machine_is_not_there(orin, tree, tmp_path):
    (tmp_path / "secret").write_text("x")
    code = (
        "import glob, os\nfrom pathlib import Path\n"
        "def listed(path):\n    try:\n        return os.listdir(path)\n"
        "    except OSError:\n        return None\n"
        f"secret = {str(tmp_path / 'secret')!r}\n"
        "package['notes'] = repr([os.path.exists(secret), Path(secret).is_file(), "
        "os.access(secret, os.R_OK), os.path.isdir('/etc'), listed('/etc'), listed('/'), "
        "glob.glob('/etc/*'), os.path.exists('/'), os.path.exists('config.py')])\n"
    )
    catalogue = load_catalogue(orin, [tree({"a/config.py": code})])
    assert catalogue.default("a").notes == (
        "[False, False, False, False, None, None, [], True, True]"
    )


def test_files_are_written_in_memory(orin, tree):
    code = (
        "import os, shutil\nfrom pathlib import Path\n"
        "os.makedirs('sub/deep', exist_ok=True)\nos.makedirs('sub', exist_ok=True)\n"
        "Path('sub/deep/a.txt').write_text('one')\n"
        "with open('sub/deep/a.txt', 'a') as file:\n    file.write(' two')\n"
        "assert Path('sub/deep/a.txt').read_text() == 'one two'\n"
        "assert os.path.isdir('sub') and os.path.isfile('sub/deep/a.txt')\n"
        "shutil.copy('there.txt', 'copy.txt')\n"
        "with open('there.txt', 'a') as file:\n    file.write('!')\n"
        "open('gone.txt', 'x').close()\nos.remove('gone.txt')\n"
        "Path('old').write_text('moved')\nos.replace('old', 'new')\n"
        "try:\n    open('there.txt', 'x')\nexcept FileExistsError:\n    pass\n"
    )
    root = tree({"a/config.py": code, "a/there.txt": "there"})
    catalogue = load_catalogue(orin, [root])
    assert catalogue.findings == ()
    assert dict(catalogue.default("a").generated) == {
        "copy.txt": "there",
        "new": "moved",
        "sub/deep/a.txt": "one two",
        "there.txt": "there!",
    }
    assert sorted(path.name for path in (root / "a").iterdir()) == ["config.py", "there.txt"]
    assert (root / "a" / "there.txt").read_text() == "there"
