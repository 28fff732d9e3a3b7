"""One planted fault for each rule, where it is found, and what is no fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from jetson_containers.check.model import FOREIGN
from tests.unit.check.trees import GOOD, check, write

BASE = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n"
LAYERS = BASE + "RUN true\n" * 70
HEAD = "#---\n# name: {}\n# depends: [{}]\n#---\n"

#: rule, the tree, where the fault is found, a part of what is said
PLANTED = [
    (
        "missing-package",
        {
            "a/Dockerfile": HEAD.format("a", "b:2") + GOOD,
            "b/Dockerfile": HEAD.format("b:1", "") + GOOD,
        },
        "a/Dockerfile:3",
        "a requires b:2",
    ),
    (
        "version-conflict",
        {
            "a/Dockerfile": HEAD.format("a", "b, lib:1") + GOOD,
            "b/Dockerfile": HEAD.format("b", "lib:2") + GOOD,
            "lib/config.py": "package = [{'name': f'lib:{v}'} for v in (1, 2)]\n",
        },
        "a/Dockerfile:3",
        "a requires lib:1; b requires lib:2",
    ),
    (
        "dependency-cycle",
        {
            "a/Dockerfile": HEAD.format("a", "b") + GOOD,
            "b/Dockerfile": HEAD.format("b", "a") + GOOD,
        },
        "a/Dockerfile:3",
        "a -> b -> a",
    ),
    ("unknown-instruction", {"a/Dockerfile": BASE + "RNU true\n"}, "a/Dockerfile:3", "RNU"),
    ("not-on-base-image", {"a/Dockerfile": "FROM scratch\n"}, "a/Dockerfile:1", "BASE_IMAGE"),
    (
        "late-context",
        {"a/Dockerfile": BASE + "COPY --from=b /x /x\n", "b/Dockerfile": GOOD},
        "a/Dockerfile:3",
        "takes files from b",
    ),
    (
        "too-many-layers",
        {
            "a/Dockerfile": HEAD.format("a", "b") + LAYERS,
            "b/Dockerfile": LAYERS,
        },
        "a/Dockerfile:2",
        "140 layers",
    ),
    ("untaggable", {"Big/Dockerfile": GOOD}, "Big/Dockerfile", "Big"),
    (
        "untaggable",
        {"a/Dockerfile": HEAD.format("n" * 256, "") + GOOD},
        "a/Dockerfile:2",
        "its name has 256 characters",
    ),
    ("missing-source", {"a/Dockerfile": BASE + "COPY x /x\n"}, "a/Dockerfile:3", "takes x"),
    ("reserved-name", {"all/Dockerfile": GOOD}, "all/Dockerfile", "means every package"),
    (
        "missing-source",
        {
            "a/Dockerfile": BASE + "COPY kept data/x other/y /x/\n",
            "a/.dockerignore": "data\nother/*\n!other/y\n",
            "a/kept": "",
            "a/data/x": "",
            "a/other/y": "",
        },
        "a/Dockerfile:3",
        "takes data/x, which .dockerignore leaves out",
    ),
    (
        "missing-test",
        {"a/Dockerfile": "#---\n# test: gone.py 1\n#---\n" + GOOD},
        "a/Dockerfile",
        "gone.py",
    ),
    (
        "missing-docs",
        {"a/Dockerfile": "#---\n# docs: more.md\n#---\n" + GOOD},
        "a/Dockerfile",
        "more.md",
    ),
    (
        "undeclared-build-arg",
        {"a/Dockerfile": "#---\n# build_args: {X: 1}\n#---\n" + GOOD},
        "a/Dockerfile",
        "X is passed",
    ),
    ("unset-arg", {"a/Dockerfile": BASE + "ARG X\nRUN echo $X\n"}, "a/Dockerfile:3", "X is used"),
    ("secret-in-image", {"a/Dockerfile": BASE + "ARG HF_TOKEN\n"}, "a/Dockerfile:3", "HF_TOKEN"),
    (
        "unpinned-download",
        {"a/Dockerfile": BASE + "RUN true \\\n && pip install numpy\n"},
        "a/Dockerfile:4",
        "numpy",
    ),
]


@pytest.mark.parametrize(
    ("code", "files", "where", "words"), PLANTED, ids=[case[0] for case in PLANTED]
)
def test_a_planted_fault_is_found_at_its_place_and_nothing_else(
    tmp_path: Path, code: str, files: dict[str, str], where: str, words: str
) -> None:
    found = check(tmp_path, files).findings
    assert {item.code for item in found} == {code}
    assert where in {str(item.location).removeprefix(f"{tmp_path}/") for item in found}
    assert any(words in item.message for item in found)
    assert all(item.hint for item in found)
    assert {item.severity for item in found} == {FOREIGN[code]}


@pytest.mark.parametrize(("code", "files"), [case[:2] for case in PLANTED])
def test_at_home_every_fault_is_an_error(
    tmp_path: Path, code: str, files: dict[str, str]
) -> None:
    found = check(tmp_path, files, own=True).findings
    assert {(item.code, item.severity) for item in found} == {(code, "error")}


def test_every_rule_has_a_planted_fault():
    # one that is left has a test of its own, the other is for errors that nobody raises yet
    assert {case[0] for case in PLANTED} == set(FOREIGN) - {"unreadable-dockerfile", "unresolvable"}


def test_a_dockerfile_without_end_is_not_read(tmp_path: Path):
    with (write(tmp_path, {"a/Dockerfile": GOOD}) / "a/Dockerfile").open("r+b") as file:
        file.truncate(100_000_000)
    [finding] = check(tmp_path, {}).findings
    assert (finding.code, finding.severity) == ("unreadable-dockerfile", "error")
    assert "permissions" not in finding.hint


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_dockerfile_of_another_encoding_is_one_finding(tmp_path: Path, encoding: str):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/Dockerfile").write_text(HEAD.format("a", "") + GOOD, encoding=encoding)
    [finding] = check(tmp_path, {}).findings
    assert (finding.code, finding.message) == ("unreadable-header", "the file is not UTF-8")


def test_what_the_loader_does_not_read_is_read_all_the_same(tmp_path: Path):
    files = {"a/config.py": 'package = {"name": "a", "dockerfile": "wide"}\n'}
    (tmp_path / "a").mkdir()
    (tmp_path / "a/wide").write_text(GOOD, encoding="utf-16")
    [finding] = check(tmp_path, files).findings
    assert (finding.code, finding.hint) == (
        "unreadable-dockerfile",
        "save it with the encoding UTF-8",
    )


def test_a_dockerfile_that_is_not_there_is_the_loaders_finding(tmp_path: Path):
    files = {"a/config.yaml": "name: a\ndepends: []\ndockerfile: gone\n"}
    assert [item.code for item in check(tmp_path, files).findings] == ["missing-dockerfile"]


def test_what_many_packages_suffer_from_is_said_of_each_with_the_same_cause(tmp_path: Path):
    files = {
        "a/Dockerfile": HEAD.format("a", "gone") + GOOD,
        **{f"{name}/Dockerfile": HEAD.format(name, "a") + GOOD for name in "bcd"},
    }
    report = check(tmp_path, files)
    assert [item.package for item in report.findings] == ["a", "b", "c", "d"]
    assert {(item.message, str(item.location)) for item in report.findings} == {
        (
            "a requires gone, and no package for this target satisfies that",
            f"{tmp_path}/a/Dockerfile:3",
        )
    }
    assert (report.checked, report.resolved, report.ok) == (4, 0, 0)


def test_what_mends_one_package_is_not_told_of_another_with_the_same_cause(tmp_path: Path):
    files = {
        "app/Dockerfile": HEAD.format("app", "lib") + GOOD,
        "lib/Dockerfile": HEAD.format("lib", "gone, other") + GOOD,
        "other/Dockerfile": HEAD.format("other", "lost") + GOOD,
    }
    app, lib = (item for item in check(tmp_path, files).findings if "gone" in item.message)
    assert (app.package, lib.package) == ("app", "lib")
    assert app.message == lib.message
    assert "drop app's requirement of lib" in app.hint
    assert "app" not in lib.hint.replace(str(tmp_path), "")


def test_what_is_not_for_the_target_is_counted_once_and_without_what_is_here(tmp_path: Path):
    away = "'requires': '>=36', 'name'"
    text = f"package = [{{{away}: 'jet:1'}}, {{{away}: 'jet:1', 'alias': 'j'}}, "
    text += f"{{'name': 'app:1'}}, {{{away}: 'app:1'}}]\n"
    report = check(tmp_path, {"a/config.py": text, "a/Dockerfile": GOOD}, "nano-jp46")
    assert (report.checked, report.refused) == (1, 1)


def test_a_requirement_whose_line_is_not_known_is_shown_where_its_package_is(tmp_path: Path):
    text = "words = ['a', ':', '2']\npackage = {'name': 'a:1', 'depends': [''.join(words)]}\n"
    [finding] = check(tmp_path, {"a/config.py": text}).findings
    assert finding.code in ("version-conflict", "missing-package")
    assert str(finding.location) == f"{tmp_path}/a/config.py:2"


@pytest.mark.parametrize(
    "text",
    [
        "ARG X=1\nRUN echo $X\n",
        "ARG X\nRUN echo ${X:-none}\n",
        'ARG X\nRUN if [ "$X" = on ]; then echo $X; fi\n',
        'ARG X\nRUN test -z "$X" || echo $X\n',
        "ARG X\nRUN true\n",
        "ARG TARGETARCH\nRUN echo $TARGETARCH\n",
        "ARG MAX_JOBS\nRUN make -j$MAX_JOBS\n",
    ],
)
def test_an_argument_that_may_be_empty_is_no_fault(tmp_path: Path, text: str) -> None:
    assert check(tmp_path, {"a/Dockerfile": BASE + text}).findings == ()


def test_a_variable_that_a_package_below_sets_is_a_value(tmp_path: Path):
    files = {
        "a/Dockerfile": HEAD.format("a", "b") + BASE + "ARG X\nRUN echo $X\n",
        "b/Dockerfile": BASE + "ENV X=1\n",
    }
    assert check(tmp_path, files).findings == ()


def test_an_argument_that_only_a_copied_script_uses_is_used(tmp_path: Path):
    files = {
        "a/Dockerfile": BASE + "ARG X\nCOPY build.sh /\nRUN /build.sh\n",
        "a/build.sh": "echo ${X}\n",
    }
    assert [item.code for item in check(tmp_path, files).findings] == ["unset-arg"]


def test_a_file_that_a_config_generates_is_there(tmp_path: Path):
    files = {
        "a/Dockerfile": BASE + "COPY release /etc/\n",
        "a/config.py": "from jetson_containers import nv_tegra_release\n"
        "nv_tegra_release(dst='release')\n",
    }
    assert check(tmp_path, files, "orin-jp62").findings == ()


def test_scripts_of_a_package_that_gives_its_files_away_are_read(tmp_path: Path):
    files = {
        "tools/config.yaml": "depends: []\n",
        "tools/install": "#!/bin/sh\npip install numpy\n",
    }
    [finding] = check(tmp_path, files).findings
    assert (finding.code, finding.location.line) == ("unpinned-download", 2)


def test_a_question_to_the_network_is_an_error_at_home_and_a_note_elsewhere(tmp_path: Path):
    files = {
        "a/Dockerfile": BASE + "ARG V\nRUN echo $V\n",
        "a/config.py": "from jetson_containers import github_latest_tag\n"
        "package['build_args'] = {'V': github_latest_tag('x/y')}\n",
    }
    assert [item.severity for item in check(tmp_path, files, own=True).findings] == ["error"]
    report = check(tmp_path, files, notes=False)
    assert (report.findings, report.notes, report.ok) == ((), (("unpinned", 1),), 1)


def test_patterns_choose_packages_and_the_definitions_that_could_not_be_loaded(tmp_path: Path):
    files = {
        "a/Dockerfile": HEAD.format("a", "gone") + GOOD,
        "b/Dockerfile": HEAD.format("b", "gone") + GOOD,
        "c/Dockerfile": "#---\n# name: [c\n#---\n" + GOOD,
    }
    report = check(tmp_path, files, patterns=("a", "c"))
    assert [item.code for item in report.findings] == ["missing-package", "unreadable-header"]
    assert report.checked == 2
