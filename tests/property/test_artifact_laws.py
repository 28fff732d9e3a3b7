"""Laws of artifact keys: what a package compiles has a key that its place does not change."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from jetson_containers.package.catalogue import Catalogue
from jetson_containers.package.grammar import parse_requirement
from jetson_containers.package.model import Package
from jetson_containers.plan.model import BaseImage
from jetson_containers.plan.planner import make_plan
from jetson_containers.resolve.model import Resolution
from jetson_containers.resolve.resolver import resolve
from tests.property.test_canonical_order import shelves
from tests.unit.shelves import X86, package

BASE = BaseImage("debian:12", "sha256:" + "0" * 64, "local")
DOCKERFILE = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS compile
COPY source .
RUN make
FROM scratch AS wheels
COPY --from=compile /wheels /
FROM ${BASE_IMAGE}
ARG WORD MAX_JOBS
RUN --mount=type=bind,from=wheels,target=/wheels true
"""


@contextmanager
def written(lines: list[str]) -> Iterator[list[Package]]:
    """The packages of a catalogue as directories; each compiles and keeps what it compiled."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for line in lines:
            item = package(line, Path(folder))
            item.path.mkdir()
            (item.path / "Dockerfile").write_text(DOCKERFILE)
            (item.path / "source").write_text(line)
            found.append(item)
        yield found


def resolution(packages: list[Package], words: list[str]) -> Resolution:
    shelf = Catalogue(target=X86, packages=tuple(packages))
    return resolve(shelf, [parse_requirement(word) for word in words])


def keys(found: Resolution, base: BaseImage = BASE) -> dict[str, str]:
    """The artifact key of each package of a chain."""
    plan = make_plan([found], base)
    assert all(stage.artifact for stage in plan.stages)
    return {stage.package: str(stage.artifact) for stage in plan.stages}


def above(found: Resolution, name: str) -> set[str]:
    """A package and all that depends on it, however far."""
    result = {name}
    for item in found.packages:
        if any(need.name in result for need in item.depends):
            result.add(item.name)
    return result


@given(shelves(), st.data())
def test_neither_order_nor_packages_beside_count(lines, data):
    with written(lines) as packages:
        everything = resolution(packages, [item.name for item in packages])
        wanted = data.draw(st.sampled_from(packages)).name
        alone = keys(resolution(packages, [wanted]))
        waiting = list(data.draw(st.permutations(everything.chosen)))
        chosen: list = []
        while waiting:
            done = {item.package.name for item in chosen}
            ready = (i for i in waiting if all(n.name in done for n in i.package.depends))
            chosen.append(next(ready))
            waiting.remove(chosen[-1])
        beside = keys(replace(everything, chosen=tuple(chosen)))
    assert len(set(beside.values())) == len(packages), "two packages have one key"
    assert {name: beside[name] for name in alone} == alone


@given(shelves(), st.sampled_from(["dockerfile", "file", "argument", "base"]), st.data())
def test_a_change_changes_the_keys_of_what_depends_on_it_and_no_others(lines, change, data):
    with written(lines) as packages:
        names = [item.name for item in packages]
        index = data.draw(st.integers(0, len(packages) - 1))
        item, base, before = packages[index], BASE, keys(resolution(packages, names))
        if change == "dockerfile":
            (item.path / "Dockerfile").write_text(DOCKERFILE.replace("make", "make all"))
        elif change == "file":
            (item.path / "source").write_text("another")
        elif change == "argument":
            packages[index] = replace(item, build_args=(("WORD", "other"),))
        else:
            base = replace(BASE, digest="sha256:" + "1" * 64)
        found = resolution(packages, names)
        after = keys(found, base)
    changed = {name for name in names if before[name] != after[name]}
    assert changed == (set(names) if change == "base" else above(found, item.name))


@given(shelves(), st.integers(1, 64), st.data())
def test_how_many_jobs_compile_does_not_count(lines, jobs, data):
    with written(lines) as packages:
        names = [item.name for item in packages]
        before = keys(resolution(packages, names))
        index = data.draw(st.integers(0, len(packages) - 1))
        packages[index] = replace(packages[index], build_args=(("MAX_JOBS", str(jobs)),))
        assert keys(resolution(packages, names)) == before
