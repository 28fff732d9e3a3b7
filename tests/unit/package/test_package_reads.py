"""What a definition read of its target, and results that hold for several targets."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from packaging.version import Version

from jetson_containers.package import loader
from jetson_containers.package.evaluated import Settings
from jetson_containers.package.loader import Trees, evaluate_all
from jetson_containers.package.reads import NotedTarget
from jetson_containers.package.scan import scan
from jetson_containers.platform.named import named_target, named_targets
from jetson_containers.platform.target import Target

ALL = " ".join(sorted(item.name for item in fields(Target)))
NOTES = "package['notes'] = str({})\n"
#: a definition of each style, and the fields of the target that it reads on Orin
STYLES = {
    "nothing": (
        "from jetson_containers import update_dependencies, log_info, CUDA_ARCHS\n"
        "log_info('hello')\n" + NOTES.format("'package' in globals()"),
        "",
    ),
    "a name": (
        "from jetson_containers import CUDA_VERSION\n" + NOTES.format("CUDA_VERSION"),
        "cuda",
    ),
    "a name of the module": (
        "import jetson_containers as jc\n" + NOTES.format("jc.LSB_CODENAME"),
        "release",
    ),
    "a name of the ecosystem's modules": (
        "from jetson_containers.l4t_version import IS_SBSA\n" + NOTES.format("IS_SBSA"),
        "system",
    ),
    "one name after another": (
        "from jetson_containers import SYSTEM_ARM\n"
        "if SYSTEM_ARM:\n    from jetson_containers import L4T_VERSION as VERSION\n"
        "else:\n    from jetson_containers import CUDA_SHORT_VERSION as VERSION\n"
        + NOTES.format("VERSION"),
        "arch l4t",
    ),
    "a star": (
        "from jetson_containers import *\n" + NOTES.format("CUDA_ARCHITECTURES"),
        "arch cuda gpu_architectures jetpack l4t python release system",
    ),
    "a helper": ("from packages.lib.version import TEXT\n" + NOTES.format("TEXT"), "l4t"),
    "another helper": ("from ..lib.other import TEXT\n" + NOTES.format("TEXT"), "l4t system"),
    "functions": (
        "from jetson_containers import check_arch, get_cuda_version\n"
        + NOTES.format("[check_arch('arm64'), get_cuda_version()]"),
        "arch cuda",
    ),
    "functions not called": ("from jetson_containers import get_l4t_version\n", ""),
    "a release for the context": (
        "from jetson_containers import nv_tegra_release\nnv_tegra_release(dst='release')\n",
        "arch l4t",
    ),
    "the target": (NOTES.format("target.gpu_architectures"), "gpu_architectures"),
    "the target's properties": (NOTES.format("target.platform"), "arch"),
    "the target's name": (NOTES.format("target.name"), "name"),
    "the target as text": ("package['notes'] = target\n", ALL),
    "the target as a key": (NOTES.format("{target: 1}[target]"), ALL),
    "the target copied": (
        "import copy\n" + NOTES.format("copy.deepcopy(target).base_image"),
        ALL,
    ),
    "the target replaced": (
        "import dataclasses\n" + NOTES.format("dataclasses.replace(target, name='x').cuda"),
        ALL.replace("name ", ""),
    ),
    "uname": ("import os\n" + NOTES.format("os.uname().machine"), "arch"),
    "the machine": ("import platform\n" + NOTES.format("platform.machine()"), "arch"),
    "the platform": ("import platform\n" + NOTES.format("platform.uname().machine"), "arch"),
    "a file that is there": (
        "import os\n" + NOTES.format("os.path.exists('/etc/nv_tegra_release')"),
        "arch l4t",
    ),
    "a file": (
        "try:\n    " + NOTES.format("open('/etc/nv_tegra_release').read()") + "except OSError:\n"
        "    package = None\n",
        "arch l4t",
    ),
    "a file by its path": (
        "from pathlib import Path\n"
        + NOTES.format("Path('/etc/../etc/nv_tegra_release').is_file()"),
        "arch l4t",
    ),
    "a file by its descriptor": (
        "import os\ntry:\n    "
        + NOTES.format("os.read(os.open(b'/etc/nv_tegra_release', 0), 40)")
        + "except OSError as error:\n    package['notes'] = type(error).__name__\n",
        "arch l4t",
    ),
    "an error": ("from jetson_containers import IS_TEGRA\nassert not IS_TEGRA\n", "system"),
    "an unknown key": ("package['dependz'] = 'x'\n", ""),
    "a command": ("import os\nos.system('nvidia-smi')\n", ""),
}
LIBRARY = {
    "lib/Dockerfile": "FROM x\n",
    "lib/version.py": "from jetson_containers import L4T_VERSION\nTEXT = str(L4T_VERSION)\n",
    "lib/other.py": "from jetson_containers import IS_TEGRA\nfrom .version import TEXT\n",
    "header/Dockerfile": "#---\n# dependz: x\n#---\nFROM x\n",
    "data/config.yaml": "depends: [lib]\nrequires: '>=36'\n",
}


def name_of(style: str) -> str:
    return style.replace(" ", "-").replace("'", "")


@pytest.fixture
def every_style(tree):
    code = {f"{name_of(style)}/config.py": code for style, (code, _) in STYLES.items()}
    return tree(LIBRARY | code)


@pytest.fixture
def evaluated(monkeypatch):
    """Every evaluation: the directory's name and the target."""
    noted = []
    real = loader.evaluate_all

    def note(directories, target, *rest):
        noted.extend((directory.path.name, target) for directory in directories)
        return real(directories, target, *rest)

    monkeypatch.setattr(loader, "evaluate_all", note)
    return noted


