"""What is kept of evaluations, and when it is not used."""

from __future__ import annotations

import os
import time

import pytest

from jetson_containers.package import kept, loader
from jetson_containers.package.loader import Trees, load_catalogue
from jetson_containers.package.several import load_catalogues

TREE = {
    "alone/config.py": "package['notes'] = 'alone'\n",
    "lib/Dockerfile": "FROM x\n",
    "lib/version.py": "VERSION = '1.0'\n",
    "one/config.py": "from packages.lib.version import VERSION\npackage['name'] += ':' + VERSION\n",
    "two/config.py": (
        "from packages.lib.version import VERSION\npackage['depends'] = ['one:' + VERSION]\n"
    ),
    "plain/Dockerfile": "#---\n# depends: [lib, two>=1]\n#---\nFROM x\n",
    "data/config.yaml": "depends: [lib]\n",
}


@pytest.fixture
def evaluated(monkeypatch):
    """The names of the directories that were evaluated since the list was last cleared."""
    names = []
    real = loader.evaluate_all

    def noted(directories, *rest):
        names.extend(directory.path.name for directory in directories)
        return real(directories, *rest)

    monkeypatch.setattr(loader, "evaluate_all", noted)
    return names


@pytest.fixture
def load(orin, tmp_path, evaluated):
    """A fresh start of the program: its catalogue, and what was evaluated for it."""

    def start(root, **options):
        evaluated.clear()
        catalogue = load_catalogue(orin, [root], cache=tmp_path / "cache", **options)
        again = sorted(evaluated)
        assert catalogue == load_catalogue(orin, [root], **options), "kept or not, it is the same"
        return catalogue, again

    return start


def packs(tmp_path):
    folder = tmp_path / "cache"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_second_start_evaluates_nothing(load, tree):
    root = tree(TREE)
    first, evaluated = load(root)
    assert evaluated == ["alone", "data", "lib", "one", "plain", "two"]
    second, evaluated = load(root)
    assert evaluated == []
    assert second == first
    assert {str(wish) for wish in second.default("plain").depends} == {"lib", "two>=1"}
    assert second.default("plain").depends[1].location.line == 2


