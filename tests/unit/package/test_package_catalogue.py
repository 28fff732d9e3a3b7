"""What a tree of packages becomes for a target."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from jetson_containers.package.evaluated import Evaluated, Settings
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.loader import evaluate_all, load_catalogue
from jetson_containers.package.scan import scan


def find(catalogue, text):
    return [package.reference for package in catalogue.find(parse_requirement(text))]


def test_the_sample_tree_on_orin(sample, orin):
    catalogue = load_catalogue(orin, [sample], own_root=sample)
    assert [package.reference for package in catalogue.packages] == [
        "tools",
        "one",
        "extras:1.0",
        "extras:2.0",
        "frame:2.1",
        "frame:2.1-builder",
        "frame:2.2",
        "frame:2.2-builder",
        "meta",
    ]
    assert {refusal.reference: refusal.reasons for refusal in catalogue.refused} == {
        "two": ("its definition is disabled for L4T 36.4.3, CUDA 12.6 (lists/config.py:1)",),
        "gone": ("its config.py defines nothing for L4T 36.4.3, CUDA 12.6",),
        "frame:3.0": ("needs CUDA >=13.0, orin has 12.6",),
        "frame:3.0-builder": ("needs CUDA >=13.0, orin has 12.6",),
        "frame:1.0": ("needs L4T <36, orin has 36.4.3",),
        "frame:1.0-builder": ("needs L4T <36, orin has 36.4.3",),
    }
    assert catalogue.findings == ()


def test_targets_do_not_leak_into_each_other(sample, targets):
    first = {name: load_catalogue(target, [sample]) for name, target in targets.items()}
    again = {name: load_catalogue(target, [sample]) for name, target in targets.items()}
    assert first == again
    assert first["orin"].default("frame").version == "2.2"
    assert first["xavier"].default("frame").version == "2.1"
    assert dict(first["xavier"].default("frame").build_args)["ARCH_LIST"] == "7.2;8.7"
    assert dict(first["sbsa"].default("frame").build_args)["IS_SBSA"] == "True"
    assert first["debian"].default("meta") is None


def test_settings_are_all_a_definition_sees_of_the_environment(sample, orin, monkeypatch):
    monkeypatch.setenv("FRAME_VERSION", "2.1")
    assert load_catalogue(orin, [sample]).default("frame").version == "2.2"
    chosen = load_catalogue(orin, [sample], settings={"FRAME_VERSION": "2.1"})
    assert chosen.default("frame").version == "2.1"


def test_names_aliases_and_versions(sample, orin):
    catalogue = load_catalogue(orin, [sample])
    assert catalogue.names() == ("extras", "frame", "meta", "one", "tools")
    assert catalogue.default("fr").reference == "frame:2.2"
    assert find(catalogue, "fr") == [
        "frame:2.2",
        "frame:2.1",
        "frame:2.2-builder",
        "frame:2.1-builder",
    ]
    assert find(catalogue, "fr:2.1") == ["frame:2.1"]
    assert find(catalogue, "frame:builder") == ["frame:2.2-builder"]
    assert find(catalogue, "frame>=2.2") == ["frame:2.2"]
    assert find(catalogue, "extras:old") == ["extras:1.0"]
    assert find(catalogue, "frame:9") == find(catalogue, "unknown") == []
    assert catalogue.default("extras").reference == "extras:2.0"
    assert catalogue.default("tools").is_default
    assert "frame" in catalogue.nearest("frme")
    assert [item.reference for item in catalogue.refusals("frame:3.0")] == ["frame:3.0"]


def test_every_requirement_says_where_it_was_written(sample, orin):
    catalogue = load_catalogue(orin, [sample])
    tools, extras = catalogue.default("frame").depends
    assert (tools.location.line, extras.location.line) == (6, 7)
    assert extras.location.path == str(sample / "ml/frame/Dockerfile")
    assert catalogue.default("one").depends[0].location.path.endswith("lists/config.py")
    assert catalogue.default("one").depends[0].location.line == 1
    assert catalogue.default("frame").location.path == str(sample / "ml/frame/version.py")
    assert catalogue.default("meta").depends[0].location.line == 1


def test_values_of_a_package(sample, orin):
    catalogue = load_catalogue(orin, [sample])
    tools, meta = catalogue.default("tools"), catalogue.default("meta")
    assert tools.tests == ("test.sh", "python3 --version")
    assert (tools.group, tools.dockerfile, tools.notes) == (
        "build",
        "Dockerfile",
        "compilers, in every chain",
    )
    assert meta.dockerfile is None
    assert meta.requires == ("aarch64", ">=36")
    assert tools.relative_path == "sample/build/tools"


def test_the_star_of_the_ecosystem_means_the_same(sample, orin):
    starred = load_catalogue(orin, [sample / "*"])
    assert starred == load_catalogue(orin, [sample])


def test_a_later_search_path_wins_and_both_are_named(sample, orin, tmp_path):
    mine = tmp_path / "mine"
    shutil.copytree(sample / "build", mine / "build")
    catalogue = load_catalogue(orin, [sample, mine])
    assert catalogue.default("tools").root == mine
    [finding] = catalogue.findings
    assert finding.code == "duplicate-package"
    assert str(sample / "build/tools/Dockerfile") in finding.message
    assert finding.location.path == str(mine / "build/tools/Dockerfile")


def test_a_second_tree_can_import_from_the_first(sample, orin, tmp_path):
    (tmp_path / "mine" / "x").mkdir(parents=True)
    (tmp_path / "mine" / "x" / "config.py").write_text(
        "from packages.ml.frame.version import FRAME_VERSION\n"
        "package['depends'] = [f'frame:{FRAME_VERSION}']\n"
    )
    catalogue = load_catalogue(orin, [sample, tmp_path / "mine"])
    assert str(catalogue.default("x").depends[0]) == "frame:2.2"


def test_a_read_only_tree_and_a_missing_one(orin, tree):
    root = tree({"a/config.py": "package['build_args'] = {'X': 1}\n"})
    for path in (root / "a", root):
        path.chmod(0o555)
    catalogue = load_catalogue(orin, [root, root / "nowhere"])
    assert catalogue.default("a").build_args == (("X", "1"),)
    assert [finding.code for finding in catalogue.findings] == ["missing-search-path"]
    assert sorted(path.name for path in (root / "a").iterdir()) == ["config.py"]


def test_a_loop_of_links_ends(orin, tree):
    root = tree({"a/Dockerfile": "FROM x\n"})
    (root / "a" / "loop").symlink_to(root, target_is_directory=True)
    assert load_catalogue(orin, [root]).names() == ("a",)


@pytest.mark.parametrize(
    ("body", "references"),
    [
        ("package['name'] = 'b'", ["b"]),
        ("package = {**package, 'name': 'b:1'}", ["b:1"]),
        ("package = [[package], ({**package, 'name': 'b'},)]", ["a", "b"]),
        ("package = {'b': {**package}, 'c': {'depends': 'b'}}", ["b", "c"]),
        ("package['a:1'] = {'depends': 'x'}", ["a:1"]),
        ("package = None", []),
        ("package = [None, 'text', package]", ["a"]),
        ("package['build_args'] = {}", ["a"]),
        ("del package", []),
    ],
)
def test_what_a_config_may_leave_behind(orin, tree, body, references):
    catalogue = load_catalogue(orin, [tree({"a/config.py": body + "\n"})])
    assert [package.reference for package in catalogue.packages] == references


def test_a_header_then_config_files_in_the_order_named(orin, tree):
    root = tree(
        {
            "a/Dockerfile": "#---\n# group: header\n# config: [config.py, a.yaml]\n#---\nFROM x",
            "a/config.py": "package['group'] += '+py'\npackage['notes'] = package['group']\n",
            "a/a.yaml": "depends: [b]\ngroup: yaml\ndockerfile: Dockerfile.two\n",
            "a/Dockerfile.two": "#---\n# prefix: two\n#---\nFROM x\n",
        }
    )
    package = load_catalogue(orin, [root]).default("a")
    assert (package.notes, package.group, package.prefix) == ("header+py", "yaml", "two")
    assert package.dockerfile == "Dockerfile.two"


def test_new_keys(orin, tree):
    root = tree(
        {
            "a/Dockerfile": (
                "#---\n# secrets: [token]\n# conflicts: [b>=2]\n# buildkit_device: true\n"
                "# sources:\n#  - {git: 'https://x/y', ref: v1}\n#  - {url: 'https://x/z', "
                f"sha256: '{'aB' * 32}'}}\n"
                "#  - {pypi: numpy, version: '2.0', index: i}\n"
                "# heavy: true\n# test_timeout: 1800\n"
                "# runtime: {ports: [80]}\n# build_flags: --network=host --pull\n#---\nFROM x\n"
            )
        }
    )
    package = load_catalogue(orin, [root], own_root=root).default("a")
    assert package.secrets == ("token",)
    assert [str(item) for item in package.conflicts] == ["b>=2"]
    assert [(item.kind, item.version, item.index) for item in package.sources] == [
        ("git", "v1", ""),
        ("url", "ab" * 32, ""),
        ("pypi", "2.0", "i"),
    ]
    assert package.runtime == {"ports": [80]}
    assert (package.heavy, package.test_timeout) == (True, 1800)
    assert package.buildkit_device == "nvidia.com/gpu=all"
    assert package.build_flags == ("--network=host", "--pull")


@pytest.mark.parametrize("form", ["crlf", "bom"])
def test_a_config_py_from_another_editor(orin, tree, form):
    code = b"import os\nif True:\n    package['notes'] = 'read'\n"
    content = code.replace(b"\n", b"\r\n") if form == "crlf" else b"\xef\xbb\xbf" + code
    assert load_catalogue(orin, [tree({"a/config.py": content})]).default("a").notes == "read"


def test_code_under_another_name_runs_in_the_guarded_process_too(orin, tree, capfd):
    root = tree(
        {
            "a/Dockerfile": "#---\n# config: define.py\n#---\nFROM x\n",
            "a/define.py": "print('out')\npackage['notes'] = 'defined'\n",
        }
    )
    assert load_catalogue(orin, [root]).default("a").notes == "defined"
    assert capfd.readouterr().out == ""


def test_an_evaluation_is_a_value_that_lists_its_inputs(sample, orin, tree):
    root = tree(
        {
            "a/config.py": "from .lib import x\nopen('data.txt').read()\n",
            "a/lib.py": "x = 1\n",
            "a/data.txt": "1",
            "b/config.yaml": "depends: [a]\n",
        }
    )
    directories, _ = scan([root])
    results = evaluate_all(directories, orin, Settings(), 5.0)
    names = [sorted(Path(name).name for name in result.inputs) for result in results]
    assert names == [["config.py", "data.txt", "lib.py"], ["config.yaml"]]
    for result in results:
        assert Evaluated.from_dict(json.loads(json.dumps(result.to_dict()))) == result


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ("package = None", ["its config.py defines nothing for L4T 36.4.3, CUDA 12.6"]),
        ("x = 1\npackage['disabled'] = 'too old for it'", ["too old for it"]),
        (
            "x = 1\npackage['disabled'] = True",
            ["its definition is disabled for L4T 36.4.3, CUDA 12.6 (a/config.py:2)"],
        ),
        ("package['disabled'] = False", []),
        ("package['disabled'] = 'no'", []),
    ],
)
def test_what_is_left_out_says_where_and_why(orin, tree, body, reasons):
    catalogue = load_catalogue(orin, [tree({"a/config.py": f"{body}\n"})])
    assert [reason for item in catalogue.refusals("a") for reason in item.reasons] == reasons
    assert catalogue.names() == (() if reasons else ("a",))


def test_the_settings_file_of_an_application_is_no_package(orin, tree):
    settings = "from pydantic import BaseSettings\n"
    root = tree(
        {
            "a/Dockerfile": "FROM x\n",
            "a/src/config.py": settings,
            "b/config.py": settings,
            "a/c/config.py": settings + "package = None\n",
            "a/d/config.py": settings,
            "a/d/Dockerfile": "FROM x\n",
        }
    )
    catalogue = load_catalogue(orin, [root])
    assert catalogue.names() == ("a",)
    assert [finding.package for finding in catalogue.findings] == ["c", "d", "b"]
    assert {finding.severity for finding in catalogue.findings} == {"error"}


def test_two_processes_at_once_are_both_right(orin, sample, tmp_path):
    with ProcessPoolExecutor(2) as pool:
        starts = [
            pool.submit(load_catalogue, orin, [sample], cache=tmp_path / "cache")
            for _ in range(6)
        ]
        assert all(start.result() == load_catalogue(orin, [sample]) for start in starts)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".pack"]
