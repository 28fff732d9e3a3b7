"""What a ``config.py`` may import from ``jetson_containers``, and what it gets."""

from __future__ import annotations

import subprocess
import sys

import pytest

import jetson_containers
from jetson_containers import CONFIG_NAMES, pypi_utils
from jetson_containers.errors import DefinitionError
from jetson_containers.package.loader import load_catalogue
from jetson_containers.package.names import (
    UNPINNED,
    package_depends,
    package_requires,
    update_dependencies,
)


@pytest.fixture
def seen(tree):
    """The build arguments of a definition with this code, on a target."""

    def evaluate(code, target, **options):
        root = tree({"a/config.py": code})
        catalogue = load_catalogue(target, [root], **options)
        errors = [item for item in catalogue.findings if item.severity == "error"]
        assert errors == []
        return dict(catalogue.packages[0].build_args), catalogue

    return evaluate


def test_facts_of_every_target(seen, targets):
    names = [
        "L4T_VERSION",
        "JETPACK_VERSION",
        "CUDA_SHORT_VERSION",
        "CUDA_ARCHITECTURES",
        "CUDA_ARCH",
        "DOCKER_ARCH",
        "LSB_RELEASE",
        "LSB_CODENAME",
        "SYSTEM_ARCH",
        "IS_TEGRA",
        "IS_SBSA",
        "SYSTEM_ARM",
        "PYTHON_VERSION",
    ]
    pairs = ", ".join(f"{name}={name}" for name in names)
    code = f"from jetson_containers import *\npackage['build_args'] = dict({pairs})\n"
    orin, _ = seen(code, targets["orin"])
    assert list(orin.values()) == [
        "36.4.3",
        "6.2",
        "cu126",
        "[87]",
        "tegra-aarch64",
        "arm64",
        "22.04",
        "jammy",
        "aarch64",
        "True",
        "False",
        "True",
        "3.10",
    ]
    debian, _ = seen(code, targets["debian"])
    assert debian["L4T_VERSION"].startswith("39.")
    assert (debian["LSB_CODENAME"], debian["CUDA_ARCH"]) == ("bookworm", "x86_64")


def test_every_name_can_be_imported(seen, orin):
    code = f"from jetson_containers import {', '.join(CONFIG_NAMES)}\n"
    code += f"assert None not in [{', '.join(CONFIG_NAMES)}]\n"
    seen(code, orin)


def test_functions(seen, orin):
    arguments, _ = seen(
        "from jetson_containers import *\n"
        "from jetson_containers.l4t_version import CUDA_VERSION, IS_SBSA\n"
        "from jetson_containers.logging import log_info\n"
        "import jetson_containers.packages as packages_module\n"
        "log_info('text'); log_status('text', done=True)\n"
        "package['build_args'] = dict(A=get_cuda_version(), \n"
        "  B=get_l4t_version(l4t_version='35.1'),\n"
        "  C=cuda_short_version('13.10'), D=check_arch('arm64'), E=check_arch('x86_64'),\n"
        "  F=nv_tegra_release()[:30], G=CUDA_VERSION, H=find_package('x', required=False),\n"
        "  I=packages_module.update_dependencies(['a'], 'a:1'))\n",
        orin,
    )
    assert list(arguments.values()) == [
        "12.6",
        "35.1",
        "cu1310",
        "True",
        "False",
        "# R36 (release), REVISION: 4.3",
        "12.6",
        "None",
        "['a:1']",
    ]


def test_a_list_cannot_be_changed_for_others(orin, tree):
    append = "from jetson_containers import CUDA_ARCHITECTURES\nCUDA_ARCHITECTURES.append(1)\n"
    show = (
        "from jetson_containers import CUDA_ARCHITECTURES\nfrom .one import ITEMS\n"
        "ITEMS.append(2)\npackage['notes'] = f'{CUDA_ARCHITECTURES}{ITEMS}'\n"
    )
    root = tree({"a/config.py": append, "b/config.py": show, "b/one.py": "ITEMS = []\n"})
    (root / "c").symlink_to(root / "b")
    catalogue = load_catalogue(orin, [root])
    assert catalogue.default("b").notes == catalogue.default("c").notes == "[87][2]"


ASKING = (
    "from jetson_containers import github_latest_tag, handle_json_request\n"
    "from jetson_containers.pypi_utils import get_latest_version\n"
    "package['name'] = 'a:' + github_latest_tag('o/r').lstrip('v')\n"
    "package['build_args'] = dict(P=get_latest_version('p'), J=handle_json_request('u')['k'])\n"
)