CHANGES = {
    "a helper": (lambda root: (root / "lib/version.py").write_text("VERSION = '2.0'\n"), "one two"),
    "a helper of the same size": (
        lambda root: (root / "lib/version.py").write_text("VERSION = '1.1'\n"),
        "one two",
    ),
    "a config.py": (
        lambda root: (root / "alone/config.py").write_text("package['notes'] = 'other'\n"),
        "alone",
    ),
    "a header": (
        lambda root: (root / "plain/Dockerfile").write_text("#---\n# name: p\n#---\nFROM x\n"),
        "plain",
    ),
    "a data file": (lambda root: (root / "data/config.yaml").write_text("depends: []\n"), "data"),
    "a new data file": (lambda root: (root / "lib/config.yaml").write_text("depends: []\n"), "lib"),
    "a new test": (lambda root: (root / "lib/test.sh").write_text("true\n"), "lib"),
    "a removed helper": (lambda root: (root / "lib/version.py").unlink(), "one two"),
    "a helper that became a directory": (
        lambda root: (root / "lib/version").mkdir(),
        "one two",
    ),
    "a removed directory": (
        lambda root: [(root / "alone/config.py").unlink(), (root / "alone").rmdir()],
        "",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_costs_exactly_those_that_it_can_change(load, tree, change):
    root = tree(TREE)
    load(root)
    make, again = CHANGES[change]
    make(root)
    assert load(root)[1] == again.split()
    assert load(root)[1] == [], "and is kept in its turn"


LOOKS = {
    "opened": "try:\n    found = open('../data.txt').read()\nexcept OSError:\n    found = ''\n",
    "asked for": "import os\nfound = str(os.path.exists('../data.txt'))\n",
    "asked for by pathlib": (
        "from pathlib import Path\nfound = str(Path('../data.txt').is_file())\n"
    ),
    "listed": "import os\nfound = ' '.join(sorted(os.listdir('..')))\n",
    "matched": "import glob\nfound = ' '.join(sorted(glob.glob('../*.txt')))\n",
    "walked": "import os\nfound = str(sorted(sum((n for _, _, n in os.walk('..')), [])))\n",
    "imported": "try:\n    from packages.data import found\nexcept ImportError:\n    found = ''\n",
    "imported from above": (
        "try:\n    from ..more import found\nexcept ImportError:\n    found = ''\n"
    ),
}


@pytest.mark.parametrize("look", LOOKS)
def test_what_was_looked_for_in_vain_is_an_input(load, tree, look):
    code = f"{LOOKS[look]}package['notes'] = found\n"
    root = tree({"a/config.py": code, "b/config.py": "x = 1\n"})
    before, _ = load(root)
    for name in ("data.txt", "data.py", "more.py"):
        (root / name).write_text("found = 'it came'\n")
    after, evaluated = load(root)
    assert evaluated == ["a"]
    assert before.default("a").notes != after.default("a").notes


LOOKED_AT = {
    "where a link leads": ("os.readlink('ln')", "one", "two"),
    "where a path really is": ("os.path.realpath('ln')[-3:]", "one", "two"),
    "whether it is a link": ("str(os.path.islink('one'))", "False", "True"),
    "a mode": ("oct(os.stat('run').st_mode)[-3:]", "644", "755"),
    "what may be done": ("str(os.access('run', os.X_OK))", "False", "True"),
    "a time": ("str(os.stat('run').st_mtime_ns)", "1577836800000000000", "1577836800000000000"),
    "a time by its handle": (
        "str(os.fstat((file := open('run')).fileno()).st_mtime)",
        "1577836800.0",
        "1577836800.0",
    ),
}


@pytest.mark.parametrize("case", LOOKED_AT)
def test_links_modes_and_times_are_as_a_fresh_start_finds_them(load, tree, case):
    look, before, after = LOOKED_AT[case]
    root = tree(
        {
            "a/config.py": f"import os\npackage['notes'] = {look}\n",
            "a/one": "same",
            "a/two": "same",
            "a/run": "",
        }
    )
    (root / "a/ln").symlink_to("one")
    (root / "a/run").chmod(0o644)
    assert load(root)[0].default("a").notes == before
    (root / "a/ln").unlink()
    (root / "a/ln").symlink_to("two")
    (root / "a/one").unlink()
    (root / "a/one").symlink_to("two")
    (root / "a/run").chmod(0o755)
    os.utime(root / "a/run", (1, 1))
    assert load(root)[0].default("a").notes == after


def test_another_tree_can_bring_a_module_that_was_missing(orin, tmp_path, tree, evaluated):
    code = "try:\n    from packages.more import NOTES\nexcept ImportError:\n    NOTES = ''\n"
    root = tree({"a/config.py": f"{code}package['notes'] = NOTES\n", "b/config.py": "x = 1\n"})
    other = tmp_path / "other"
    (other / "c").mkdir(parents=True)
    (other / "c" / "config.yaml").write_text("depends: []\n")
    load_catalogue(orin, [root, other], cache=tmp_path / "cache")
    (other / "more.py").write_text("NOTES = 'it came'\n")
    evaluated.clear()
    after = load_catalogue(orin, [root, other], cache=tmp_path / "cache")
    assert after.default("a").notes == "it came"
    assert evaluated == ["a"]


def test_settings_answers_targets_and_programs_are_kept_apart(load, tree, monkeypatch):
    root = tree(
        {
            "a/config.py": (
                "import os\nfrom jetson_containers import github_latest_tag\n"
                "package['notes'] = os.environ.get('X', '') + github_latest_tag('o/r')\n"
            )
        }
    )
    answers = {"github_latest_tag o/r": "v1"}
    for options, notes in (
        ({}, "0.0.0"),
        ({"settings": {"X": "1"}}, "10.0.0"),
        ({"answers": answers}, "v1"),
    ):
        assert load(root, **options)[0].default("a").notes == notes
        assert load(root, **options)[1] == []
    monkeypatch.setattr(kept, "program_digest", lambda: "0" * 64)
    assert load(root)[1] == ["a"]


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "of another kind", "a directory"])
def test_a_torn_pack_is_replaced(load, tree, tmp_path, damage):
    root = tree(TREE)
    load(root)
    [pack] = packs(tmp_path)
    content = pack.read_bytes()
    if damage == "a directory":
        pack.unlink()
        pack.mkdir()
    else:
        middle = len(content) // 2
        pack.write_bytes(
            {
                "cut": content[:middle],
                "changed": content[:middle] + b"?" + content[middle + 1 :],
                "empty": b"",
                "of another kind": b"something else\n" * 99,
            }[damage]
        )
    assert len(load(root)[1]) == 6
    assert len(load(root)[1]) == (6 if damage == "a directory" else 0)