def test_each_way_to_read_the_target_is_noted(every_style, orin):
    directories, _ = scan([every_style])
    results = evaluate_all(directories, orin, Settings(roots=(every_style,)), 10.0)
    found = {
        directory.path.name: " ".join(result.reads)
        for directory, result in zip(directories, results, strict=True)
    }
    expected = {name_of(style): reads for style, (_, reads) in STYLES.items()}
    assert found == expected | dict.fromkeys(("lib", "header", "data"), "")


def test_a_file_that_a_machine_has_not_is_read_too(tree, targets):
    root = tree({"a/config.py": STYLES["a file"][0]})
    directories, _ = scan([root])
    [result] = evaluate_all(directories, targets["debian"], Settings(), 10.0)
    assert (result.packages, result.reads) == ((), ("l4t",))


def test_shared_results_are_those_of_an_evaluation(every_style, evaluated):
    # two of each system, so that there is something to share and something that differs
    names = ("orin-jp61", "orin-jp62", "sbsa-cu129", "sbsa-cu130", "x86-cu129", "x86-cu130")
    targets = [named_target(name) for name in names]
    alone = [Trees((every_style,)).catalogue(target) for target in targets]
    each = len(evaluated)
    assert each == len(targets) * (len(STYLES) + 3)
    forwards, backwards = Trees((every_style,)), Trees((every_style,))
    assert [forwards.catalogue(target) for target in targets] == alone
    assert [backwards.catalogue(target) for target in targets[::-1]] == alone[::-1]
    assert len(evaluated) - each < 2 * each * 2 / 3
    assert {item.target for part in alone for item in part.findings} == {
        target.name for target in targets
    }


def test_a_definition_is_evaluated_once_for_each_value_that_it_reads(tree, evaluated):
    root = tree(
        {
            "cuda/config.py": STYLES["a name"][0],
            "nothing/config.py": STYLES["nothing"][0],
            "each/config.py": STYLES["the target's name"][0],
            "header/Dockerfile": "FROM x\n",
        }
    )
    targets = named_targets()
    trees = Trees((root,))
    for target in targets:
        trees.catalogue(target)
    names = [name for name, _ in evaluated]
    assert names.count("cuda") == len({str(target.cuda) for target in targets}) < len(targets)
    assert names.count("nothing") == names.count("header") == 1
    assert names.count("each") == len(targets)


def test_equal_versions_that_are_written_differently_are_not_shared(tree, orin):
    trees = Trees((tree({"a/config.py": STYLES["a name"][0]}),))
    longer = replace(orin, cuda=Version("12.6.0"))
    notes = [trees.catalogue(target).default("a").notes for target in (orin, longer)]
    assert notes == ["12.6", "12.6.0"]


def test_a_result_that_may_not_last_is_not_shared(tree, orin, evaluated):
    trees = Trees((tree({"a/config.py": "while True: pass\n"}),), time_limit=0.2)
    for name in ("one", "two"):
        [finding] = trees.catalogue(replace(orin, name=name)).findings
        assert finding.target == name
    assert len(evaluated) == 2


def test_results_belong_to_their_settings(tree, orin):
    root = tree({"a/config.py": "import os\npackage['notes'] = os.environ.get('X', 'none')\n"})
    trees = Trees((root,), {"X": "1"})
    assert trees.catalogue(orin).default("a").notes == "1"
    assert replace(trees, settings={}).catalogue(orin).default("a").notes == "none"


def test_the_stand_in_is_the_target_in_all_else(orin):
    noted = NotedTarget.of(orin, {})
    assert isinstance(noted, Target)
    assert (repr(noted), hash(noted), noted.to_dict()) == (repr(orin), hash(orin), orin.to_dict())
    assert noted == orin
    assert orin == noted
    assert noted != replace(orin, name="other")