def test_a_question_to_the_network_is_a_note_and_a_stable_answer(seen, orin):
    arguments, catalogue = seen(ASKING, orin)
    assert arguments == {"P": UNPINNED, "J": UNPINNED}
    [package] = catalogue.packages
    assert package.reference == f"a:{UNPINNED}"
    assert package.unpinned == (
        "github_latest_tag o/r",
        "get_latest_version p",
        "handle_json_request u",
    )
    assert [(item.code, item.severity) for item in catalogue.findings] == [("unpinned", "info")] * 3


def test_an_unread_document_answers_whatever_is_asked_of_it(seen, orin):
    arguments, _ = seen(
        "from jetson_containers import handle_json_request\n"
        "data = handle_json_request('u')\n"
        "package['build_args'] = {\n"
        "    'A': data['info']['version'],\n"
        "    'B': sorted(data['releases'].keys())[-1],\n"
        "    'C': data.get('tag').get('name'),\n"
        "    'D': data[0]['name'],\n"
        "    'E': ''.join(data),\n"
        "    'F': [value['url'] for key, value in data['files'].items()][0],\n"
        "}\n",
        orin,
    )
    assert arguments == dict.fromkeys("ABCDEF", UNPINNED)


def test_a_lock_answers(seen, orin):
    answers = {
        "github_latest_tag o/r": "v1.2",
        "get_latest_version p": "3",
        "handle_json_request u": '{"k": "v"}',
    }
    arguments, catalogue = seen(ASKING, orin, answers=answers)
    assert arguments == {"P": "3", "J": "v"}
    assert catalogue.packages[0].reference == "a:1.2"
    assert catalogue.findings == ()


def test_a_connection_is_refused_and_noted(seen, orin):
    arguments, catalogue = seen(
        "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 80), 5)\n"
        "except OSError as error:\n    package['build_args'] = {'E': 'offline'}\n",
        orin,
    )
    assert arguments == {"E": "offline"}
    assert catalogue.packages[0].unpinned == ("a connection",)


def test_a_file_for_the_context_is_a_value(orin, tree):
    root = tree(
        {
            "a/config.py": "import os\nfrom jetson_containers import nv_tegra_release\n"
            "nv_tegra_release(dst=os.path.join(os.path.dirname(__file__), 'nv_tegra_release'))\n"
        }
    )
    [(name, text)] = load_catalogue(orin, [root]).default("a").generated
    assert name == "nv_tegra_release"
    assert text.startswith("# R36 (release), REVISION: 4.3,")
    assert not (root / "a" / name).exists()


def test_outside_of_an_evaluation_the_names_have_no_value():
    with pytest.raises(DefinitionError, match=r"only while a config\.py is evaluated"):
        jetson_containers.__getattr__("L4T_VERSION")
    with pytest.raises(DefinitionError):
        pypi_utils.get_latest_version("numpy")
    with pytest.raises(AttributeError):
        jetson_containers.__getattr__("no_such_name")


def test_importing_the_package_imports_nothing_else():
    code = "import jetson_containers, sys; print([n for n in sys.modules if 'jetson' in n])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = [name for name in eval(done.stdout) if not name.startswith("__editable__")]
    assert names == ["jetson_containers"]


def test_update_dependencies():
    old = ["pytorch", "transformers"]
    assert update_dependencies(old, ["pytorch:2.0"]) == ["pytorch:2.0", "transformers"]
    assert update_dependencies(old, "numpy") == ["pytorch", "transformers", "numpy"]
    assert update_dependencies(old, None) == old == ["pytorch", "transformers"]


def test_package_depends_and_requires():
    package = {"depends": "a", "requires": ">=36"}
    package_depends(package, "a:1", ["b", "c"])
    assert package["depends"] == ["a:1", "b", "c"]
    package_requires(package, system_arch="aarch64")
    assert package["requires"] == [">=36", "aarch64"]
    package_requires([package], system_arch="x86_64")
    package_requires(package, ">=36")
    assert package["requires"] == [">=36", "aarch64"]


def test_a_definition_reads_the_release_of_the_target_not_of_this_machine(targets, tree):
    code = (
        "import os, shutil\nname = '/etc/nv_tegra_release'\n"
        "if os.path.isfile(name):\n    shutil.copyfile(name, package['path'] + '/release')\n"
    )
    root = tree({"a/config.py": code})
    [(name, text)] = load_catalogue(targets["orin"], [root]).default("a").generated
    assert (name, text[:30]) == ("release", "# R36 (release), REVISION: 4.3")
    assert load_catalogue(targets["debian"], [root]).default("a").generated == ()
    assert [path.name for path in (root / "a").iterdir()] == ["config.py"]
