"""The READMEs of the project's own packages are current, and no build can see them."""

from __future__ import annotations

import pytest

from jetson_containers.cli import docs
from jetson_containers.plan.dockerfile import read_dockerfile
from jetson_containers.plan.fingerprint import context_files
from tests.own_tree import catalogue


def test_every_readme_says_what_the_definitions_say():
    assert docs.main(["--check"]) == 0, "run: ./jetson-containers docs"


@pytest.mark.parametrize("target", ["orin-jp62", "x86-cu130"])
def test_no_readme_is_an_input_of_a_stage(target):
    """Else a changed word in a note would rebuild everything above that package."""
    visible = []
    for package in catalogue(target).packages:
        sources = None
        if package.dockerfile:
            sources = read_dockerfile((package.path / package.dockerfile).read_bytes()).sources
        ignore = package.path / ".dockerignore"
        files = context_files(
            package.path, sources, ignore.read_bytes() if ignore.is_file() else None
        )
        if any(path == "README.md" for path, _, _ in files):
            visible.append(package.relative_path)
    assert sorted(set(visible)) == [], "name what the build needs in a .dockerignore there"
