"""Definitions of today against the lock, and resolutions held to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jetson_containers.image.bootstrap import bootstrap_reference
from jetson_containers.lock.drift import Drift, base_drift, drifts
from jetson_containers.lock.held import hold_base, hold_files, hold_versions
from jetson_containers.lock.model import LockedBase, LockedImage
from jetson_containers.plan.model import BaseImage
from jetson_containers.plan.planner import make_plan
from jetson_containers.resolve.model import Resolution
from tests.unit.lock.worlds import X86, FakeWorld, catalogue, chain, locked, wheel_header, write

WORLD = FakeWorld(
    refs={("https://h/a", "v1"): "c" * 40},
    sums={"https://h/a.tgz": "d" * 64},
    wheels={"numpy==2": ["common"], "common==5": []},
)
VERSIONS = "package = [{**package, 'name': f'tool:{v}', 'alias': ['tool'] if v == DEFAULT else []} "


def tool(root: Path, *versions: str) -> None:
    """``tool`` in these versions; the first is the default."""
    config = f"DEFAULT = {versions[0]!r}\n{VERSIONS}for v in {versions!r}]\n"
    write(root, "tool", "config: config.py", config=config)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tool(tmp_path, "1", "2")
    write(tmp_path, "numpy", wheel_header("numpy==2", depends="tool"))
    sources = "sources: [{git: 'https://h/a', ref: v1}, {url: 'https://h/a.tgz'}]"
    write(tmp_path, "app", f"depends: [numpy, tool]\n{sources}")
    return tmp_path


@pytest.fixture
def image(tree: Path) -> LockedImage:
    return locked(tree, WORLD, "app")


def held(tree: Path, image: LockedImage) -> Resolution:
    return hold_versions(catalogue(tree), image, chain(tree, "app"))


def found(tree: Path, image: LockedImage, **settings: str) -> tuple[Drift, ...]:
    return drifts(image, chain(tree, "app"), held(tree, image), settings, "jetson.lock")


def references(resolution: Resolution) -> list[str]:
    return [package.reference for package in resolution.packages]


def test_nothing_changed_is_no_drift(tree, image):
    assert found(tree, image) == ()
    assert held(tree, image) == chain(tree, "app")


def test_a_moved_default_is_no_drift_and_the_locked_version_stays(tree, image):
    tool(tree, "2", "1")
    assert "tool:2" in references(chain(tree, "app"))
    assert "tool:1" in references(held(tree, image))
    assert found(tree, image) == ()


def test_reasons_of_a_held_version_are_the_definitions_own(tree, image):
    tool(tree, "2", "1")
    reasons = {str(item).partition(" (")[0] for item in held(tree, image).chosen[0].because}
    assert reasons == {"app requires tool", "numpy requires tool"}


def app(tree: Path, header: str) -> None:
    write(tree, "app", header)


SOURCES = "sources: [{git: 'https://h/a', ref: v1}, {url: 'https://h/a.tgz'}]"

CASES: dict[str, tuple[Callable[[Path], object], str, str, str]] = {
    "a definition asks for another version": (
        lambda tree: app(tree, f"depends: [numpy, 'tool:2']\n{SOURCES}"),
        "version",
        "app requires tool:2, locked is tool:1",
        "app/Dockerfile:3",
    ),
    "the locked version is gone": (
        lambda tree: tool(tree, "2"),
        "version",
        "tool:1 is locked and no longer defined; tool:2 is",
        "tool/config.py:1",
    ),
    "a package is new in the chain": (
        lambda tree: (write(tree, "new"), app(tree, f"depends: [numpy, tool, new]\n{SOURCES}")),
        "package",
        "new is new in the chain: app requires new",
        "app/Dockerfile:3",
    ),
    "a package is not needed any more": (
        lambda tree: app(tree, f"depends: [tool]\n{SOURCES}"),
        "package",
        "numpy is locked and no longer needed",
        "jetson.lock",
    ),
    "a dependency against the locked order": (
        lambda tree: (
            write(tree, "numpy", wheel_header("numpy==2")),
            write(
                tree,
                "tool",
                "config: config.py\ndepends: [numpy]",
                config=f"DEFAULT = '1'\n{VERSIONS}for v in ('1', '2')]\n",
            ),
        ),
        "order",
        "tool:1 requires numpy, locked is the other order",
        "tool/Dockerfile:4",
    ),
    "another pin": (
        lambda tree: write(tree, "numpy", wheel_header("numpy==3", depends="tool")),
        "wheels",
        "numpy installs numpy==3, locked is numpy==2",
        "numpy/Dockerfile:2",
    ),
    "another ref": (
        lambda tree: app(tree, f"depends: [numpy, tool]\n{SOURCES.replace('v1', 'v2')}"),
        "git",
        "app takes https://h/a@v2, which is not locked",
        "app/Dockerfile:2",
    ),
    "another address": (
        lambda tree: app(tree, f"depends: [numpy, tool]\n{SOURCES.replace('a.tgz', 'b.tgz')}"),
        "url",
        "app fetches https://h/b.tgz, which is not locked",
        "app/Dockerfile:2",
    ),
    "another stated checksum": (
        lambda tree: app(
            tree, f"depends: [numpy, tool]\n{SOURCES[:-2]}, sha256: {'f' * 64}}}]"
        ),
        "url",
        f"app states sha256 {'f' * 64} of https://h/a.tgz, locked is {'d' * 64}",
        "app/Dockerfile:2",
    ),
    "another build argument": (
        lambda tree: app(tree, f"depends: [numpy, tool]\nbuild_args: {{A: '2'}}\n{SOURCES}"),
        "argument",
        "app builds with A=2, locked is none",
        "app/Dockerfile:2",
    ),
    "a step that takes something new": (
        lambda tree: write(
            tree, "app", f"depends: [numpy, tool]\n{SOURCES}", "RUN curl https://h/x | sh\n"
        ),
        "step",
        "app takes what nothing pins, new since the lock: curl https://h/x",
        "app/Dockerfile:2",
    ),
    "a question without an answer": (
        lambda tree: write(
            tree,
            "app",
            f"depends: [numpy, tool]\nconfig: config.py\n{SOURCES}",
            config="from jetson_containers import github_latest_tag\ngithub_latest_tag('a/b')\n",
        ),
        "question",
        "app asks the network (github_latest_tag a/b), without an answer",
        "app/Dockerfile:2",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_drift_is_named_with_its_place_and_remedy(tree, image, case):
    change, code, message, place = CASES[case]
    change(tree)
    by_message = {drift.message: drift for drift in found(tree, image)}
    assert message in by_message
    drift = by_message[message]
    assert drift.code == code
    assert str(drift.location).removeprefix(f"{tree}/") == place
    assert "jetson-containers lock app --target x86-cu130" in drift.hint


def test_all_drifts_are_told_in_one_go(tree, image):
    tool(tree, "2")
    write(tree, "numpy", wheel_header("numpy==3", depends="tool"))
    app(tree, f"depends: [numpy, tool]\n{SOURCES.replace('v1', 'v2')}")
    assert sorted(drift.code for drift in found(tree, image, PYTORCH_VERSION="2.8")) == [
        "git",
        "git",
        "setting",
        "version",
        "wheels",
    ]


def test_another_platform_or_python_is_a_drift(tree, image):
    old = replace(image, python="3.10", platform="x86_64-manylinux_2_35")
    assert [drift.subject for drift in found(tree, old)] == ["platform", "Python"]


def test_the_locked_order_is_kept(tree, image):
    write(tree, "free", "")
    write(tree, "able", "")
    app(tree, "depends: [free, able]")
    now = locked(tree, FakeWorld(), "app")
    turned = replace(now, packages=(now.packages[1], now.packages[0], now.packages[2]))
    assert references(held(tree, turned)) == [item.reference for item in turned.packages]
    assert found(tree, turned) == ()


def test_locked_files_stand_before_the_words_of_the_installer(tree, image):
    packages = hold_files(held(tree, image), image).packages
    words = dict(packages[1].build_args)["WHEELS"].split()
    files = [f"common==5@{WORLD.file('common==5')[1]}", f"numpy==2@{WORLD.file('numpy==2')[1]}"]
    assert words == ["--locked", *files, "--", "numpy==2"]
    assert [package for package in packages if package.name != "numpy"] == [
        package for package in chain(tree, "app").packages if package.name != "numpy"
    ]


def test_a_locked_stage_is_another_one_and_changes_with_its_files(tree, image):
    base = BaseImage("ubuntu:24.04")

    def stages(resolution: Resolution) -> list[str]:
        return [stage.fingerprint for stage in make_plan([resolution], base).stages]

    other = locked(tree, replace(WORLD, digests={"common-5-py3-none-any.whl": "9" * 64}), "app")
    free = stages(chain(tree, "app"))
    now, then = (stages(hold_files(held(tree, item), item)) for item in (image, other))
    assert free[0] == now[0] == then[0]
    assert len({free[1], now[1], then[1]}) == 3


def test_a_package_whose_files_are_not_known_installs_as_ever(tree, image):
    bare = replace(image, packages=tuple(replace(item, files={}) for item in image.packages))
    assert hold_files(held(tree, bare), bare) == held(tree, bare)


ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
LOCKED = LockedBase("ubuntu:24.04", ONE, TWO)


@pytest.mark.parametrize(
    ("base", "asked", "locked_base", "message"),
    [
        (BaseImage("ubuntu:24.04"), "", LOCKED, None),
        (BaseImage("ubuntu:24.04", ONE), "", LOCKED, None),
        (BaseImage("ubuntu:24.04", "sha256:" + "3" * 64, manifests=(TWO,)), "", LOCKED, None),
        (BaseImage("ubuntu:24.04", "sha256:" + "3" * 64), "", LOCKED, f"is sha256:{'3' * 64}"),
        (BaseImage("ubuntu:24.04", ONE), "", LockedBase("ubuntu:24.04"), None),
        (BaseImage("debian:12"), "debian:12", LOCKED, "starts on debian:12"),
        (BaseImage("ubuntu:26.04"), "", LOCKED, "starts on ubuntu:26.04"),
        (BaseImage("ubuntu:24.04"), "", LockedBase(bootstrap_reference(X86), ONE), None),
        (BaseImage("ubuntu:24.04", ONE), "", LockedBase(bootstrap_reference(X86), ONE), "starts"),
    ],
)
def test_a_chain_starts_on_the_locked_base(image, base, asked, locked_base, message):
    drift = base_drift(replace(image, base=locked_base), base, X86, asked, "jetson.lock")
    assert len(drift) == (message is not None)
    assert all(item.code == "base" and (message or "") in item.message for item in drift)


def test_a_plan_without_an_engine_takes_the_locked_digest(image):
    locked_image = replace(image, base=LOCKED)
    assert hold_base(locked_image, BaseImage("ubuntu:24.04")).digest == ONE
    seen = BaseImage("ubuntu:24.04", TWO, "local")
    assert hold_base(locked_image, seen) == seen