def test_a_cache_that_cannot_be_written_is_no_error(orin, tree, tmp_path, evaluated):
    root = tree({"a/config.py": "x = 1\n"})
    (tmp_path / "file").write_text("")
    for _ in range(2):
        catalogue = load_catalogue(orin, [root], cache=tmp_path / "file" / "cache")
        assert catalogue.names() == ("a",)
    assert evaluated == ["a", "a"]


@pytest.mark.parametrize("body", ["while True:\n    pass\n", "import os\nos._exit(1)\n"])
def test_what_reached_a_limit_is_tried_again_by_the_next_start_only(
    orin, tree, tmp_path, evaluated, body
):
    trees = Trees((tree({"a/config.py": body}),), time_limit=0.2, cache=tmp_path / "cache")
    first = trees.catalogue(orin)
    assert first == trees.catalogue(orin)
    assert evaluated == ["a"], "one start tries once"
    load_catalogue(orin, trees.search_dirs, time_limit=0.2, cache=trees.cache)
    assert evaluated == ["a", "a"]


def test_a_file_that_changes_meanwhile_is_read_again(orin, tree, tmp_path, evaluated):
    root = tree({"a/config.py": "package['notes'] = 'first'\n"})
    trees = Trees((root,), cache=tmp_path / "cache")
    (root / "a" / "config.py").write_text("package['notes'] = 'second'\n")
    trees.catalogue(orin)
    evaluated.clear()
    later = load_catalogue(orin, [root], cache=tmp_path / "cache")
    assert later.default("a").notes == "second"
    assert evaluated == ["a"]


def test_an_edit_meanwhile_counts_though_the_clock_of_the_files_lags(
    orin, tree, tmp_path, monkeypatch
):
    root = tree({"a/config.py": "package['notes'] = 'old'\n"})
    real = loader.evaluate_all

    def edited(*arguments):
        results = real(*arguments)
        (root / "a/config.py").write_text("package['notes'] = 'new'\n")
        return results

    monkeypatch.setattr(loader, "evaluate_all", edited)
    trees = Trees((root,), cache=tmp_path / "cache")
    trees.snapshot.started += 10**12
    assert trees.catalogue(orin).default("a").notes == "old"
    monkeypatch.setattr(loader, "evaluate_all", real)
    assert load_catalogue(orin, [root], cache=tmp_path / "cache").default("a").notes == "new"


def test_a_pipe_in_place_of_a_pack_is_not_waited_on(load, tree, tmp_path):
    root = tree({"a/config.py": "x = 1\n"})
    load(root)
    [pack] = packs(tmp_path)
    pack.unlink()
    os.mkfifo(pack)
    assert load(root)[1] == ["a"]
    assert load(root)[1] == []


def test_an_interruption_leaves_nothing_unfinished(tmp_path, monkeypatch):
    def interrupted(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(kept.Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kept.write_whole(tmp_path / "x", b"x")
    assert list(tmp_path.iterdir()) == []


def test_the_cache_keeps_what_was_used_last(load, tree, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "MOST_PACKS", 2)
    root = tree({"a/config.py": "x = 1\n"})
    for age in (40, 30, 20):
        before = set(packs(tmp_path))
        load(root, settings={"AGE": str(age)})
        [new] = set(packs(tmp_path)) - before
        os.utime(new, (time.time() - age, time.time() - age))
    assert len(packs(tmp_path)) == 2
    assert load(root, settings={"AGE": "20"})[1] == []
    assert load(root, settings={"AGE": "40"})[1] == ["a"]


@pytest.mark.parametrize("jobs", [0, 1, 3])
@pytest.mark.parametrize("cached", [True, False])
def test_many_targets_give_the_same_with_any_number_of_processes(
    targets, tree, tmp_path, jobs, cached
):
    trees = Trees((tree(TREE),), cache=tmp_path / "cache" if cached else None)
    expected = [load_catalogue(target, trees.search_dirs) for target in targets.values()]
    for _ in range(2):
        assert list(load_catalogues(tuple(targets.values()), trees, jobs=jobs)) == expected
